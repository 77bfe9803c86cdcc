import { confirmationCheck } from './binding.ts'
import { type Check, type Claims, isPast, isText, isTime, mediaType } from './check.ts'
import { critCheck, LEEWAY_SECONDS } from './claims.ts'
import type { TrustedIssuer } from './issuer-settings.ts'

const REMEDY = 'Fetch a new token of that issuer; do not change or build tokens yourself.'

/** What the header of a token of a trusted issuer is held against (RFC 8725, RFC 9068 section 4). */
export function foreignHeaderChecks(header: Claims, issuer: TrustedIssuer): Check[] {
  const { alg, typ, kid } = header
  return [
    {
      holds: issuer.algorithms.some(one => one === alg),
      rule: 'RFC 8725 3.1: alg',
      expected: `one of ${issuer.algorithms.join(', ')}`,
      found: alg,
      remedy: 'Have the operator of the gateway allow the algorithm of the issuer.',
    },
    {
      holds: ['at+jwt', 'jwt'].includes(mediaType(typ) ?? ''),
      rule: 'RFC 9068 4: typ',
      expected: 'at+jwt or JWT',
      found: typ,
      remedy: 'Send the access token, and no other token of the issuer.',
    },
    {
      holds: isText(kid),
      rule: 'RFC 7515 4.1.4: kid',
      expected: 'the kid of a key of the issuer',
      found: kid,
      remedy: REMEDY,
    },
    critCheck(header),
  ]
}

/** What its claims are held against (RFC 9068 section 4). */
export function foreignClaimChecks(claims: Claims, issuer: TrustedIssuer, at: Date): Check[] {
  const now = at.getTime() / 1000
  const { aud, exp, iat, nbf } = claims
  const { audience, maxSeconds, party, scope } = issuer
  return [
    {
      holds: aud === audience || (Array.isArray(aud) && aud.includes(audience)),
      rule: 'RFC 9068 4: aud',
      expected: audience,
      found: aud,
      remedy: `Ask the issuer for a token for ${audience}`,
      code: 'HB-104',
    },
    {
      holds: isTime(exp),
      rule: 'RFC 9068 2.2: exp',
      expected: 'a number of seconds',
      found: exp,
      remedy: REMEDY,
    },
    {
      holds: !isTime(exp) || exp > now - LEEWAY_SECONDS,
      rule: 'RFC 9068 4: exp',
      expected: `after ${Math.floor(now - LEEWAY_SECONDS)}`,
      found: exp,
      remedy: 'Fetch a new token of that issuer.',
      code: 'HB-103',
    },
    {
      holds: !isTime(exp) || exp <= now + maxSeconds + LEEWAY_SECONDS,
      rule: 'Huisbrug: maxSeconds',
      expected: `at most ${maxSeconds} s from now`,
      found: exp,
      remedy: `Use a token that lasts at most ${maxSeconds} seconds.`,
    },
    {
      holds: isPast(iat, now + LEEWAY_SECONDS) && isPast(nbf, now + LEEWAY_SECONDS),
      rule: 'RFC 7519 4.1.5, 4.1.6: nbf, iat',
      expected: `at most ${Math.floor(now + LEEWAY_SECONDS)}`,
      found: { nbf, iat },
      remedy: 'The token is from the future: check the clocks.',
    },
    {
      holds: isText(claims[party.claim]),
      rule: `Huisbrug: party, ${party.claim}`,
      expected:
        party.parties === 'kbo'
          ? 'the enterprise number of a party'
          : 'a value that stands for a party',
      found: claims[party.claim],
      remedy: `Have the issuer say in ${party.claim} who the token is for.`,
    },
    {
      holds: isScope(claims[scope.claim]),
      rule: `Huisbrug: scope, ${scope.claim}`,
      expected: 'names, separated by spaces or as a list',
      found: claims[scope.claim],
      remedy: 'Ask the issuer for the scopes of this gateway.',
    },
    confirmationCheck(claims),
  ]
}

/** The operations that the scopes of a token open. */
export function operationsOf(claims: Claims, { scope }: TrustedIssuer): ReadonlySet<string> {
  const value = claims[scope.claim]
  const names = Array.isArray(value) ? value.map(String) : String(value).split(' ')
  const { operations } = scope
  return new Set(operations ? names.flatMap(name => operations.get(name) ?? []) : names)
}

function isScope(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= 256 && value.every(name => isText(name))
  return isText(value, 4_096)
}
