import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { StatementAlgorithm } from '../../protocol/statement.ts'

/** A party's private key, ready to sign with. */
export interface SigningKey {
  key: KeyObject
  /** As it is registered: of the JWK, or else its RFC 7638 thumbprint. */
  kid: string
  alg: StatementAlgorithm
}

/**
 * Reads a private key: PEM (PKCS8), a private JWK, or the key pair that the kit's generateKeyPair
 * makes. Nothing of the key is in an error.
 * @param kid the kid under which it is registered, where the file does not say
 * @throws Error that says what is wrong with the file
 */
export async function readSigningKey(file: string, kid?: string): Promise<SigningKey> {
  const text = readText(file)
  const jwk = jwkOf(text)
  if (jwk && jwk.d === undefined) throw publicOnly(file)
  const key = importKey(file, jwk, text)
  const alg = algorithmOf(file, key)
  const named = kid ?? jwk?.kid ?? (await thumbprintOf(key))
  return { key, kid: named, alg }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`the key file ${file} cannot be read`)
  }
}

function jwkOf(text: string): JWK | undefined {
  try {
    const value = JSON.parse(text) as JWK & { privateKey?: JWK }
    return value.privateKey ?? value
  } catch {
    return undefined
  }
}

function importKey(file: string, jwk: JWK | undefined, text: string): KeyObject {
  if (!jwk && /-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----/.test(text)) {
    throw publicOnly(file)
  }
  try {
    return jwk
      ? createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
      : createPrivateKey(text)
  } catch {
    throw new Error(`${file} holds no private key: give PEM (PKCS8, without a password) or a JWK`)
  }
}

function algorithmOf(file: string, key: KeyObject): StatementAlgorithm {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256'
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'PS256'
  throw new Error(`${file}: use a key of Ed25519, P-256, or RSA of at least 2048 bits`)
}

function publicOnly(file: string): Error {
  return new Error(`${file} holds a public key only: sign with the private key`)
}

function thumbprintOf(key: KeyObject): Promise<string> {
  return calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' }) as JWK)
}
