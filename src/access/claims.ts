import { type ErrorCode, type Reason, reason } from '../errors.ts'
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './public-jwks.ts'

/** Longest life of a client assertion, clock leeway, and life of an access token, in seconds. */
export const ASSERTION_SECONDS = 120
export const LEEWAY_SECONDS = 10
export const TOKEN_SECONDS = 600

/** A decoded JSON object of a token: attacker-controlled. */
export type Claims = Readonly<Record<string, unknown>>

const ASSERTION_TYPES = [undefined, 'jwt', 'client-authentication+jwt']

interface Check {
  holds: boolean
  /** Claim or header parameter, with the section that asks for it. */
  rule: string
  remedy: string
  code?: ErrorCode
}

/**
 * What is wrong with the header of a client assertion (RFC 7515, RFC 8725); empty if nothing.
 * Parameters that bring or point to a key (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
 */
export function assertionHeaderFaults(header: Claims): Reason[] {
  const { alg, typ, kid } = header
  return collect('HB-108', '/client_assertion', [
    {
      holds: isSigningAlgorithm(alg),
      rule: 'RFC 8725 3.1: alg',
      remedy: `Sign with one of ${SIGNING_ALGORITHMS.join(', ')}; unsigned and shared-secret tokens are refused.`,
    },
    {
      holds: typeof kid === 'string' && kid.length > 0 && kid.length <= 128,
      rule: 'RFC 7515 4.1.4: kid',
      remedy: 'Put the kid of your registered key in the header.',
    },
    {
      holds: ASSERTION_TYPES.includes(
        typeof typ === 'string' ? mediaType(typ) : (typ as undefined),
      ),
      rule: 'RFC 8725 3.11: typ',
      remedy: 'Leave typ out, or set it to JWT or client-authentication+jwt.',
    },
    {
      holds: header['crit'] === undefined && header['b64'] === undefined,
      rule: 'RFC 7515 4.1.11: crit',
      remedy: 'Leave out crit and b64.',
    },
  ])
}

/** What is wrong with the claims of a client assertion (RFC 7523 section 3); empty if nothing. */
export function assertionClaimFaults(
  claims: Claims,
  expected: { client: string; tokenUrl: string; now: Date },
): Reason[] {
  const { iss, sub, aud, jti } = claims
  return collect('HB-108', '/client_assertion', [
    {
      holds: iss === expected.client && sub === expected.client,
      rule: 'RFC 7523 3 (1), (2): iss, sub',
      remedy: 'Set both iss and sub to your party id, the same as client_id.',
    },
    {
      holds: isOnly(aud, expected.tokenUrl),
      rule: 'RFC 7523 3 (3): aud',
      remedy: `Set aud to the token URL and nothing else: ${expected.tokenUrl}`,
    },
    {
      holds: typeof jti === 'string' && jti.length > 0 && jti.length <= 256,
      rule: 'RFC 7523 3 (7): jti',
      remedy: 'Set jti to a new random text of 1 to 256 characters for every assertion.',
    },
    ...lifeChecks(claims, expected.now),
  ])
}

/** What is wrong with an access token of this gateway (RFC 9068 section 4); empty if nothing. */
export function tokenFaults(
  header: Claims,
  claims: Claims,
  expected: { publicUrl: string; now: Date },
): Reason[] {
  const now = expected.now.getTime() / 1000
  const { exp, iat, aud, iss, sub } = claims
  const remedy = 'Fetch a new token; do not change or build tokens yourself.'
  return collect('HB-102', '', [
    {
      holds: isOnly(aud, expected.publicUrl),
      rule: 'RFC 9068 4: aud',
      remedy: `Use a token whose aud is ${expected.publicUrl}`,
      code: 'HB-104',
    },
    {
      holds: header['alg'] === 'EdDSA' && mediaType(header['typ']) === 'at+jwt',
      rule: 'RFC 9068 4: alg, typ',
      remedy,
    },
    { holds: iss === expected.publicUrl, rule: 'RFC 9068 4: iss', remedy },
    {
      holds: typeof sub === 'string' && claims['client_id'] === sub,
      rule: 'RFC 9068 2.2: sub',
      remedy,
    },
    { holds: typeof claims['scope'] === 'string', rule: 'RFC 9068 2.2.3: scope', remedy },
    { holds: isTime(iat) && iat <= now + LEEWAY_SECONDS, rule: 'RFC 9068 2.2: iat', remedy },
    { holds: isTime(exp), rule: 'RFC 9068 2.2: exp', remedy },
    {
      holds: !isTime(exp) || exp > now - LEEWAY_SECONDS,
      rule: 'RFC 9068 4: exp',
      remedy: 'Fetch a new token; expires_in says how long one lasts.',
      code: 'HB-103',
    },
  ])
}

export function isSigningAlgorithm(alg: unknown): alg is SigningAlgorithm {
  return (SIGNING_ALGORITHMS as readonly unknown[]).includes(alg)
}

function lifeChecks(claims: Claims, at: Date): Check[] {
  const now = at.getTime() / 1000
  const { exp, iat, nbf } = claims
  const timed = isTime(exp) && isTime(iat)
  return [
    {
      holds: timed,
      rule: 'RFC 7523 3 (4), (6): exp, iat',
      remedy: 'Set iat and exp, both as numbers of seconds.',
    },
    {
      holds: !timed || (exp > iat && exp - iat <= ASSERTION_SECONDS),
      rule: 'Huisbrug: exp - iat',
      remedy: `Let an assertion live for at most ${ASSERTION_SECONDS} seconds after iat.`,
    },
    {
      holds: !timed || exp > now - LEEWAY_SECONDS,
      rule: 'RFC 7523 3 (4): exp',
      remedy: 'Make a new assertion, and check the clock: this one has expired.',
    },
    {
      holds: (!isTime(iat) || iat <= now + LEEWAY_SECONDS) && isPast(nbf, now + LEEWAY_SECONDS),
      rule: 'RFC 7523 3 (5), (6): nbf, iat',
      remedy: 'Check the clock: this assertion is from the future.',
    },
  ]
}

function isPast(nbf: unknown, now: number): boolean {
  return nbf === undefined || (isTime(nbf) && nbf <= now)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e11
}

function isOnly(aud: unknown, expected: string): boolean {
  return aud === expected || (Array.isArray(aud) && aud.length === 1 && aud[0] === expected)
}

// RFC 7515 4.1.9: "application/" may be left out, and media types ignore case.
function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

function collect(code: ErrorCode, pointer: string, checks: Check[]): Reason[] {
  return checks
    .filter(check => !check.holds)
    .map(check => reason(check.code ?? code, pointer, check.rule, check.remedy))
}
