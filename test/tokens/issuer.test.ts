import { TrustedIssuers } from '../../src/access/issuer.ts'
import { readTrustedIssuers } from '../../src/access/issuer-settings.ts'
import { AccessTokens } from '../../src/access/token.ts'
import { createOutbound, jwksFetcher, type Outbound } from '../../src/delivery/outbound.ts'
import {
  type Bench,
  codeOf,
  draftOf,
  entriesOf,
  makeKey,
  openBench,
  PUBLIC_URL,
  refusalOf,
  SILENT,
} from '../access/support.ts'
import { byHand, proofOf, startIssuer, type TestIssuer, thumbprintOf } from './support.ts'

const KEY = makeKey('i-1', 'ES256')
const NEXT = makeKey('i-2', 'PS256')
const OLD = makeKey('i-old', 'PS256')
const KBO_TWICE = '0999000129'
let bench: Bench
let issuer: TestIssuer
let outbound: Outbound
let tokens: AccessTokens

function settingsOf(url: string, changes: object = {}) {
  const list = [
    {
      issuer: url,
      party: { claim: 'vo_orgcode', kbo: true },
      scope: { values: { huisbrug_messages: ['messages:read', 'messages:write'] } },
      ...changes,
    },
  ]
  const config = { publicUrl: PUBLIC_URL, allowLoopback: true }
  return readTrustedIssuers({ ...config, trustedIssuers: JSON.stringify(list) })
}

function trusting(
  url: string,
  changes: object = {},
  fetch: ReturnType<typeof jwksFetcher> = jwksFetcher(outbound),
): AccessTokens {
  const settings = settingsOf(url, changes)
  const parts = { settings, fetch, log: SILENT, cooldownMs: 0 }
  const { parties, signing, clock, db } = bench
  const issuers = new TrustedIssuers(parts)
  const own = { pool: db.pool, parties, signing, publicUrl: PUBLIC_URL, log: SILENT }
  return new AccessTokens({ ...own, issuers, now: clock.now })
}

beforeAll(async () => {
  bench = await openBench()
  await bench.parties.add(draftOf('woonboog', makeKey('own')))
  for (const id of ['one', 'two'])
    await bench.parties.add({ ...draftOf(id, makeKey(id)), kbo: KBO_TWICE })
  await bench.parties.add({ ...draftOf('gone', makeKey('gone')), kbo: '0999000228' })
  await bench.parties.disable('gone')
  outbound = createOutbound({ allowLoopback: true, log: SILENT })
  issuer = await startIssuer(KEY, { now: bench.clock.now, audience: PUBLIC_URL, path: '/op' })
  tokens = trusting(issuer.url)
})
afterAll(async () => {
  outbound.close()
  await Promise.all([issuer.close(), tokens.close()])
  await bench.close()
})

const use = (token: string, by = tokens) => by.verifyToken(`Bearer ${token}`)
const seconds = (offset: number) => Math.floor(bench.clock.now().getTime() / 1000) + offset

