import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { Presented } from '../../src/access/binding.ts'
import { openPool } from '../../src/db/pool.ts'
import {
  type Bench,
  codeOf,
  draftOf,
  makeKey,
  openAccess,
  openBench,
  PUBLIC_URL,
  refusalOf,
  TOKEN_URL,
} from '../access/support.ts'
import { byHand, fetchToken, proofOf, sha256, thumbprintOf } from './support.ts'

const SIGNER = makeKey('signer')
const KEY = makeKey('own', 'ES256')
const THIEF = makeKey('thief', 'ES256')
const URL_CALLED = `${PUBLIC_URL}/v1/messages`
let bench: Bench
let token: string

beforeAll(async () => {
  bench = await openBench()
  await bench.parties.add(draftOf('woonboog', SIGNER))
  const now = bench.clock.now()
  token = await fetchToken(bench, SIGNER, 'woonboog', { dpop: await proofOf(KEY, { now }) })
})
afterAll(() => bench.close())

type Changes = Parameters<typeof proofOf>[2]

const seconds = (offset: number) => Math.floor(bench.clock.now().getTime() / 1000) + offset

/** Calls with the bound token and this header, at POST /v1/messages. */
function call(dpop: string | undefined, shown: Partial<Presented> = {}, scheme = 'DPoP') {
  const presented = { dpop, method: 'POST', url: URL_CALLED, ...shown }
  return bench.tokens.verifyToken(`${scheme} ${token}`, undefined, presented)
}

function proof(changes: Changes = {}, key = KEY) {
  return proofOf(key, { url: URL_CALLED, token, now: bench.clock.now() }, changes)
}

describe('a token bound by DPoP (RFC 9449)', () => {
  test('says whose key it is bound to, and opens with a proof of that key', async () => {
    expect(decodeJwt(token)).toMatchObject({ cnf: { jkt: await thumbprintOf(KEY) } })
    const caller = await call(await proof())
    expect(caller).toMatchObject({ party: 'woonboog', bindings: new Set(['dpop']) })
  })

  test.each(['EdDSA', 'ES256', 'PS256'] as const)('may be bound to a key for %s', async alg => {
    const key = makeKey('k', alg)
    const now = bench.clock.now()
    const bound = await fetchToken(bench, SIGNER, 'woonboog', { dpop: await proofOf(key, { now }) })
    const presented = { method: 'GET', url: URL_CALLED }
    const dpop = await proofOf(key, { ...presented, token: bound, now })
    const called = bench.tokens.verifyToken(`dpop ${bound}`, undefined, { ...presented, dpop })
    await expect(called).resolves.toHaveProperty('party', 'woonboog')
  })

  test.each<[string, () => Changes]>([
    ['a clock 59 s slow', () => ({ claims: { iat: seconds(-59) } })],
    ['a clock 10 s fast', () => ({ claims: { iat: seconds(10) } })],
    ['the query of the call', () => ({ claims: { htu: `${URL_CALLED}?limit=5#x` } })],
    [
      'another case of the host',
      () => ({ claims: { htu: 'HTTPS://GATEWAY.example/v1/messages' } }),
    ],
    ['the usual port', () => ({ claims: { htu: 'https://gateway.example:443/v1/messages' } })],
    ['a full media type', () => ({ header: { typ: 'application/DPoP+JWT' } })],
    ['claims that are not known', () => ({ claims: { nonce: 'x', more: 1 } })],
  ])('takes a proof with %s', async (_name, changes) => {
    await expect(call(await proof(changes()))).resolves.toHaveProperty('party', 'woonboog')
  })

  test('is no bearer token, and a bearer token is no DPoP token', async () => {
    for (const dpop of [undefined, await proof()])
      expect(await codeOf(call(dpop, {}, 'Bearer'))).toBe('HB-120')
    const bearer = await fetchToken(bench, SIGNER, 'woonboog')
    const presented = {
      method: 'POST',
      url: URL_CALLED,
      dpop: await proof({ claims: { ath: sha256(bearer) } }),
    }
    const refusal = await refusalOf(
      bench.tokens.verifyToken(`DPoP ${bearer}`, undefined, presented),
    )
    expect(refusal.reasons).toMatchObject([{ code: 'HB-120', rule: 'RFC 9449 7: scheme' }])
    await expect(bench.tokens.verifyToken(`Bearer ${bearer}`)).resolves.not.toHaveProperty(
      'bindings',
    )
  })
})

const { publicKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const { kid: _, ...ownJwk } = KEY.jwk
const bad: [string, () => Changes][] = [
  ...[undefined, 'JWT', 'at+jwt', '', 'dpop', 7].map(
    typ => [`typ ${typ}`, () => ({ header: { typ } })] as [string, () => Changes],
  ),
  ...[undefined, {}, null, 'x', [], ownJwk.x, { ...ownJwk, x: THIEF.jwk.x }, THIEF.jwk].map(
    jwk => [`jwk ${JSON.stringify(jwk)}`, () => ({ header: { jwk } })] as [string, () => Changes],
  ),
  [
    'jwk with the private key',
    () => ({ header: { jwk: KEY.privateKey.export({ format: 'jwk' }) } }),
  ],
  ['jwk of a shared secret', () => ({ header: { jwk: { kty: 'oct', k: 'AAAA' } } })],
  ['jwk of a short RSA key', () => ({ header: { jwk: small.export({ format: 'jwk' }) } })],
  ['jwk for encryption', () => ({ header: { jwk: { ...ownJwk, use: 'enc' } } })],
  ['an unknown critical parameter', () => ({ header: { crit: ['exp'], exp: 1 } })],
  ...['GET', 'post', 'POST ', '', undefined, null, ['POST'], 'PUT'].map(
    htm => [`htm ${JSON.stringify(htm)}`, () => ({ claims: { htm } })] as [string, () => Changes],
  ),
  ...[
    TOKEN_URL,
    'https://other.example/v1/messages',
    'http://gateway.example/v1/messages',
    'https://gateway.example:8443/v1/messages',
    'https://user@gateway.example/v1/messages',
    'https://gateway.example/v1/messages/',
    'https://gateway.example/v1/%6dessages/..',
    'https://gateway.example.other.example/v1/messages',
    '/v1/messages',
    'javascript:1',
    '',
    undefined,
    null,
    [URL_CALLED],
    `https://gateway.example/${'a'.repeat(3_000)}`,
  ].map(
    htu =>
      [`htu ${JSON.stringify(htu)?.slice(0, 60)}`, () => ({ claims: { htu } })] as [
        string,
        () => Changes,
      ],
  ),
  ...[undefined, null, '', '5', -1, 0, 1e300, true].map(
    iat => [`iat ${JSON.stringify(iat)}`, () => ({ claims: { iat } })] as [string, () => Changes],
  ),
  ...[-61, -3_600, 12, 3_600].map(
    offset =>
      [`iat ${offset} s away`, () => ({ claims: { iat: seconds(offset) } })] as [
        string,
        () => Changes,
      ],
  ),
  ...[undefined, null, '', 7, 'x'.repeat(257), ['a']].map(
    jti =>
      [`jti ${JSON.stringify(jti)?.slice(0, 20)}`, () => ({ claims: { jti } })] as [
        string,
        () => Changes,
      ],
  ),
  ...[undefined, null, '', 'x', sha256('another token'), 7].map(
    ath => [`ath ${JSON.stringify(ath)}`, () => ({ claims: { ath } })] as [string, () => Changes],
  ),
]

describe('a proof that is not for this call', () => {
  test.each(bad)('%s is refused, and nothing of it is told', async (_name, changes) => {
    const refusal = await refusalOf(call(await proof(changes())))
    expect(refusal.code).toBe('HB-120')
    expect(JSON.stringify(refusal.reasons)).not.toMatch(/other\.example|another token|dpop\.own/)
  })

  test.each(['none', 'HS256', 'RS256', 'ES384', 'dir', '', undefined, 7])(
    'alg %j is refused, whatever signs it',
    async alg => {
      const claims = decodeJwt(await proof())
      const header = { typ: 'dpop+jwt', jwk: ownJwk, alg }
      for (const mac of [undefined, JSON.stringify(ownJwk), String(ownJwk.x)])
        expect(await codeOf(call(byHand(header, claims, mac)))).toBe('HB-120')
    },
  )

  test('none at all, two, no JWT, an unsigned, a changed and an oversize one', async () => {
    const good = await proof()
    const [header, claims, signature] = good.split('.')
    for (const dpop of [
      undefined,
      '',
      `${good}, ${good}`,
      'x',
      'a.b.c',
      `${header}.${claims}.`,
      `${header}.${claims}.${signature?.slice(4)}`,
      `${header}.${sha256('x')}.${signature}`,
      `${good}${'A'.repeat(9_000)}`,
    ])
      expect(await codeOf(call(dpop))).toBe('HB-120')
  })

  test('of another key is refused, also where that key is well known', async () => {
    for (const key of [THIEF, SIGNER])
      expect(await codeOf(call(await proof({}, key)))).toBe('HB-120')
    const stolen = await proof({ header: { jwk: ownJwk } }, THIEF)
    expect(await codeOf(call(stolen))).toBe('HB-120')
  })

  test('for another token, of the same key, is refused', async () => {
    const now = bench.clock.now()
    const other = await fetchToken(bench, SIGNER, 'woonboog', { dpop: await proofOf(KEY, { now }) })
    expect(await codeOf(call(await proof({ claims: { ath: sha256(other) } })))).toBe('HB-120')
  })
})

describe('a proof counts once', () => {
  test('over two processes, also at the same instant, and for a token request too', async () => {
    const pool = openPool(bench.db.url)
    const second = openAccess(pool, bench.clock)
    const dpop = await proof()
    const presented = { dpop, method: 'POST', url: URL_CALLED }
    const outcomes = await Promise.allSettled(
      [bench, second, bench, second].map(({ tokens }) =>
        tokens.verifyToken(`DPoP ${token}`, undefined, presented),
      ),
    )
    const codes = outcomes.flatMap(one => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(codes).toEqual(['HB-121', 'HB-121', 'HB-121'])
    const asked = await proofOf(KEY, { now: bench.clock.now() })
    const ask = (tokens = bench.tokens) =>
      fetchToken({ ...bench, tokens }, SIGNER, 'woonboog', { dpop: asked })
    await ask()
    expect(await codeOf(ask(second.tokens))).toBe('HB-121')
    await second.tokens.close()
    await pool.end()
  })

  test('with one jti for two keys: they are two proofs', async () => {
    const key = makeKey('second', 'ES256')
    const now = bench.clock.now()
    const bound = await fetchToken(bench, SIGNER, 'woonboog', { dpop: await proofOf(key, { now }) })
    const jti = 'the same'
    await call(await proof({ claims: { jti } }))
    const presented = { method: 'POST', url: URL_CALLED }
    const dpop = await proofOf(key, { ...presented, token: bound, now }, { claims: { jti } })
    const called = bench.tokens.verifyToken(`DPoP ${bound}`, undefined, { ...presented, dpop })
    await expect(called).resolves.toBeDefined()
  })

  test('fails closed: where it cannot be noted, nobody is let in', async () => {
    await bench.db.pool.query('ALTER TABLE used_assertion RENAME TO hidden')
    try {
      await expect(call(await proof())).rejects.toThrow('used_assertion')
    } finally {
      await bench.db.pool.query('ALTER TABLE hidden RENAME TO used_assertion')
    }
  })

  test('a token request whose proof is wrong uses up nothing', async () => {
    const { rows } = await bench.db.pool.query('SELECT count(*)::int AS n FROM used_assertion')
    const dpop = await proofOf(KEY, { now: bench.clock.now(), url: PUBLIC_URL })
    expect(await codeOf(fetchToken(bench, SIGNER, 'woonboog', { dpop }))).toBe('HB-120')
    const after = await bench.db.pool.query('SELECT count(*)::int AS n FROM used_assertion')
    expect(after.rows).toEqual(rows)
  })
})

describe('a token bound to a client certificate (RFC 8705)', () => {
  const certificate = sha256('certificate')

  test('opens with that certificate only', async () => {
    const bound = await fetchToken(bench, SIGNER, 'woonboog', { certificate })
    expect(decodeJwt(bound)).toMatchObject({ cnf: { 'x5t#S256': certificate } })
    const shown = (other?: string) =>
      bench.tokens.verifyToken(`Bearer ${bound}`, undefined, {
        method: 'GET',
        url: URL_CALLED,
        certificate: other,
      })
    expect(await shown(certificate)).toMatchObject({ bindings: new Set(['mtls']) })
    for (const other of [undefined, '', sha256('another')])
      expect(await codeOf(shown(other))).toBe('HB-122')
  })

  test('and to a key at once: both are asked for', async () => {
    const now = bench.clock.now()
    const dpop = await proofOf(KEY, { now })
    const both = await fetchToken(bench, SIGNER, 'woonboog', { dpop, certificate })
    const shown = async (other?: string) => {
      const call = { method: 'GET', url: URL_CALLED }
      const again = await proofOf(KEY, { ...call, token: both, now })
      const presented = { ...call, dpop: again, certificate: other }
      return bench.tokens.verifyToken(`DPoP ${both}`, undefined, presented)
    }
    expect(await shown(certificate)).toMatchObject({ bindings: new Set(['dpop', 'mtls']) })
    expect(await codeOf(shown())).toBe('HB-122')
  })

  test.each([
    {},
    { kid: 'x' },
    { kid: sha256('a') },
    { jkt: 7 },
    'x',
    { jkt: 'short' },
    [],
    { jkt: sha256('a'), jku: 'x' },
  ])('cnf %j is not understood, so the token opens nothing', async cnf => {
    const iat = seconds(0)
    const who = { iss: PUBLIC_URL, aud: PUBLIC_URL, sub: 'woonboog', client_id: 'woonboog' }
    const own = await bench.signing.signToken({ ...who, scope: 'x', iat, exp: iat + 60, cnf })
    expect(await codeOf(bench.tokens.verifyToken(`Bearer ${own}`))).toBe('HB-102')
  })
})
