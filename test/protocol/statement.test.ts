import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { importKeys, parsePublicJwks } from '../../src/access/public-jwks.ts'
import type { ExpectedStatement } from '../../src/protocol/notes.ts'
import {
  readStatement,
  type StatementAlgorithm,
  type StatementClaims,
  signStatement,
  verifyStatement,
} from '../../src/protocol/statement.ts'
import { makeJws, testKey } from '../support/statements.ts'

const NOW = new Date('2026-11-21T12:00:00.000Z')
const DIGEST = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'

const CLAIMS: StatementClaims = {
  iss: 'vdab',
  protocol: 'wm-vdab',
  version: '1.0.0',
  digest: DIGEST,
  statement: 'accept',
  signer: 'de gedelegeerd bestuurder',
  function: 'gedelegeerd bestuurder',
  date: '2026-11-21',
  iat: NOW.getTime() / 1000,
}

const EXPECTED: ExpectedStatement = {
  protocol: 'wm-vdab',
  version: '1.0.0',
  digest: DIGEST,
  party: 'vdab',
  copies: { statement: 'accept', function: 'gedelegeerd bestuurder', date: '2026-11-21' },
}

/** A key pair of each kind, and how node:crypto signs and verifies with it (RFC 7518, RFC 8037). */
const KINDS = {
  EdDSA: { make: () => generateKeyPairSync('ed25519'), hash: null, options: {} },
  Ed25519: { make: () => generateKeyPairSync('ed25519'), hash: null, options: {} },
  ES256: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    hash: 'sha256',
    options: { dsaEncoding: 'ieee-p1363' as const },
  },
  PS256: {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    hash: 'sha256',
    options: { padding: 6, saltLength: 32 },
  },
}
const pairs = Object.fromEntries(
  Object.entries(KINDS).map(([alg, { make }]) => [alg, make()]),
) as Record<StatementAlgorithm, { publicKey: KeyObject; privateKey: KeyObject }>

async function registered(alg: StatementAlgorithm, kid = 'k1') {
  const jwk = { ...pairs[alg].publicKey.export({ format: 'jwk' }), kid }
  return importKeys(await parsePublicJwks({ keys: [jwk] }))
}

function byNode(alg: StatementAlgorithm, claims: object, header: object = {}): string {
  const { hash, options } = KINDS[alg]
  const head = { alg, kid: 'k1', typ: 'protocol-statement+jwt', ...header }
  const parts = [head, claims].map(one => Buffer.from(JSON.stringify(one)).toString('base64url'))
  const key = { key: pairs[alg].privateKey, ...options }
  return [...parts, sign(hash, Buffer.from(parts.join('.')), key).toString('base64url')].join('.')
}

describe.each(Object.keys(KINDS) as StatementAlgorithm[])('a statement signed with %s', alg => {
  test('by this code verifies with node:crypto, which knows nothing of jose', async () => {
    const jws = await signStatement(pairs[alg].privateKey, 'k1', alg, CLAIMS)
    const [header = '', payload = '', signature = ''] = jws.split('.')
    const { hash, options } = KINDS[alg]
    const key = { key: pairs[alg].publicKey, ...options }
    const signed = Buffer.from(`${header}.${payload}`)
    expect(verify(hash, signed, key, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg,
      kid: 'k1',
      typ: 'protocol-statement+jwt',
    })
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual(CLAIMS)
  })

  test('by node:crypto verifies with this code', async () => {
    const keys = await registered(alg)
    const { iss: party, iat, ...said } = CLAIMS
    expect(await verifyStatement(byNode(alg, CLAIMS), EXPECTED, keys, NOW)).toEqual({
      ...said,
      party,
      at: new Date(iat * 1000),
      thumbprint: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    })
  })

  test('does not verify with another key of that kind, or once a byte of it changed', async () => {
    const jws = byNode(alg, CLAIMS)
    const other = KINDS[alg].make().publicKey.export({ format: 'jwk' })
    const others = importKeys(await parsePublicJwks({ keys: [{ ...other, kid: 'k1' }] }))
    expect(await verifyStatement(jws, EXPECTED, others, NOW)).toBe('bad-signature')
    const [header, payload, signature = ''] = jws.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    bytes[9] = (bytes[9] ?? 0) ^ 1
    const changed = [header, payload, bytes.toString('base64url')].join('.')
    expect(await verifyStatement(changed, EXPECTED, await registered(alg), NOW)).toBe(
      'bad-signature',
    )
  })
})

