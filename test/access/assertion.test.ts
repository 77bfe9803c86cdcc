import { createHmac, randomUUID } from 'node:crypto'
import { proveAssertion } from '../../src/access/assertion.ts'
import { openPool } from '../../src/db/pool.ts'
import {
  type Bench,
  claimsOf,
  codeOf,
  draftOf,
  forge,
  formOf,
  makeKey,
  openAccess,
  openBench,
  PUBLIC_URL,
  refusalOf,
  signAssertion,
  type TestKey,
  TOKEN_URL,
} from './support.ts'

const ED = makeKey('ed', 'EdDSA')
const EC = makeKey('ec', 'ES256')
const RSA = makeKey('rsa', 'PS256')
const OTHER = makeKey('other')

let bench: Bench

beforeAll(async () => {
  bench = await openBench()
  await bench.parties.add(draftOf('woonboog', ED, EC, RSA))
  await bench.parties.add(draftOf('leefgoed', OTHER))
})

afterAll(() => bench.close())

function ask(assertion: string, client = 'woonboog') {
  return bench.tokens.issueToken(formOf(client, assertion))
}

function claims(changes: Record<string, unknown> = {}, client = 'woonboog'): object {
  return claimsOf(client, bench.clock.now(), changes)
}

function seconds(offset: number): number {
  return Math.floor(bench.clock.now().getTime() / 1000) + offset
}

async function rulesOf(changes: Record<string, unknown>): Promise<string[]> {
  const refusal = await refusalOf(ask(await signAssertion(ED, claims(changes))))
  expect(refusal.code).toBe('HB-108')
  expect(refusal.reasons.every(reason => reason.pointer === '/client_assertion')).toBe(true)
  return refusal.reasons.map(reason => reason.rule.split(': ')[1] ?? '')
}

describe('a good assertion', () => {
  test.each([ED, EC, RSA])('signed with $alg gives a token', async key => {
    const reply = await ask(await signAssertion(key, claims()))
    expect(reply).toMatchObject({ token_type: 'Bearer', expires_in: 600 })
  })

  test.each([
    ['Ed25519 as the algorithm name', {}, { alg: 'Ed25519' }],
    ['typ JWT', {}, { typ: 'JWT' }],
    ['typ client-authentication+jwt', {}, { typ: 'application/client-authentication+jwt' }],
    ['aud as a list of one', { aud: [TOKEN_URL] }, {}],
    ['the longest life', { exp: 'iat+120' }, {}],
    ['a clock 9 s fast', { shift: 9 }, {}],
    ['a clock 9 s slow after a life of 60 s', { shift: -69 }, {}],
    ['nbf in the past', { nbf: 1 }, {}],
  ])('%s is taken', async (_name, changes: Record<string, unknown>, header) => {
    const { shift, exp, ...rest } = changes
    const iat = seconds(Number(shift ?? 0))
    const life = exp ? 120 : 60
    const assertion = await signAssertion(ED, claims({ iat, exp: iat + life, ...rest }), header)
    await expect(ask(assertion)).resolves.toHaveProperty('access_token')
  })
})