describe('a token of a trusted issuer', () => {
  test('opens for the party of its enterprise number what its scopes stand for', async () => {
    expect(await use(await issuer.token())).toEqual({
      party: 'woonboog',
      kind: 'housing-company',
      scopes: new Set(['messages:read', 'messages:write']),
    })
    expect(issuer.asked).toContain('/.well-known/oauth-authorization-server/op')
  })

  test.each<[string, Record<string, unknown>, object]>([
    ['typ JWT', {}, { typ: 'JWT' }],
    ['typ application/at+jwt', {}, { typ: 'application/AT+JWT' }],
    ['several audiences', { aud: ['https://other.example', PUBLIC_URL] }, {}],
    ['scopes as a list', { scope: ['huisbrug_messages', 'openid'] }, {}],
    ['the number with dots and BE', { vo_orgcode: 'BE 0123.456.749' }, {}],
    ['no jti and no iat', { jti: undefined, iat: undefined }, {}],
    ['claims that are not known', { vo_doelgroepcode: 'GID', client_id: undefined }, {}],
  ])('with %s is taken', async (_name, claims, header) => {
    const caller = await use(await issuer.token(claims, { header }))
    expect(caller).toMatchObject({ party: 'woonboog' })
  })

  test('is found by OpenID discovery too, and by values of a claim; without a map scopes are operations', async () => {
    const other = await startIssuer(KEY, { now: bench.clock.now, audience: 'api', openid: true })
    const by = trusting(other.url, {
      audience: 'api',
      party: { claim: 'client_id', values: { 'app-1': 'woonboog' } },
      scope: { claim: 'scp' },
    })
    const caller = await use(await other.token({ scp: 'messages:read nonsense' }), by)
    expect(caller).toMatchObject({
      party: 'woonboog',
      scopes: new Set(['messages:read', 'nonsense']),
    })
    for (const client_id of ['app-2', 'woonboog', '__proto__', 'toString'])
      expect(await codeOf(use(await other.token({ scp: 'messages:read', client_id }), by))).toBe(
        'HB-106',
      )
    await by.close()
    await other.close()
  })

  test('does no more than the kind of its party and its scopes let it', async () => {
    const header = `Bearer ${await issuer.token()}`
    await expect(tokens.verifyToken(header, 'messages:read')).resolves.toBeDefined()
    expect(await codeOf(tokens.verifyToken(header, 'detections:write'))).toBe('HB-107')
    expect(await codeOf(tokens.verifyToken(header, 'feedback:write'))).toBe('HB-107')
  })

  test('bound by DPoP needs its proof', async () => {
    const cnf = { jkt: await thumbprintOf(NEXT) }
    const token = await issuer.token({ cnf })
    expect(await codeOf(use(token))).toBe('HB-120')
    const call = { method: 'GET', url: `${PUBLIC_URL}/v1/inbox` }
    const dpop = await proofOf(NEXT, { ...call, token, now: bench.clock.now() })
    const caller = await tokens.verifyToken(`DPoP ${token}`, undefined, { ...call, dpop })
    expect(caller).toMatchObject({ party: 'woonboog', bindings: new Set(['dpop']) })
    expect(await codeOf(use(await issuer.token({ cnf: { kid: 'x' } })))).toBe('HB-125')
  })
})

