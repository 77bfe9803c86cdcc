import { generateKeyPairSync } from 'node:crypto'
import {
  importEncryptionKeys,
  importKeys,
  JwksError,
  parsePublicJwks,
} from '../../src/access/public-jwks.ts'
import { generateEncryptionKeyPair, generateKeyPair, toJwks } from '../../src/client/index.ts'

const OKP = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
const SIGNING = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })

/** Which keys of a set count for what; or why it is refused. */
async function read(...keys: object[]): Promise<string[] | string> {
  try {
    const jwks = await parsePublicJwks({ keys: [{ ...SIGNING, kid: 'door' }, ...keys] })
    return [
      ...importKeys(jwks).map(({ kid }) => `${kid} signs`),
      ...importEncryptionKeys(jwks).map(({ kid }) => `${kid} opens`),
    ]
  } catch (error) {
    return error instanceof JwksError ? error.code : String(error)
  }
}

test.each([
  { use: 'enc' },
  { alg: 'ECDH-ES' },
  { key_ops: ['deriveBits'] },
  { key_ops: ['deriveKey'] },
  { use: 'enc', alg: 'ECDH-ES', key_ops: ['deriveBits'] },
])('%j marks a key for encryption, of either curve', async mark => {
  for (const key of [OKP, EC]) {
    expect(await read({ ...key, ...mark, kid: 'seal' })).toEqual(['door signs', 'seal opens'])
  }
})

test('a key without a mark stays one to sign with', async () => {
  expect(await read({ ...EC, kid: 'plain' })).toEqual(['door signs', 'plain signs'])
  expect(await read({ ...EC, kid: 'plain', use: 'sig' })).toEqual(['door signs', 'plain signs'])
})

test.each([
  ['X25519 without a mark', OKP],
  ['X25519 to sign with', { ...OKP, use: 'sig' }],
  ['Ed25519 for encryption', { ...SIGNING, use: 'enc' }],
  ['RSA for encryption', { ...RSA, use: 'enc' }],
  ['RSA-OAEP', { ...RSA, use: 'enc', alg: 'RSA-OAEP-256' }],
  ['key wrapping', { ...EC, use: 'enc', alg: 'ECDH-ES+A256KW' }],
  ['dir', { ...EC, use: 'enc', alg: 'dir' }],
  ['a signature algorithm for encryption', { ...EC, use: 'enc', alg: 'ES256' }],
  ['ECDH-ES for signatures', { ...EC, use: 'sig', alg: 'ECDH-ES' }],
  ['both operations', { ...EC, key_ops: ['verify', 'deriveBits'] }],
])('%s is refused', async (_what, key) => {
  expect(await read({ ...key, kid: 'odd' })).toBe('unsupported')
})

test('a set in which nothing signs is refused: nobody could sign in with it', async () => {
  const set = { keys: [{ ...OKP, use: 'enc', kid: 'seal' }] }
  await expect(parsePublicJwks(set)).rejects.toMatchObject({ code: 'shape' })
})

test('one key for both is refused, and a kid that names two', async () => {
  const pair = { ...EC, kid: 'one' }
  expect(await read(pair, { ...EC, kid: 'two', use: 'enc' })).toBe('weak')
  expect(await read({ ...OKP, kid: 'door', use: 'enc' })).toBe('kid')
})

test('private parts and points with which anyone could agree are refused', async () => {
  const { privateKey } = await generateEncryptionKeyPair()
  expect(await read(privateKey)).toBe('private')
  // The points of small order of Curve25519 (RFC 7748 section 6.1; libsodium's list).
  const small = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ]
  for (const point of small) {
    const x = Buffer.from(point, 'hex').toString('base64url')
    expect(await read({ kty: 'OKP', crv: 'X25519', x, use: 'enc', kid: 'zero' })).toBe('weak')
  }
  const offCurve = { ...EC, y: EC.x, use: 'enc', kid: 'off' }
  expect(await read(offCurve)).toBe('shape')
})

test('what the kit makes is taken, public parts only', async () => {
  const pairs = [
    await generateKeyPair(),
    await generateEncryptionKeyPair(),
    await generateEncryptionKeyPair('P-256'),
  ]
  const set = toJwks(...pairs)
  expect(JSON.stringify(set)).not.toContain('"d"')
  const kids = pairs.map(({ publicKey }) => publicKey.kid)
  expect(await read(...set.keys)).toEqual([
    'door signs',
    `${kids[0]} signs`,
    `${kids[1]} opens`,
    `${kids[2]} opens`,
  ])
})