describe('signature attacks', () => {
  const hs256 = (key: string | Buffer, header: object): string => {
    const unsigned = forge(header, claims())
    return unsigned + createHmac('sha256', key).update(unsigned.slice(0, -1)).digest('base64url')
  }

  test.each(['none', 'None', 'NONE', '', 'HS256', 'HS512', 'RS256', 'ES384', 'dir', 'toString'])(
    'alg %j is refused before any key is looked at',
    async alg => {
      for (const signature of ['', 'AAAA']) {
        const refusal = await refusalOf(ask(forge({ alg, kid: 'ed' }, claims(), signature)))
        expect(refusal.code).toBe('HB-108')
        expect(refusal.reasons.map(reason => reason.rule)).toContain('RFC 8725 3.1: alg')
      }
    },
  )

  test('an HMAC with the public key as its secret is refused, whatever form the key takes', async () => {
    const pem = RSA.jwk.n ?? ''
    const forms = [pem, Buffer.from(pem, 'base64url'), JSON.stringify(RSA.jwk), RSA.jwk.kid]
    for (const form of forms) {
      expect(await codeOf(ask(hs256(form, { alg: 'HS256', kid: 'rsa' })))).toBe('HB-108')
      expect(await codeOf(ask(hs256(form, { alg: 'PS256', kid: 'rsa' })))).toBe('HB-108')
    }
  })

  test('a key is used for its own algorithms only', async () => {
    for (const [key, kid] of [
      [EC, 'ed'],
      [ED, 'ec'],
      [RSA, 'ed'],
      [ED, 'rsa'],
    ] as const) {
      expect(await codeOf(ask(await signAssertion(key, claims(), { kid })))).toBe('HB-108')
    }
  })

  test("another party's key and kid are refused", async () => {
    expect(await codeOf(ask(await signAssertion(OTHER, claims())))).toBe('HB-108')
    expect(await codeOf(ask(await signAssertion(OTHER, claims(), { kid: 'ed' })))).toBe('HB-108')
    const asOther = claimsOf('leefgoed', bench.clock.now())
    expect(await codeOf(ask(await signAssertion(ED, asOther), 'leefgoed'))).toBe('HB-108')
  })

  test('a key that the header brings along is never used: jwk, jku, x5c, x5u', async () => {
    const mine = makeKey('mine')
    const brought = {
      jwk: mine.jwk,
      jku: 'https://attacker.example/jwks.json',
      x5u: 'https://attacker.example/cert.pem',
      x5c: ['AAAA'],
    }
    for (const [name, value] of Object.entries(brought)) {
      for (const kid of ['mine', 'ed']) {
        const forged = await signAssertion(mine, claims(), { kid, [name]: value })
        expect(await codeOf(ask(forged))).toBe('HB-108')
      }
      const honest = await signAssertion(ED, claims(), { [name]: value })
      await expect(ask(honest)).resolves.toHaveProperty('access_token')
    }
  })

  test.each([
    ['no kid', { kid: undefined }],
    ['a kid that is a number', { kid: 7 }],
    ['a kid that is a path', { kid: '../../../../dev/null' }],
    ['a kid with SQL', { kid: "x' UNION SELECT 'AAAA" }],
    ['a kid of an object member', { kid: '__proto__' }],
    ['a long kid', { kid: 'x'.repeat(1_000) }],
    ['an access token', { typ: 'at+jwt' }],
    ['a receipt', { typ: 'receipt+jwt' }],
    ['typ null', { typ: null }],
  ])('%s in the header is refused', async (_name, header) => {
    const { alg, kid, ...rest } = { alg: 'EdDSA', kid: 'ed', ...header } as Record<string, unknown>
    const assertion = await signAssertion(ED, claims(), {
      ...rest,
      ...(kid !== undefined ? { kid } : { kid: undefined }),
      alg,
    })
    expect(await codeOf(ask(assertion))).toBe('HB-108')
  })

  test.each([
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { b64: true },
  ])('critical extensions and an unencoded payload are refused: %j', async extension => {
    const refusal = await refusalOf(ask(forge({ alg: 'EdDSA', kid: 'ed', ...extension }, claims())))
    expect(refusal.reasons.map(reason => reason.rule)).toEqual(['RFC 7515 4.1.11: crit'])
  })

  test('a changed, cut or stripped assertion is refused', async () => {
    const good = await signAssertion(ED, claims())
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const moved = Buffer.from(JSON.stringify(claims({ aud: [TOKEN_URL] }))).toString('base64url')
    for (const bad of [
      `${header}.${moved}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.`,
      `.${payload}.${signature}`,
      `${header}..${signature}`,
      `${header} .${payload}.${signature}`,
      'x',
      '..',
      '{"payload":"e30","signatures":[]}',
      'A'.repeat(9_000),
    ]) {
      expect(await codeOf(ask(bad))).toBe('HB-108')
    }
    await expect(ask(good)).resolves.toHaveProperty('access_token')
  })

  test('claims that are not an object are refused', async () => {
    for (const payload of ['[]', '"x"', 'null', '7', '{', '\u0000']) {
      const encoded = Buffer.from(payload).toString('base64url')
      const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'ed' })).toString('base64url')
      expect(await codeOf(ask(`${header}.${encoded}.AAAA`))).toBe('HB-108')
    }
  })
})

