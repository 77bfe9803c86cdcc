import { createHash } from 'node:crypto'
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Queryable } from '../db/pool.ts'
import { Refusal, refuse } from '../errors.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const MAX_LENGTH = 8_192
const CLOCK_SECONDS = 10
// What is older is not taken, so no more need be remembered.
const MAX_AGE_SECONDS = 120

/** Whom the identity provider signed out; of the session where it names one, else everywhere. */
export interface SignedOut {
  issuer: string
  subject: string | undefined
  session: string | undefined
  jti: string
  expiresAt: Date
}

/**
 * Checks a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6): signature by a key of the
 * provider, iss, aud, iat, exp where it has one, jti, the event, sub or sid, and no nonce, so that no
 * id_token passes for one.
 * @param token attacker-controlled
 * @throws Refusal HB-117; HB-118 where the keys of the provider cannot be had
 */
export async function checkLogoutToken(
  token: string,
  expected: {
    issuer: string
    clientId: string
    algorithms: string[]
    keys: JWTVerifyGetKey
    now: Date
  },
): Promise<SignedOut> {
  const wrong = refuse('HB-117', '', 'OpenID Connect Back-Channel Logout 1.0, 2.6')
  if (token.length > MAX_LENGTH) throw wrong
  const { issuer, clientId: audience, algorithms, keys, now: currentDate } = expected
  const checks = { issuer, audience, algorithms, currentDate }
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...checks,
    clockTolerance: CLOCK_SECONDS,
    maxTokenAge: MAX_AGE_SECONDS,
    requiredClaims: ['iat', 'jti', 'events'],
  }).catch((error: { cause?: unknown }) => {
    throw error.cause instanceof Refusal ? error.cause : wrong
  })
  // The type came late to the specification; another type is another kind of token.
  const { typ = 'logout+jwt' } = protectedHeader
  if (!['logout+jwt', 'jwt'].includes(typ.toLowerCase()) || !isLogout(payload)) throw wrong
  const { sub, sid, iat = 0, jti = '' } = payload
  const [subject, session] = [textOf(sub), textOf(sid)]
  if (jti === '' || (subject === undefined && session === undefined)) throw wrong
  const expiresAt = new Date((iat + MAX_AGE_SECONDS + 2 * CLOCK_SECONDS) * 1000)
  return { issuer, subject, session, jti, expiresAt }
}

/**
 * Takes the jti of a logout token, once over all processes. Fails closed.
 * @throws Refusal HB-117
 */
export async function useLogoutToken(
  db: Queryable,
  { issuer, jti, expiresAt }: SignedOut,
): Promise<void> {
  const digest = createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest('base64url')
  // No party has a colon in its id.
  const { rowCount } = await db.query(
    `INSERT INTO used_assertion (party_id, jti, expires_at) VALUES ('oidc:logout', $1, $2)
     ON CONFLICT DO NOTHING`,
    [digest, expiresAt],
  )
  if (rowCount !== 1)
    throw refuse('HB-117', '', 'OpenID Connect Back-Channel Logout 1.0, 2.6 (7): jti')
}

function isLogout({ nonce, events }: JWTPayload): boolean {
  const isObject = typeof events === 'object' && events !== null && Object.hasOwn(events, EVENT)
  const event: unknown = isObject ? (events as Record<string, unknown>)[EVENT] : undefined
  return nonce === undefined && typeof event === 'object' && event !== null
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