describe('a token that is not for here', () => {
  const bad: [string, string, Record<string, unknown>, object?][] = [
    ...[undefined, 'x', `${PUBLIC_URL}/`, [], ['x'], { [PUBLIC_URL]: 1 }, null].map(
      aud =>
        [`aud ${JSON.stringify(aud)}`, 'HB-104', { aud }] as [
          string,
          string,
          object & Record<string, unknown>,
        ],
    ),
    ...[undefined, null, 'later', 1e12, -1].map(
      exp =>
        [`exp ${JSON.stringify(exp)}`, 'HB-125', { exp }] as [
          string,
          string,
          Record<string, unknown>,
        ],
    ),
    ...[{ iat: 4e9 }, { nbf: 4e9 }, { nbf: 'x' }, { iat: null }].map(
      claims =>
        [JSON.stringify(claims), 'HB-125', claims] as [string, string, Record<string, unknown>],
    ),
    ...[undefined, '', 7, null, ['0123456749'], {}].map(
      vo_orgcode =>
        [`party ${JSON.stringify(vo_orgcode)}`, 'HB-125', { vo_orgcode }] as [
          string,
          string,
          Record<string, unknown>,
        ],
    ),
    ...['0123456748', '0999000327', KBO_TWICE, '0999000228', 'woonboog', "' OR 1=1 --"].map(
      vo_orgcode =>
        [`party ${vo_orgcode}`, 'HB-106', { vo_orgcode }] as [
          string,
          string,
          Record<string, unknown>,
        ],
    ),
    ...[undefined, 7, '', {}, [7]].map(
      scope =>
        [`scope ${JSON.stringify(scope)}`, 'HB-125', { scope }] as [
          string,
          string,
          Record<string, unknown>,
        ],
    ),
    ...['https://other.example', `${PUBLIC_URL}/op`, 'x'].map(
      iss => [`iss ${iss}`, 'HB-124', { iss }] as [string, string, Record<string, unknown>],
    ),
    ...[undefined, 'id_token+jwt', 'dpop+jwt', 'logout+jwt', '', 7].map(
      typ =>
        [`typ ${typ}`, 'HB-125', {}, { typ }] as [string, string, Record<string, unknown>, object],
    ),
    ...[undefined, '', 7, 'nowhere'].map(
      kid =>
        [`kid ${kid}`, 'HB-125', {}, { kid }] as [string, string, Record<string, unknown>, object],
    ),
  ]

  test.each(bad)('%s is refused with %s', async (_name, code, claims, header = {}) => {
    const refusal = await refusalOf(use(await issuer.token(claims, { header })))
    expect(refusal.code).toBe(code)
    expect(JSON.stringify(refusal.reasons)).not.toMatch(/other\.example|OR 1=1/)
  })

  test('over, or for longer than the setting lets it last', async () => {
    expect(await codeOf(use(await issuer.token({ exp: seconds(-11) })))).toBe('HB-103')
    expect(await codeOf(use(await issuer.token({ exp: seconds(3_700) })))).toBe('HB-125')
    await expect(use(await issuer.token({ exp: seconds(3_600) }))).resolves.toBeDefined()
  })

  test('of another key, algorithm or hand', async () => {
    const good = await issuer.token()
    const [header, claims] = good.split('.') as [string, string]
    const payload = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const mine = makeKey('i-1', 'ES256')
    const bad = [
      await issuer.token({}, { key: mine }),
      await issuer.token({}, { key: mine, header: { jwk: mine.jwk, jku: `${issuer.url}/jwks` } }),
      await issuer.token({}, { key: makeKey('i-1', 'EdDSA') }),
      await issuer.token({}, { key: NEXT }),
      `${header}.${claims}.`,
      ...['none', 'HS256', 'RS256', 'ES384', ''].map(alg =>
        byHand({ alg, typ: 'at+jwt', kid: 'i-1' }, payload, JSON.stringify(KEY.jwk)),
      ),
      await bench.signing.signToken(payload),
    ]
    for (const token of bad) expect(await codeOf(use(token))).toBe('HB-125')
  })

  test('RS256 counts only where the setting names it', async () => {
    const { privateKey, jwk } = makeKey('i-rs', 'PS256')
    const rs = { privateKey, jwk, alg: 'RS256' as 'PS256' }
    issuer.keys = [KEY, rs]
    expect(await codeOf(use(await issuer.token({}, { key: rs })))).toBe('HB-125')
    const lax = trusting(issuer.url, { algorithms: ['RS256'] })
    await expect(use(await issuer.token({}, { key: rs }), lax)).resolves.toBeDefined()
    expect(await codeOf(use(await issuer.token(), lax))).toBe('HB-125')
    await lax.close()
    issuer.keys = [KEY]
  })

  test('a refusal is evidence: of the party once that is proven, of nobody before', async () => {
    const own = trusting(issuer.url)
    await codeOf(own.verifyToken(`Bearer ${await issuer.token()}`, 'feedback:write'))
    await codeOf(use(await issuer.token({}, { key: makeKey('i-1', 'ES256') }), own))
    await own.close()
    const entries = await entriesOf(bench.db.pool, 'access.refused')
    const actors = (code: string) =>
      entries.filter(entry => entry['code'] === code).map(entry => entry['actor'])
    expect(actors('HB-107')).toContainEqual({ role: 'client', client: 'woonboog' })
    expect(actors('HB-125').length).toBeGreaterThan(0)
    expect(actors('HB-125').every(actor => !('client' in (actor as object)))).toBe(true)
  })
})