describe('claims', () => {
  test.each([
    ['iss of another', { iss: 'leefgoed' }, ['iss, sub']],
    ['sub of another', { sub: 'leefgoed' }, ['iss, sub']],
    ['no iss', { iss: undefined }, ['iss, sub']],
    ['no sub', { sub: undefined }, ['iss, sub']],
    ['iss as a list', { iss: ['woonboog'] }, ['iss, sub']],
    ['the public URL as aud', { aud: PUBLIC_URL }, ['aud']],
    ['another gateway as aud', { aud: 'https://other.example/oauth/token' }, ['aud']],
    ['aud with a slash more', { aud: `${TOKEN_URL}/` }, ['aud']],
    ['two audiences', { aud: [TOKEN_URL, 'https://other.example'] }, ['aud']],
    ['an empty list as aud', { aud: [] }, ['aud']],
    ['no aud', { aud: undefined }, ['aud']],
    ['no jti', { jti: undefined }, ['jti']],
    ['an empty jti', { jti: '' }, ['jti']],
    ['a jti that is a number', { jti: 7 }, ['jti']],
    ['a long jti', { jti: 'x'.repeat(257) }, ['jti']],
    ['no exp', { exp: undefined }, ['exp, iat']],
    ['no iat', { iat: undefined }, ['exp, iat']],
    ['exp as text', { exp: '2030-01-01' }, ['exp, iat']],
    ['exp in milliseconds', { exp: 1_772_445_600_000 }, ['exp, iat']],
    ['iat below zero', { iat: -1 }, ['exp, iat']],
    ['nbf as text', { nbf: 'now' }, ['nbf, iat']],
    [
      'nothing at all',
      { iss: 1, sub: 1, aud: 1, jti: 1, exp: null, iat: null },
      ['iss, sub', 'aud', 'jti', 'exp, iat'],
    ],
  ])('%s is refused, and the refusal names the claim', async (_name, changes, rules) => {
    expect(await rulesOf(changes)).toEqual(rules)
  })

  test.each([
    ['a life of 121 s', 0, 121, ['exp - iat']],
    ['a life of a year', 0, 31_536_000, ['exp - iat']],
    ['no life', 0, 0, ['exp - iat']],
    ['an end before the start', 0, -5, ['exp - iat']],
    ['one that ended 11 s ago', -71, 60, ['exp']],
    ['one of yesterday', -86_400, 60, ['exp']],
    ['one of 12 s from now', 12, 60, ['nbf, iat']],
    ['one of tomorrow', 86_400, 60, ['nbf, iat']],
  ])('%s is refused', async (_name, start, life, rules) => {
    expect(await rulesOf({ iat: seconds(start), exp: seconds(start) + life })).toEqual(rules)
  })

  test('nbf in the future is refused', async () => {
    expect(await rulesOf({ nbf: seconds(30) })).toEqual(['nbf, iat'])
  })

  test('client_id of another than the assertion says is refused', async () => {
    expect(await codeOf(ask(await signAssertion(ED, claims()), 'leefgoed'))).toBe('HB-108')
  })
})

describe('single use', () => {
  test('a second use is refused, also after the first clock moved on', async () => {
    const assertion = await signAssertion(ED, claims())
    await ask(assertion)
    expect(await codeOf(ask(assertion))).toBe('HB-105')
    bench.clock.pass(30_000)
    expect(await codeOf(ask(assertion))).toBe('HB-105')
  })

  test('the same jti in another assertion of the same party is refused, of another party not', async () => {
    const jti = randomUUID()
    await ask(await signAssertion(ED, claims({ jti })))
    expect(await codeOf(ask(await signAssertion(EC, claims({ jti, nbf: 1 }))))).toBe('HB-105')
    const other = claimsOf('leefgoed', bench.clock.now(), { jti })
    await expect(ask(await signAssertion(OTHER, other), 'leefgoed')).resolves.toBeDefined()
  })

  test('of many uses at one instant in two processes exactly one gets a token', async () => {
    const pool = openPool(bench.db.url)
    const second = openAccess(pool, bench.clock)
    for (let round = 0; round < 5; round += 1) {
      const form = formOf('woonboog', await signAssertion(ED, claims()))
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, i) => (i % 2 ? second : bench).tokens.issueToken(form)),
      )
      expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
      const codes = outcomes.flatMap(it => (it.status === 'rejected' ? [it.reason.code] : []))
      expect(new Set(codes)).toEqual(new Set(['HB-105']))
    }
    await second.tokens.close()
    await pool.end()
  })

  test('a refused assertion is not used up', async () => {
    const jti = randomUUID()
    await codeOf(ask(await signAssertion(ED, claims({ jti, aud: 'https://other.example' }))))
    await expect(ask(await signAssertion(ED, claims({ jti })))).resolves.toBeDefined()
  })

  test('only a digest of the jti is kept', async () => {
    const jti = `geheim-${randomUUID()}`
    await ask(await signAssertion(ED, claims({ jti })))
    const { rows } = await bench.db.pool.query('SELECT jti FROM used_assertion')
    expect(rows.map(row => row.jti).join()).not.toContain('geheim')
    expect(rows.every(row => /^[A-Za-z0-9_-]{43}$/.test(row.jti))).toBe(true)
  })

  test('without the table there is no token: it fails closed', async () => {
    const assertion = await signAssertion(ED, claims())
    await bench.db.pool.query('ALTER TABLE used_assertion RENAME TO hidden')
    try {
      await expect(ask(assertion)).rejects.toThrow('used_assertion')
    } finally {
      await bench.db.pool.query('ALTER TABLE hidden RENAME TO used_assertion')
    }
    await expect(ask(assertion)).resolves.toBeDefined()
  })

  test('without evidence there is no token, and the assertion is not used up', async () => {
    const assertion = await signAssertion(ED, claims())
    await bench.db.pool.query('ALTER TABLE audit_pending RENAME TO hidden')
    try {
      await expect(ask(assertion)).rejects.toThrow('audit_pending')
    } finally {
      await bench.db.pool.query('ALTER TABLE hidden RENAME TO audit_pending')
    }
    await expect(ask(assertion)).resolves.toBeDefined()
  })

  test('rows go once they can no longer be replayed, and not before', async () => {
    const count = async () =>
      (await bench.db.pool.query('SELECT count(*) AS n FROM used_assertion')).rows[0].n
    await ask(await signAssertion(ED, claims()))
    const before = await count()
    expect(before).toBeGreaterThan(1)
    bench.clock.pass(4 * 60_000)
    await ask(await signAssertion(ED, claims()))
    expect(await count()).toBe(before + 1)
    bench.clock.pass(10 * 60_000)
    await ask(await signAssertion(ED, claims()))
    expect(await count()).toBe(1)
  })
})

