import { calculateJwkThumbprint, exportJWK, generateKeyPair as generate, type JWK } from 'jose'

export interface KeyPair {
  /** Goes to the operator of the gateway, in a JWK set. */
  publicKey: JWK
  /** Stays with the party: keep it as a secret. */
  privateKey: JWK
}

/** A new Ed25519 key pair as JWKs (RFC 8037), `kid` = the RFC 7638 thumbprint. */
export async function generateKeyPair(): Promise<KeyPair> {
  const pair = await generate('EdDSA', { crv: 'Ed25519', extractable: true })
  const [publicJwk, privateJwk] = await Promise.all([
    exportJWK(pair.publicKey),
    exportJWK(pair.privateKey),
  ])
  const kid = await calculateJwkThumbprint(publicJwk)
  const common = { alg: 'EdDSA', use: 'sig', kid }
  return { publicKey: { ...publicJwk, ...common }, privateKey: { ...privateJwk, ...common } }
}

/** The JWK set to register with the gateway: public parts only. */
export function toJwks(pair: KeyPair): { keys: JWK[] } {
  return { keys: [pair.publicKey] }
}
