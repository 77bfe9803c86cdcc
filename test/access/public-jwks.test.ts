import { createHash, generateKeyPairSync } from 'node:crypto'
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { hexToBytes } from '@noble/curves/utils.js'
import { importKeys, JwksError, parsePublicJwks } from '../../src/access/public-jwks.ts'
import { jwksOf, makeKey } from './support.ts'

const ED = makeKey('ed', 'EdDSA')
const EC = makeKey('ec', 'ES256')
const RSA = makeKey('rsa', 'PS256')

async function faultOf(set: unknown): Promise<string> {
  const outcome = await parsePublicJwks(set).then(
    () => 'accepted',
    error => (error instanceof JwksError ? error.code : String(error)),
  )
  return outcome
}

function withKey(changes: Record<string, unknown>, key = ED): unknown {
  return { keys: [{ ...key.jwk, ...changes }] }
}

describe('key sets', () => {
  test('Ed25519, P-256 and RSA keys are taken, each for its own algorithms', async () => {
    const keys = importKeys(await parsePublicJwks(jwksOf(ED, EC, RSA)))
    expect(keys.map(key => [key.kid, key.algorithms])).toEqual([
      ['ed', ['EdDSA', 'Ed25519']],
      ['ec', ['ES256']],
      ['rsa', ['PS256']],
    ])
    expect(keys.every(key => key.key.type === 'public' && key.until === undefined)).toBe(true)
  })

  test('only what is needed of a key is kept', async () => {
    const set = withKey({
      use: 'sig',
      alg: 'EdDSA',
      key_ops: ['verify'],
      x5u: 'https://x.example',
      n1: 1,
    })
    const { keys } = await parsePublicJwks(set)
    expect(Object.keys(keys[0] ?? {}).toSorted()).toEqual(['crv', 'kid', 'kty', 'use', 'x'])
  })

  test('a key without kid is named by its RFC 7638 thumbprint', async () => {
    const { kid, ...bare } = ED.jwk
    const { keys } = await parsePublicJwks({ keys: [bare] })
    const canonical = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: bare.x })
    expect(keys[0]?.kid).toBe(createHash('sha256').update(canonical).digest('base64url'))
    expect(keys[0]?.kid).not.toBe(kid)
  })

  test('the thumbprint of the RFC 8037 example is the published one', async () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
    const { keys } = await parsePublicJwks({ keys: [{ kty: 'OKP', crv: 'Ed25519', x }] })
    expect(keys[0]?.kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test.each([
    ['private', withKey({ d: 'AAAA' })],
    ['private', withKey({ p: 'AAAA' }, RSA)],
    ['symmetric', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a' }] }],
    ['symmetric', withKey({ k: 'c2VjcmV0' })],
    ['unsupported', withKey({ alg: 'HS256' })],
    ['unsupported', withKey({ alg: 'none' })],
    ['unsupported', withKey({ alg: 'RS256' }, RSA)],
    ['unsupported', withKey({ alg: 'ES256' })],
    ['unsupported', withKey({ crv: 'X25519' })],
    ['unsupported', withKey({ crv: 'P-384' }, EC)],
    ['unsupported', withKey({ kty: 'XYZ' })],
    ['unsupported', withKey({ kty: undefined })],
    ['unsupported', withKey({ kty: 'constructor' })],
    ['unsupported', withKey({ use: 'enc' })],
    ['unsupported', withKey({ key_ops: ['sign'] })],
    ['kid', withKey({ kid: '' })],
    ['kid', withKey({ kid: 7 })],
    ['kid', withKey({ kid: 'a b' })],
    ['kid', withKey({ kid: 'x'.repeat(129) })],
    ['shape', withKey({ x: undefined })],
    ['shape', withKey({ x: 'not base64url!' })],
    ['shape', withKey({ x: 'AAAA' })],
    ['shape', withKey({ y: EC.jwk.x }, EC)],
    ['shape', withKey({ exp: 'soon' })],
    ['shape', withKey({ exp: 1e300 })],
    ['shape', null],
    ['shape', []],
    ['shape', { keys: {} }],
    ['shape', { keys: [] }],
    ['shape', { keys: [null] }],
    ['shape', { keys: ['x'] }],
    ['shape', { keys: Array.from({ length: 21 }, (_, i) => ({ ...ED.jwk, kid: `k${i}` })) }],
    ['kid', { keys: [ED.jwk, { ...EC.jwk, kid: 'ed' }] }],
  ])('%s: %j is refused', async (fault, set) => {
    expect(await faultOf(set)).toBe(fault)
  })

  test('RSA below 2048 bits or with a small exponent is refused', async () => {
    expect(await faultOf(jwksOf(makeKey('short', 'PS256', 1024)))).toBe('weak')
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })
    expect(await faultOf({ keys: [pair.publicKey.export({ format: 'jwk' })] })).toBe('weak')
    expect(await faultOf(withKey({ e: 'AQ' }, RSA))).toBe('weak')
  })

  test('every Ed25519 point of small order is refused, an all-zero placeholder among them', async () => {
    expect(ED25519_TORSION_SUBGROUP).toHaveLength(8)
    for (const point of [...ED25519_TORSION_SUBGROUP, '00'.repeat(32)]) {
      const x = Buffer.from(hexToBytes(point)).toString('base64url')
      expect(await faultOf({ keys: [{ kty: 'OKP', crv: 'Ed25519', x }] })).toBe('weak')
    }
  })

  test('the message of a refusal holds no key material', async () => {
    const secret = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A'
    const error = await parsePublicJwks(withKey({ d: secret })).catch(caught => caught)
    expect(error.message).toContain('private key')
    expect(JSON.stringify(error) + error.stack).not.toContain(secret)
  })
})