describe('nobody learns who is registered', () => {
  const dummyKeys: Record<string, TestKey> = { EdDSA: ED, ES256: EC, PS256: RSA }

  test.each(['EdDSA', 'ES256', 'PS256'])(
    'unknown party, unknown kid and wrong signature are refused alike (%s)',
    async alg => {
      const stranger = makeKey('stranger', alg as TestKey['alg'])
      const known = dummyKeys[alg] as TestKey
      const attempts = [
        ['nobody', await signAssertion(stranger, claims({}, 'nobody'))],
        ['woonboog', await signAssertion(stranger, claims())],
        ['woonboog', await signAssertion(stranger, claims(), { kid: known.jwk.kid })],
        ['not an id\u0000', await signAssertion(stranger, claims())],
        ['x'.repeat(10_000), await signAssertion(stranger, claims())],
      ] as const
      const refusals = await Promise.all(
        attempts.map(([client, assertion]) => refusalOf(ask(assertion, client))),
      )
      const [first] = refusals
      expect(first?.code).toBe('HB-108')
      for (const refusal of refusals) expect(refusal.reasons).toEqual(first?.reasons)
    },
  )

  test.each(['EdDSA', 'ES256', 'PS256'])('and take about the same time (%s)', async alg => {
    const known = dummyKeys[alg] as TestKey
    const stranger = makeKey(known.jwk.kid, known.alg)
    const now = bench.clock.now()
    const timed = async (client: string): Promise<number> => {
      const assertion = await signAssertion(stranger, claims({}, client))
      const expected = { tokenUrl: TOKEN_URL, now }
      const start = performance.now()
      await codeOf(proveAssertion(bench.parties, { assertion, client }, expected))
      return performance.now() - start
    }
    const times = { known: [] as number[], unknown: [] as number[] }
    for (let round = 0; round < 200; round += 1) {
      times.known.push(await timed('woonboog'))
      times.unknown.push(await timed('nobody'))
    }
    const median = (all: number[]): number => all.toSorted((a, b) => a - b)[100] ?? Number.NaN
    const ratio = median(times.known) / median(times.unknown)
    expect(ratio).toBeGreaterThan(0.6)
    expect(ratio).toBeLessThan(1.6)
  })
})

describe('a disabled party', () => {
  test('gets no token, and learns why only with its own key', async () => {
    const key = makeKey('gone')
    await bench.parties.add(draftOf('gone', key))
    await bench.parties.disable('gone')
    const good = await signAssertion(key, claims({}, 'gone'))
    const refusal = await refusalOf(ask(good, 'gone'))
    expect([refusal.code, refusal.reasons[0]?.pointer]).toEqual(['HB-106', '/client_id'])
    const forged = await signAssertion(makeKey('gone'), claims({}, 'gone'))
    expect(await codeOf(ask(forged, 'gone'))).toBe('HB-108')
  })
})

describe('what a refusal shows', () => {
  test('nothing of the assertion', async () => {
    const secret = 'zeer-geheim'
    const changes = { iss: secret, sub: secret, aud: secret, jti: secret, exp: secret, iat: secret }
    const assertions = [
      await signAssertion(ED, claims(changes)),
      await signAssertion(makeKey(secret), claims(changes)),
      forge({ alg: secret, kid: secret, typ: secret }, claims(changes), secret),
      secret,
    ]
    for (const assertion of assertions) {
      const refusal = await refusalOf(ask(assertion))
      const shown = JSON.stringify({ ...refusal, message: refusal.message, stack: refusal.stack })
      expect(shown).not.toContain(secret)
      expect(shown).not.toContain(assertion)
    }
  })
})
