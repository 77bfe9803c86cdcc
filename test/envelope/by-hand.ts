import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  randomBytes,
} from 'node:crypto'
import type { JWK } from 'jose'

// A second implementation of JWE with ECDH-ES and A256GCM, after RFC 7516 and RFC 7518, on node:crypto
// alone: what the gateway seals has to open here, and what is sealed here has to open in the kit.

/** Concat KDF of RFC 7518 section 4.6.2 (NIST SP 800-56A), for keys of at most 256 bits. */
export function concatKdf(
  secret: Uint8Array,
  bits: number,
  algorithm: string,
  { apu = '', apv = '' }: { apu?: string; apv?: string } = {},
): Buffer {
  const withLength = (data: Uint8Array) => Buffer.concat([word(data.length), data])
  const info = [
    withLength(Buffer.from(algorithm, 'ascii')),
    withLength(Buffer.from(apu, 'base64url')),
    withLength(Buffer.from(apv, 'base64url')),
    word(bits),
  ]
  const hash = createHash('sha256').update(word(1)).update(secret)
  for (const part of info) hash.update(part)
  return hash.digest().subarray(0, bits / 8)
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Opens a compact JWE without any library for it. */
export function openByHand(
  jwe: string,
  privateJwk: JWK,
): { header: Record<string, unknown>; content: unknown } {
  const [head = '', encryptedKey, iv = '', ciphertext = '', tag = ''] = jwe.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))
  expect(encryptedKey).toBe('')
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: privateJwk as JsonWebKey, format: 'jwk' }),
    publicKey: createPublicKey({ key: header.epk, format: 'jwk' }),
  })
  const key = concatKdf(secret, 256, header.enc, header)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(head, 'ascii')).setAuthTag(Buffer.from(tag, 'base64url'))
  const opened = [decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]
  return { header, content: JSON.parse(Buffer.concat(opened).toString('utf8')) }
}

/** Seals a content for a public key, with any header: also such as the gateway never makes. */
export function sealByHand(content: unknown, publicJwk: JWK, header: object): string {
  const pair =
    publicJwk.crv === 'X25519'
      ? generateKeyPairSync('x25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = diffieHellman({
    privateKey: pair.privateKey,
    publicKey: createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' }),
  })
  const epk = pair.publicKey.export({ format: 'jwk' })
  const whole = { alg: 'ECDH-ES', enc: 'A256GCM', kid: publicJwk.kid, epk, ...header }
  const head = Buffer.from(JSON.stringify(whole)).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', concatKdf(secret, 256, whole.enc), iv)
  cipher.setAAD(Buffer.from(head, 'ascii'))
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()])
  const parts = [iv, ciphertext, cipher.getAuthTag()].map(part => part.toString('base64url'))
  return [head, '', ...parts].join('.')
}
