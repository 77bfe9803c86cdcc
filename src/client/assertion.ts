import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose'
import { signingAlgorithm } from './keys.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const LIFETIME_SECONDS = 60
const MAX_LIFETIME_SECONDS = 120

export interface AssertionOptions {
  /** The client id: the party id, or the gateway's public URL when the gateway is the client. */
  clientId: string
  /** Ed25519, P-256 or RSA, as JWK. */
  privateKey: JWK
  /** The URL of the token endpoint. */
  audience: string
  at?: Date
}

/** A client assertion for one token request (RFC 7523, private_key_jwt), good for a minute. */
export async function signAssertion(options: AssertionOptions): Promise<string> {
  const { clientId, privateKey, audience, at = new Date() } = options
  const iat = Math.floor(at.getTime() / 1000)
  const alg = signingAlgorithm(privateKey)
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({
      alg,
      typ: 'JWT',
      ...(privateKey.kid && { kid: privateKey.kid }),
    })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setIssuedAt(iat)
    .setExpirationTime(iat + LIFETIME_SECONDS)
    .sign(await importJWK(privateKey, alg))
}

export interface AssertionVerifier {
  /** Who may sign, and whose keys these are. */
  clientId: string
  /** Such as jose's `createRemoteJWKSet(<gateway>/.well-known/jwks.json)`. */
  keys: JWTVerifyGetKey
  /** The own token URL. */
  audience: string
  at?: Date
}

/**
 * Checks a client assertion that arrived at an own token endpoint: signature, iss = sub = client
 * id, audience, and exp - iat at most 120 s.
 * @returns its jti (refuse one seen before) and the time until which to remember it
 * @throws jose's errors, or Error naming the claim
 */
export async function verifyAssertion(
  assertion: string,
  verifier: AssertionVerifier,
): Promise<{ jti: string; issuedAt: Date; expiresAt: Date }> {
  const { payload } = await jwtVerify(assertion, verifier.keys, {
    algorithms: ['EdDSA'],
    issuer: verifier.clientId,
    subject: verifier.clientId,
    audience: verifier.audience,
    requiredClaims: ['jti', 'iat', 'exp'],
    clockTolerance: 5,
    ...(verifier.at && { currentDate: verifier.at }),
  })
  const { jti, iat = 0, exp = 0 } = payload
  if (!jti) throw new Error('the assertion has an empty jti')
  if (exp - iat > MAX_LIFETIME_SECONDS) throw new Error('the assertion lives longer than 120 s')
  return { jti, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) }
}
