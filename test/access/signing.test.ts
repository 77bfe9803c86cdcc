import { createPrivateKey, createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { authorizationServerMetadata } from '../../src/access/metadata.ts'
import { Signing } from '../../src/access/signing.ts'
import { openPool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { type Bench, MASTER_KEY, openBench, PUBLIC_URL } from './support.ts'

let bench: Bench
const PAYLOAD = { messageId: 'msg_1', decision: 'accepted', digest: 'x', iat: 1 }

beforeAll(async () => {
  bench = await openBench()
})

afterAll(() => bench.close())

describe("the gateway's keys", () => {
  test('are Ed25519, three, public only, named by their thumbprint', async () => {
    const { keys } = await bench.signing.publicJwks()
    expect(keys).toHaveLength(3)
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA' })
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
      expect(key.kid).toBe(await calculateJwkThumbprint(key))
    }
    expect(keys[0]?.kid).not.toBe(keys[1]?.kid)
  })

  test('are kept as PKCS8, wrapped', async () => {
    const der = await bench.keys.secret('sign:receipt')
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const { keys } = await bench.signing.publicJwks()
    expect(createPublicKey(key).export({ format: 'jwk' }).x).toBe(keys[1]?.x)
    const { rows } = await bench.db.pool.query('SELECT wrapped FROM wrapped_key')
    expect(rows.length).toBeGreaterThanOrEqual(2)
    for (const row of rows) expect(row.wrapped.includes(der.subarray(-32))).toBe(false)
  })

  test('are the same in every process, made once however many start together', async () => {
    const fresh = await openBench()
    const pools = Array.from({ length: 3 }, () => openPool(fresh.db.url))
    const sets = await Promise.all(
      pools.map(pool => new Signing(new KeyStore(pool, MASTER_KEY)).publicJwks()),
    )
    expect(new Set(sets.map(set => JSON.stringify(set))).size).toBe(1)
    await Promise.all(pools.map(pool => pool.end()))
    await fresh.close()
  })

  test('change once the stored key changes', async () => {
    const fresh = await openBench()
    const other = await openBench()
    const before = await fresh.signing.signReceipt(PAYLOAD)
    await other.signing.publicJwks()
    await fresh.keys.put('sign:receipt', await other.keys.secret('sign:receipt'))
    const after = await fresh.signing.signReceipt(PAYLOAD)
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid)
    await expect(other.signing.verifyReceipt(after)).resolves.toEqual(PAYLOAD)
    await Promise.all([fresh.close(), other.close()])
  })
})

describe('a receipt', () => {
  test('is a compact JWS that others verify with the published key', async () => {
    const receipt = await bench.signing.signReceipt(PAYLOAD)
    const { kid, typ } = decodeProtectedHeader(receipt)
    expect(typ).toBe('receipt+jwt')
    const { keys } = await bench.signing.publicJwks()
    const jwk = keys.find(key => key.kid === kid)
    const { payload } = await compactVerify(receipt, await importJWK(jwk ?? {}))
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(PAYLOAD)
    await expect(bench.signing.verifyReceipt(receipt)).resolves.toEqual(PAYLOAD)
  })

  test('that was changed, or is something else, does not verify', async () => {
    const receipt = await bench.signing.signReceipt(PAYLOAD)
    const [header, , signature] = receipt.split('.')
    const other = Buffer.from(JSON.stringify({ ...PAYLOAD, decision: 'refused' })).toString(
      'base64url',
    )
    await expect(bench.signing.verifyReceipt(`${header}.${other}.${signature}`)).rejects.toThrow()
    const token = await bench.signing.signToken(PAYLOAD)
    await expect(bench.signing.verifyReceipt(token)).rejects.toThrow()
    expect(await bench.signing.isOwnToken(token)).toBe(true)
    expect(await bench.signing.isOwnToken(receipt)).toBe(false)
    expect(await bench.signing.isOwnToken(await bench.signing.signAssertion(PAYLOAD))).toBe(false)
  })
})

describe('the metadata', () => {
  test('names what RFC 8414 asks for', () => {
    expect(authorizationServerMetadata(PUBLIC_URL)).toMatchObject({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['EdDSA', 'Ed25519', 'ES256', 'PS256'],
    })
  })
})
