import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

/** Detached JWS made and checked with node:crypto alone: the second implementation. */

const HOW = {
  EdDSA: { hash: null, options: {} },
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' as const } },
  PS256: {
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  },
}

export type Header = Record<string, unknown>
export interface HandKey {
  alg: keyof typeof HOW
  kid: string
  privateKey: KeyObject
  publicJwk: JsonWebKey & { kid: string }
}

/** A key of its own for each algorithm that is allowed. */
export function makeKey(alg: keyof typeof HOW, kid: string): HandKey {
  const { publicKey, privateKey } =
    alg === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { alg, kid, privateKey, publicJwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

export function fromJwk(jwk: object): HandKey {
  const privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const { kid } = jwk as { kid: string }
  return { alg: 'EdDSA', kid, privateKey, publicJwk: { kid } }
}

export function encode(value: string | Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}

/** What RFC 7797 section 3 has signed for a payload as it is. */
export function signingInput(header: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${header}.`), body])
}

/** `header..signature` with the header exactly as given. */
export function signByHand(
  key: HandKey,
  header: Header | string,
  body: string | Uint8Array,
): string {
  const encoded = encode(typeof header === 'string' ? header : JSON.stringify(header))
  const { hash, options } = HOW[key.alg]
  const input = signingInput(encoded, Buffer.from(body))
  return `${encoded}..${encode(sign(hash, input, { key: key.privateKey, ...options }))}`
}

/** A MAC where a signature should be, with a public key as the secret. */
export function macByHand(secret: Uint8Array | string, header: Header, body: string): string {
  const encoded = encode(JSON.stringify(header))
  const input = signingInput(encoded, Buffer.from(body))
  return `${encoded}..${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** The protected header of a detached JWS that verifies with a public key; undefined where it does not. */
export function verifyByHand(jws: string, body: Uint8Array, jwk: JsonWebKey): Header | undefined {
  const [encoded = '', nothing, signature = ''] = jws.split('.')
  const header = JSON.parse(Buffer.from(encoded, 'base64url').toString())
  const { hash, options } = HOW[header.alg as HandKey['alg']]
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const bytes = Buffer.from(signature, 'base64url')
  const good = verify(hash, signingInput(encoded, body), { key, ...options }, bytes)
  return good && nothing === '' ? header : undefined
}
