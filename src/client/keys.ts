import { calculateJwkThumbprint, exportJWK, generateKeyPair as generate, type JWK } from 'jose'

export interface KeyPair {
  /** Goes to the operator of the gateway, in a JWK set. */
  publicKey: JWK
  /** Stays with the party: keep it as a secret. */
  privateKey: JWK
}

/** A new Ed25519 key pair as JWKs (RFC 8037), `kid` = the RFC 7638 thumbprint: to sign in and to sign. */
export async function generateKeyPair(): Promise<KeyPair> {
  return makePair('EdDSA', 'Ed25519', 'sig')
}

/**
 * A new key pair as JWKs to receive envelopes with (ECDH-ES), `kid` = the RFC 7638 thumbprint. Register
 * its public part beside the signing key; never sign with it.
 */
export async function generateEncryptionKeyPair(
  curve: 'X25519' | 'P-256' = 'X25519',
): Promise<KeyPair> {
  return makePair('ECDH-ES', curve, 'enc')
}

async function makePair(alg: string, crv: string, use: 'sig' | 'enc'): Promise<KeyPair> {
  const pair = await generate(alg, { crv, extractable: true })
  const [publicJwk, privateJwk] = await Promise.all([
    exportJWK(pair.publicKey),
    exportJWK(pair.privateKey),
  ])
  const kid = await calculateJwkThumbprint(publicJwk)
  const common = { alg, use, kid }
  return { publicKey: { ...publicJwk, ...common }, privateKey: { ...privateJwk, ...common } }
}

/**
 * The JWK set to register with the gateway: public parts only. Of several encryption keys the first
 * is used.
 */
export function toJwks(...pairs: KeyPair[]): { keys: JWK[] } {
  return { keys: pairs.map(pair => pair.publicKey) }
}

/** The JOSE algorithm of a signing key: Ed25519, P-256 or RSA. */
export function signingAlgorithm({ kty }: JWK): 'EdDSA' | 'ES256' | 'PS256' {
  if (kty === 'EC') return 'ES256'
  return kty === 'RSA' ? 'PS256' : 'EdDSA'
}
