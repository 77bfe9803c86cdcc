import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import type { OidcSettings } from '../config-people.ts'

/** How the gateway shows at the token endpoint of the identity provider who it is. */
export type ClientProof = { secret: string } | { key: KeyObject; kid: string | undefined }

/**
 * Reads the secret or the key, from the setting or its file.
 * @throws Error where a file cannot be read or holds no private key that can sign; never with its content
 */
export function readClientProof({
  secret,
  secretFile,
  key,
  keyFile,
}: OidcSettings['client']): ClientProof {
  const text = key ?? (keyFile === undefined ? undefined : readFileSync(keyFile, 'utf8'))
  if (text !== undefined) return readKey(text)
  return { secret: secret ?? readFileSync(secretFile ?? '', 'utf8').trim() }
}

function readKey(text: string): ClientProof {
  try {
    const isJwk = text.trimStart().startsWith('{')
    const jwk = isJwk ? (JSON.parse(text) as { kid?: string; kty?: string }) : undefined
    const key = createPrivateKey(jwk ? { key: jwk as never, format: 'jwk' } : text)
    signingOf(key, [])
    return { key, kid: jwk?.kid }
  } catch {
    throw new Error(
      'HUISBRUG_OIDC_KEY: a private key in PEM (PKCS #8) or as a JWK: Ed25519, P-256, P-384 or RSA of 2048 bits',
    )
  }
}

/**
 * The way that the provider offers: `private_key_jwt` (RFC 7523) with a key, else the secret in the
 * header, or in the body where it takes no other.
 */
export async function clientAuthentication(
  proof: ClientProof,
  server: Readonly<client.ServerMetadata>,
): Promise<client.ClientAuth> {
  if ('key' in proof) {
    const offered = server.token_endpoint_auth_signing_alg_values_supported ?? []
    const signing = signingOf(proof.key, offered) as never
    const key = proof.key.toCryptoKey(signing, false, ['sign']) as client.CryptoKey
    return client.PrivateKeyJwt(proof.kid === undefined ? key : { key, kid: proof.kid })
  }
  const ways = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return ways.includes('client_secret_basic')
    ? client.ClientSecretBasic(proof.secret)
    : client.ClientSecretPost(proof.secret)
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384' }

/** The algorithm of Web Crypto for a key; with RSA the padding that the provider knows, PSS first. */
function signingOf(key: KeyObject, offered: readonly string[]) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  const namedCurve = CURVES[details?.namedCurve ?? '']
  if (type === 'ed25519') return { name: 'Ed25519' }
  if (type === 'ec' && namedCurve) return { name: 'ECDSA', namedCurve }
  if (type !== 'rsa' || (details?.modulusLength ?? 0) < 2048) throw new Error('no key to sign with')
  const isPss = offered.length === 0 || offered.includes('PS256')
  return { name: isPss ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
}
