import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** The call that a proof is for; `token` where one comes with it. */
export interface ProvenCall {
  method: string
  /** Without query. */
  url: string
  token?: string
}

/** Makes the DPoP header of one call. */
export type Prover = (call: ProvenCall) => Promise<string>

/**
 * Proofs of possession (RFC 9449) with a key that is made here and never leaves: a token that is
 * fetched with one is of no use to who steals it.
 */
export function createProver(): Prover {
  // ES256 is what other issuers of tokens know best.
  let pair: ReturnType<typeof generateKeyPair> | undefined
  return async ({ method, url, token }) => {
    pair ??= generateKeyPair('ES256')
    const { privateKey, publicKey } = await pair
    const ath = token !== undefined && {
      ath: createHash('sha256').update(token).digest('base64url'),
    }
    return new SignJWT({ jti: randomUUID(), htm: method, htu: url, ...ath })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey)
  }
}
