import { type Check, type Claims, isOnly, isPast, isText, isTime, mediaType } from './check.ts'
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './public-jwks.ts'

/** Longest life of a client assertion, clock leeway, and life of an access token, in seconds. */
export const ASSERTION_SECONDS = 120
export const LEEWAY_SECONDS = 10
export const TOKEN_SECONDS = 600

const ASSERTION_TYPES = [undefined, 'jwt', 'client-authentication+jwt']

/**
 * What the header of a client assertion is held against (RFC 7515, RFC 8725). Parameters that bring or
 * point to a key (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
 */
export function assertionHeaderChecks(header: Claims): Check[] {
  const { alg, typ, kid } = header
  return [
    {
      holds: isSigningAlgorithm(alg),
      rule: 'RFC 8725 3.1: alg',
      expected: `one of ${SIGNING_ALGORITHMS.join(', ')}`,
      found: alg,
      remedy: `Sign with one of ${SIGNING_ALGORITHMS.join(', ')}; unsigned and shared-secret tokens are refused.`,
    },
    {
      holds: isText(kid, 128),
      rule: 'RFC 7515 4.1.4: kid',
      expected: 'the kid of a registered key',
      found: kid,
      remedy: 'Put the kid of your registered key in the header.',
    },
    {
      holds: ASSERTION_TYPES.includes(
        typeof typ === 'string' ? mediaType(typ) : (typ as undefined),
      ),
      rule: 'RFC 8725 3.11: typ',
      expected: 'nothing, JWT or client-authentication+jwt',
      found: typ,
      remedy: 'Leave typ out, or set it to JWT or client-authentication+jwt.',
    },
    critCheck(header),
  ]
}

/** What the claims of a client assertion are held against (RFC 7523 section 3). */
export function assertionClaimChecks(
  claims: Claims,
  expected: { client: string; tokenUrl: string; now: Date },
): Check[] {
  const { iss, sub, aud, jti } = claims
  return [
    {
      holds: iss === expected.client && sub === expected.client,
      rule: 'RFC 7523 3 (1), (2): iss, sub',
      expected: 'both the party id',
      found: { iss, sub },
      remedy: 'Set both iss and sub to your party id, the same as client_id.',
    },
    {
      holds: isOnly(aud, expected.tokenUrl),
      rule: 'RFC 7523 3 (3): aud',
      expected: expected.tokenUrl,
      found: aud,
      remedy: `Set aud to the token URL and nothing else: ${expected.tokenUrl}`,
    },
    {
      holds: isText(jti),
      rule: 'RFC 7523 3 (7): jti',
      expected: 'a text of 1 to 256 characters, used once',
      found: jti,
      remedy: 'Set jti to a new random text of 1 to 256 characters for every assertion.',
    },
    ...lifeChecks(claims, expected.now),
  ]
}

/** What an access token of this gateway is held against (RFC 9068 section 4). */
export function tokenChecks(
  header: Claims,
  claims: Claims,
  expected: { publicUrl: string; now: Date },
): Check[] {
  const now = expected.now.getTime() / 1000
  const { exp, iat, aud, iss, sub, scope } = claims
  const { publicUrl } = expected
  const remedy = 'Fetch a new token; do not change or build tokens yourself.'
  return [
    {
      holds: isOnly(aud, publicUrl),
      rule: 'RFC 9068 4: aud',
      expected: publicUrl,
      found: aud,
      remedy: `Use a token whose aud is ${publicUrl}`,
      code: 'HB-104',
    },
    {
      holds: header['alg'] === 'EdDSA' && mediaType(header['typ']) === 'at+jwt',
      rule: 'RFC 9068 4: alg, typ',
      expected: 'EdDSA and at+jwt',
      found: { alg: header['alg'], typ: header['typ'] },
      remedy,
    },
    issuerCheck(iss, publicUrl),
    {
      holds: typeof sub === 'string' && claims['client_id'] === sub,
      rule: 'RFC 9068 2.2: sub',
      expected: 'the party id, the same as client_id',
      found: { sub, client_id: claims['client_id'] },
      remedy,
    },
    {
      holds: typeof scope === 'string',
      rule: 'RFC 9068 2.2.3: scope',
      expected: 'a text',
      found: scope,
      remedy,
    },
    {
      holds: isTime(iat) && iat <= now + LEEWAY_SECONDS,
      rule: 'RFC 9068 2.2: iat',
      expected: 'not in the future',
      found: iat,
      remedy,
    },
    {
      holds: isTime(exp),
      rule: 'RFC 9068 2.2: exp',
      expected: 'a number of seconds',
      found: exp,
      remedy,
    },
    {
      holds: !isTime(exp) || exp > now - LEEWAY_SECONDS,
      rule: 'RFC 9068 4: exp',
      expected: 'not in the past',
      found: exp,
      remedy: 'Fetch a new token; expires_in says how long one lasts.',
      code: 'HB-103',
    },
  ]
}

export function isSigningAlgorithm(alg: unknown): alg is SigningAlgorithm {
  return (SIGNING_ALGORITHMS as readonly unknown[]).includes(alg)
}

/** No extension of JWS is understood, so none may be critical. */
export function critCheck(header: Claims): Check {
  const { crit, b64 } = header
  return {
    holds: crit === undefined && b64 === undefined,
    rule: 'RFC 7515 4.1.11: crit',
    expected: 'neither crit nor b64',
    found: { crit, b64 },
    remedy: 'Leave out crit and b64.',
  }
}

// A token of somebody else is named as such: who it is from is no secret to who has it.
function issuerCheck(iss: unknown, publicUrl: string): Check {
  const foreign = typeof iss === 'string' && iss !== publicUrl
  return {
    holds: iss === publicUrl,
    rule: 'RFC 9068 4: iss',
    expected: `${publicUrl}, or a trusted issuer`,
    found: iss,
    remedy: foreign
      ? `Use a token of ${publicUrl}/oauth/token or of an issuer that the operator of the gateway trusts.`
      : 'Fetch a new token; do not change or build tokens yourself.',
    ...(foreign && { code: 'HB-124' }),
  }
}

function lifeChecks(claims: Claims, at: Date): Check[] {
  const now = at.getTime() / 1000
  const { exp, iat, nbf } = claims
  const timed = isTime(exp) && isTime(iat)
  return [
    {
      holds: timed,
      rule: 'RFC 7523 3 (4), (6): exp, iat',
      expected: 'two numbers of seconds',
      found: { exp, iat },
      remedy: 'Set iat and exp, both as numbers of seconds.',
    },
    {
      holds: !timed || (exp > iat && exp - iat <= ASSERTION_SECONDS),
      rule: 'Huisbrug: exp - iat',
      expected: `more than 0, at most ${ASSERTION_SECONDS} s`,
      found: timed ? exp - iat : undefined,
      remedy: `Let an assertion live for at most ${ASSERTION_SECONDS} seconds after iat.`,
    },
    {
      holds: !timed || exp > now - LEEWAY_SECONDS,
      rule: 'RFC 7523 3 (4): exp',
      expected: `after ${Math.floor(now - LEEWAY_SECONDS)}`,
      found: exp,
      remedy: 'Make a new assertion, and check the clock: this one has expired.',
    },
    {
      holds: (!isTime(iat) || iat <= now + LEEWAY_SECONDS) && isPast(nbf, now + LEEWAY_SECONDS),
      rule: 'RFC 7523 3 (5), (6): nbf, iat',
      expected: `at most ${Math.floor(now + LEEWAY_SECONDS)}`,
      found: { nbf, iat },
      remedy: 'Check the clock: this assertion is from the future.',
    },
  ]
}