describe('keys of an issuer', () => {
  test('that are new are fetched when a token names one; those that are gone count no more', async () => {
    const by = trusting(issuer.url)
    await use(await issuer.token(), by)
    const before = issuer.asked.length
    for (let i = 0; i < 5; i += 1) await use(await issuer.token(), by)
    expect(issuer.asked).toHaveLength(before)
    issuer.keys = [NEXT]
    await expect(use(await issuer.token({}, { key: NEXT }), by)).resolves.toBeDefined()
    expect(issuer.asked).toHaveLength(before + 1)
    expect(await codeOf(use(await issuer.token(), by))).toBe('HB-125')
    issuer.keys = [KEY]
    await by.close()
  })

  test('are asked for no more than once in 30 seconds, however many tokens name others', async () => {
    const settings = settingsOf(issuer.url)
    const issuers = new TrustedIssuers({ settings, fetch: jwksFetcher(outbound), log: SILENT })
    const { parties, signing, clock, db } = bench
    const own = { pool: db.pool, parties, signing, publicUrl: PUBLIC_URL, log: SILENT }
    const by = new AccessTokens({ ...own, issuers, now: clock.now })
    await use(await issuer.token(), by)
    const before = issuer.asked.length
    const foreign = await Promise.all(
      Array.from({ length: 20 }, (_, i) => issuer.token({}, { header: { kid: `k-${i}` } })),
    )
    for (const token of foreign) expect(await codeOf(use(token, by))).toBe('HB-125')
    expect(issuer.asked).toHaveLength(before)
    await by.close()
  })

  test.each(['{"issuer":"https://x.example",', '{"keys":[],'])(
    'with a name twice let nobody in: %s…',
    async twice => {
      const real = jwksFetcher(outbound)
      const fetch = async (url: string) => {
        const text = String(await real(url))
        const [name = ''] = /(?<=")\w+/.exec(twice) ?? []
        return Buffer.from(text.includes(`"${name}"`) ? text.replace('{', twice) : text)
      }
      const by = trusting(issuer.url, {}, fetch)
      expect(await codeOf(use(await issuer.token(), by))).toBe('HB-126')
      await by.close()
    },
  )

  test('that cannot be had let nobody in, and are asked for once in a while only', async () => {
    const by = trusting(issuer.url)
    issuer.away = true
    const before = issuer.asked.length
    for (let i = 0; i < 5; i += 1) {
      const refusal = await refusalOf(use(await issuer.token(), by))
      expect(refusal).toMatchObject({ code: 'HB-126', status: 503, retryAfter: 5 })
    }
    expect(issuer.asked).toHaveLength(before + 2)
    issuer.away = false
    await by.close()
  })

  test('known ones go on counting while the issuer is away, whatever others send', async () => {
    const by = trusting(issuer.url)
    await use(await issuer.token(), by)
    issuer.away = true
    expect(await codeOf(use(await issuer.token({}, { key: OLD }), by))).toBe('HB-126')
    await expect(use(await issuer.token(), by)).resolves.toBeDefined()
    issuer.away = false
    await by.close()
  })

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { issuer: 'https://other.example' }],
    ['no jwks_uri', { jwks_uri: undefined }],
    ['keys in a file', { jwks_uri: 'file:///etc/passwd' }],
    ['keys in an inner network', { jwks_uri: 'http://169.254.169.254/keys' }],
  ])('metadata of %s is not gone by', async (_name, metadata) => {
    const by = trusting(issuer.url)
    issuer.metadata = metadata
    expect(await codeOf(use(await issuer.token(), by))).toBe('HB-126')
    issuer.metadata = {}
    await by.close()
  })
})

describe('the setting', () => {
  const read = (text: string) =>
    readTrustedIssuers({ publicUrl: PUBLIC_URL, allowLoopback: false, trustedIssuers: text })
  const one = (changes: object) =>
    JSON.stringify([{ issuer: 'https://a.example', party: { claim: 'c', kbo: true }, ...changes }])

  test('is a list or a file, and says what is wrong with it by its place', () => {
    expect(read(one({}))).toMatchObject([
      { issuer: 'https://a.example', audience: PUBLIC_URL, maxSeconds: 3_600 },
    ])
    expect(
      readTrustedIssuers({
        publicUrl: PUBLIC_URL,
        allowLoopback: false,
        trustedIssuers: undefined,
      }),
    ).toEqual([])
    for (const [text, message] of [
      ['[', /TRUSTED_ISSUERS is not JSON/],
      ['/nowhere/at/all.json', /TRUSTED_ISSUERS: the file cannot be read/],
      [one({ issuer: 'http://a.example' }), /\/0\/issuer must be an https address/],
      [one({ issuer: 'https://10.0.0.1' }), /\/0\/issuer must be an https address/],
      [one({ issuer: 'https://a.example?x=1' }), /\/0\/issuer must be an https address/],
      [one({ issuer: PUBLIC_URL }), /\/0\/issuer is this gateway itself/],
      [one({ algorithms: ['HS256'] }), /\/0\/algorithms\/0/],
      [one({ algorithms: ['none'] }), /\/0\/algorithms\/0/],
      [one({ party: { claim: 'c' } }), /\/0\/party/],
      [one({ party: { claim: 'c', kbo: true, values: { a: 'b' } } }), /\/0\/party/],
      [one({ scope: { values: { a: ['all'] } } }), /\/0\/scope\/values\/a\/0/],
      [one({ maxSeconds: 1e6 }), /\/0\/maxSeconds/],
      [one({ more: 1 }), /\/0 /],
      [`[${one({}).slice(1, -1)},${one({}).slice(1)}`, /names one issuer twice/],
    ] as const)
      expect(() => read(text)).toThrow(message)
  })
})