describe('a statement that does not count', () => {
  const fault = async (jws: string, expected: Partial<ExpectedStatement> = {}) =>
    verifyStatement(jws, { ...EXPECTED, ...expected }, await registered('EdDSA'), NOW)
  const claims = (changes: object) => byNode('EdDSA', { ...CLAIMS, ...changes })

  test.each([
    ['wrong-party', { iss: 'woonboog' }],
    ['other-protocol', { protocol: 'wm-vdab-2' }],
    ['other-protocol', { version: '1.0.1' }],
    ['other-digest', { digest: 'A'.repeat(43) }],
    ['differs', { statement: 'reject' }],
    ['differs', { function: 'poetshulp' }],
    ['differs', { date: '2026-11-20' }],
    ['malformed', { date: '2026-02-30' }],
    ['malformed', { statement: 'agree' }],
    ['malformed', { iat: '2026' }],
    ['malformed', { iat: 1.5 }],
    ['malformed', { signer: 'a\u0007' }],
    ['malformed', { signer: undefined }],
    ['malformed', { exp: 1 }],
    ['malformed', { iss: 'a b' }],
  ])('%s: %j', async (code, changes) => {
    expect(await fault(claims(changes))).toBe(code)
  })

  test('the name beside it is compared where there is one', async () => {
    const named = (name: string) => ({ copies: { ...EXPECTED.copies, name } })
    expect(await fault(claims({}), named('iemand anders'))).toBe('differs')
    expect(await fault(claims({}), named(CLAIMS.signer))).toMatchObject({ party: 'vdab' })
  })

  test('dated in the future, made in the future, or dated after it was made', async () => {
    const later = { copies: { ...EXPECTED.copies, date: '2026-11-22' } }
    expect(await fault(claims({ date: '2026-11-22' }), later)).toBe('future')
    expect(await fault(claims({ iat: CLAIMS.iat + 61 }))).toBe('future')
    expect(await fault(claims({ iat: CLAIMS.iat + 60 }))).toMatchObject({ party: 'vdab' })
    expect(await fault(claims({ iat: CLAIMS.iat - 86_400 }))).toBe('future')
  })

  test('with an unknown key, or a key of another algorithm than it names', async () => {
    const keys = await registered('EdDSA', 'another')
    expect(await verifyStatement(claims({}), EXPECTED, keys, NOW)).toBe('unknown-key')
    expect(await verifyStatement(claims({}), EXPECTED, [], NOW)).toBe('unknown-key')
    const confused = byNode('EdDSA', CLAIMS, { alg: 'ES256' })
    expect(await fault(confused)).toBe('unknown-key')
  })

  test.each([
    ['alg none', { alg: 'none' }],
    ['a shared secret', { alg: 'HS256' }],
    ['RSA without PSS', { alg: 'RS256' }],
    ['another type', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['no kid', { kid: undefined }],
    ['a critical extension', { crit: ['b64'], b64: false }],
  ])('a header with %s', async (_, header) => {
    expect(await fault(byNode('EdDSA', CLAIMS, header))).toBe('malformed')
  })

  test('a client assertion of the same key is no statement', async () => {
    const assertion = byNode('EdDSA', { iss: 'vdab', sub: 'vdab', aud: 'x', jti: 'j', exp: 1 })
    expect(await fault(assertion)).toBe('malformed')
  })

  test('anything at all is told apart without an error, and nothing of it comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.array(fc.base64String({ maxLength: 80 }), { maxLength: 4 }).map(all => all.join('.')),
          fc.jsonValue().map(value => makeJws(testKey('vdab'), { value })),
          fc.jsonValue().map(value => byNode('EdDSA', { ...CLAIMS, signer: value })),
        ),
        async text => {
          const result = await fault(text)
          return typeof result === 'string' ? result === 'malformed' : result.party === 'vdab'
        },
      ),
      { numRuns: 200 },
    )
  })

  test('over 8 KiB is not read', () => {
    const long = byNode('EdDSA', { ...CLAIMS, padding: 'x'.repeat(8_200) })
    expect(readStatement(long)).toBe('malformed')
  })
})

test('PEM keys sign as well', async () => {
  const pem = pairs.EdDSA.privateKey.export({ format: 'pem', type: 'pkcs8' })
  const jws = await signStatement(createPrivateKey(pem), 'k1', 'EdDSA', CLAIMS)
  expect(await verifyStatement(jws, EXPECTED, await registered('EdDSA'), NOW)).toMatchObject({
    statement: 'accept',
  })
})
