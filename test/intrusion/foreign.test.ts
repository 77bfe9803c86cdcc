import { createHmac, createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { toJwks } from '../../src/client/index.ts'
import { PAGES } from '../../src/console/pages/index.ts'
import { newId } from '../../src/ids.ts'
import { feedbackFor } from '../loop-closing/kit.ts'
import { openDomain, TODAY } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway } from '../support/gateway.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'
import { testKey } from '../support/statements.ts'
import { bodyOf, browse, fill, promised, TARGETS, type Target } from './kit.ts'

/** Parties that have nothing: whatever exists is another's. */
const STRANGERS = ['leefgoed', 'andere-dienst'] as const
const GOOD: Record<string, string> = {}

let gateway: TestGateway
let known: { kind: 'msg' | 'del' | 'fb' | 'req'; id: string }[]
let cookie: string

beforeAll(async () => {
  gateway = await testGateway({
    webhooks: false,
    settings: { HUISBRUG_PARTY_PER_SECOND: '10000', HUISBRUG_PARTY_BURST: '100000' },
  })
  await openDomain(gateway)
  const pair = testKey('andere-dienst')
  const more = { kind: 'employment-service', name: 'Andere dienst', kbo: '0999000525' } as const
  await gateway.context.parties.add({ id: 'andere-dienst', ...more, jwks: { set: toJwks(pair) } })
  Object.assign(gateway.keys, { 'andere-dienst': pair })
  const { request, messageId, ids } = await feedbackFor(gateway, 'woonboog')
  for (const party of ['woonboog', 'vdab', ...STRANGERS])
    GOOD[party] = await tokenFor(gateway, party as PartyId)
  const { rows } = await gateway.db.pool.query<{ id: string }>(
    'SELECT id FROM hand_over ORDER BY id',
  )
  known = [
    ...[request, messageId].map(id => ({ kind: 'msg' as const, id })),
    ...rows.map(({ id }) => ({ kind: 'del' as const, id })),
    { kind: 'fb', id: ids[0] ?? '' },
  ]
  const { sessions } = gateway.context
  GOOD['person'] = (await sessions.makeToken('privacy-officer')).token
  cookie = (await sessions.openSession(await sessions.makeLink('privacy-officer'))).cookie
})
afterAll(() => gateway?.close())

const PROTECTED = TARGETS.filter(({ by }) => by !== 'anybody')

/** What a stranger is told, without what differs by call, and the id itself put aside. */
function shapeOf({ status, headers, text }: RawReply, id: string) {
  const told = text.replace(/(?<="receipt":")[^"]+/, receipt => {
    const { entryCommitment: _, iat: _at, digest: _digest, ...claims } = decodeJwt(receipt)
    return JSON.stringify(claims)
  })
  const same = told.replaceAll(id, '*').replace(/(msg|req|inst)_[0-9A-Z]{26}/g, '#')
  const fixed = [...headers].filter(([name]) => !/^(date|etag|x-request-id|ratelimit)/.test(name))
  return { status, same, fixed }
}

/** Where an id goes in: in the path, the query or the body of an operation. */
interface Place {
  name: string
  target: Target
  ask: (id: string, party: string) => Promise<RawReply>
}

const BODIES: Record<string, (id: string) => object> = {
  'post /v1/detections/{messageId}/answer': () => ({
    ...{ requestDigest: 'A'.repeat(43), granularity: 'counts', found: 0 },
  }),
  'post /v1/feedback/{feedbackId}/progress': () => ({ status: 'taken-up', on: TODAY }),
  'post /v1/inbox/acknowledgements': upTo => ({ upTo }),
}

function places(): Place[] {
  return TARGETS.filter(({ by }) => by === 'woonboog' || by === 'vdab').flatMap(target => {
    const { name, method, path, parameters } = target
    const ask = (place: string, party: string, body: object | undefined) =>
      call(gateway, method, place, {
        ...{ token: GOOD[party] ?? '' },
        ...(method !== 'GET' && { key: randomUUID() }),
        ...(body && { body }),
      })
    const inPath: Place[] = path.includes('{')
      ? [{ name, target, ask: (id, party) => ask(fill(path, id), party, BODIES[name]?.(id)) }]
      : []
    const inQuery: Place[] = parameters
      .filter(one => one.in === 'query' && one.name === 'after')
      .map(() => ({
        name: `${name}?after`,
        ...{ target, ask: (id, party) => ask(`${path}?after=${id}`, party, undefined) },
      }))
    const inBody: Place[] =
      !path.includes('{') && BODIES[name]
        ? [
            {
              name: `${name} upTo`,
              target,
              ask: (id, party) => ask(path, party, BODIES[name]?.(id)),
            },
          ]
        : []
    return [...inPath, ...inQuery, ...inBody]
  })
}

test("another party's id, of whatever kind, is answered as an unknown one at every place", async () => {
  const told: string[] = []
  let cases = 0
  for (const { name, ask } of places())
    for (const party of STRANGERS)
      for (const { kind, id } of known) {
        const unknown = newId(kind as 'msg', new Date())
        const [one, other] = [await ask(unknown, party), await ask(id, party)]
        cases += 1
        const isSame = JSON.stringify(shapeOf(one, unknown)) === JSON.stringify(shapeOf(other, id))
        if (!isSame) told.push(`${name} ${party} ${kind}: ${one.status}, ${other.status}`)
      }
  expect(told).toEqual([])
  expect(places().length).toBeGreaterThan(6)
  // Whose it is gets another answer: these ids exist.
  const [message] = known
  const own = await call(gateway, 'GET', `/v1/messages/${message?.id}`, {
    token: GOOD['woonboog']!,
  })
  expect(own.status).toBe(200)
  expect(cases).toBeGreaterThanOrEqual(promised('ids of another party'))
})

test('a key of repetition, a reference and a domain of another say nothing either', async () => {
  const key = randomUUID()
  const post = (party: string, path: string, body: object, keyed = randomUUID()) =>
    call(gateway, 'POST', path, { token: GOOD[party]!, key: keyed, body })
  const ended = (tenantRef: string) => ({
    ...{ protocol: 'wm-vdab', nonce: randomUUID().padEnd(43, 'A') },
    items: [{ tenantRef, endedOn: TODAY }],
  })
  const { rows } = await gateway.db.pool.query('SELECT count(*)::int AS n FROM route')
  expect(rows[0].n).toBeGreaterThan(0)
  const shape = async (reply: Promise<RawReply>, ref: string) => shapeOf(await reply, ref)
  await post('woonboog', '/v1/tenancies/ended', ended('onbekend-1'), key)
  const again = await post('leefgoed', '/v1/tenancies/ended', ended('onbekend-1'), key)
  expect(again.status).not.toBe(409)
  expect(
    await shape(post('leefgoed', '/v1/tenancies/ended', ended('tenant-0')), 'tenant-0'),
  ).toEqual(await shape(post('leefgoed', '/v1/tenancies/ended', ended('tenant-x')), 'tenant-x'))
  const usage = (tenantRef: string) =>
    shape(post('leefgoed', '/v1/subjects/usage', { tenantRef }), tenantRef)
  expect(await usage('tenant-0')).toEqual(await usage('tenant-x'))
  const domain = (name: string) =>
    shape(post('andere-dienst', '/v1/pseudonyms/domains/ready', { domain: name }), name)
  expect(await domain('wm-vdab/1/1')).toEqual(await domain('wm-vdab/1/9'))
})

/** A page without what differs by request, and the id itself put aside. */
function bareOf({ status, html }: { status: number; html: string }, id: string) {
  // A place in the log is a number, which stands elsewhere too.
  const bare = html
    .replaceAll(id.length > 9 ? id : `/${id}`, '*')
    .replace(/req_[0-9A-Z]{26}/g, '#')
    .replace(/(name="csrf" value=)"[^"]+"/g, '$1')
    .replace(/\d{4}-\d\d-\d\dT[^"<]+|\d\d?:\d\d(:\d\d)?/g, '')
  return { status, bare }
}

test('the privacy officer of one party is told of objects of another what is told of none', async () => {
  const { context } = gateway
  await sequenceOnce(context)
  const { sessions } = context
  const officer = await sessions.openSession(await sessions.makeLink('privacy-officer', 'leefgoed'))
  const headers = { cookie: `huisbrug-sessie=${officer.cookie}`, 'x-csrf-token': officer.csrf }
  const ask = (path: string) => browse(`${gateway.url}${path}`, { headers })
  const send = (path: string, form: Record<string, string>) => {
    const body = new URLSearchParams({ ...form, csrf: officer.csrf })
    return browse(`${gateway.url}${path}`, { method: 'POST', headers, body })
  }
  const { rows } = await gateway.db.pool.query<{ index: number }>(
    "SELECT index FROM audit_entry WHERE convert_from(entry, 'UTF8')::jsonb -> 'actor' ->> 'party' = 'woonboog'",
  )
  expect(rows.length).toBeGreaterThan(3)
  const ids = [
    ...known.map(({ kind, id }) => [id, newId(kind as 'msg', new Date())] as const),
    ...rows.map(({ index }) => [String(index), '99999999'] as const),
  ]
  const places: [string, (id: string) => ReturnType<typeof browse>][] = [
    ...PAGES.filter(({ path }) => path.includes(':') && !/^.(protocollen|partijen)/.test(path)).map(
      ({ method, path }): (typeof places)[number] => {
        const at = (id: string) => `/console${path.replace(/:\w+/g, id)}`
        const form = { bevestigd: 'ja', wat: 'hervatten', reden: 'Onderzoek.' }
        return [`${method} ${path}`, id => (method === 'get' ? ask(at(id)) : send(at(id), form))]
      },
    ),
    ['filter of messages', id => ask(`/console/berichten?bericht=${id}`)],
    ['filter of the log', id => ask(`/console/auditlog?bericht=${id}`)],
    ['entries by message', id => ask(`/v1/audit/entries?messageId=${id}&limit=5`)],
    ['export by message', id => ask(`/v1/audit/export?messageId=${id}`)],
    ['one entry', id => ask(`/v1/audit/entries/${id}`)],
  ]
  const told: string[] = []
  let cases = 0
  for (const [name, place] of places)
    for (const [id, unknown] of ids) {
      if (/^\d/.test(id) && !/:index|one entry/.test(name)) continue
      const [one, other] = [bareOf(await place(unknown), unknown), bareOf(await place(id), id)]
      cases += 1
      if (one.status !== other.status || one.bare !== other.bare)
        told.push(`${name}, ${id}: ${one.status}, ${other.status}`)
    }
  for (const { method, path } of PAGES.filter(it => !it.path.includes(':'))) {
    if (method !== 'get') continue
    const { html } = await ask(`/console${path}`)
    const held = [...known.map(it => it.id), 'tenant-0"', '>tenant-0<'].filter(it =>
      html.includes(it),
    )
    if (held.length > 0) told.push(`${path} shows ${held}`)
  }
  const all = await ask('/v1/audit/entries?limit=1000')
  if (/"party":"(woonboog|vdab)"/.test(all.html)) told.push('entries of others')
  expect(told).toEqual([])
  expect(cases).toBeGreaterThanOrEqual(promised('objects behind an officer of one party'))
}, 120_000)

/** Credentials that are none, made from good ones. */
async function badCredentials(): Promise<Record<string, Record<string, string>>> {
  const good = GOOD['woonboog']!
  const [head = '', claims = '', signature = ''] = good.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString())
  const said = decodeJwt(good)
  const { privateKey } = gateway.keys.woonboog
  const own = createPrivateKey({ key: privateKey as never, format: 'jwk' })
  const mine = generateKeyPairSync('ed25519')
  const jwk = mine.publicKey.export({ format: 'jwk' })
  const signed = (key: typeof own, more: object, changes: object = {}) =>
    new SignJWT({ ...said, ...changes }).setProtectedHeader({ ...header, ...more }).sign(key)
  const { keys } = (await call(gateway, 'GET', '/.well-known/jwks.json')).body as unknown as {
    keys: { kid: string; x: string }[]
  }
  const mac = (secret: string | Buffer) => {
    const input = `${encode({ ...header, alg: 'HS256' })}.${claims}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const published = keys.find(({ kid }) => kid === header.kid) ?? keys[0]!
  const jku = `${gateway.vdab.url}/jwks.json`
  const receipts = await gateway.db.pool.query<{ receipt: string }>(
    'SELECT receipt FROM message WHERE receipt IS NOT NULL LIMIT 1',
  )
  const tokens: Record<string, string> = {
    'alg none': `${encode({ ...header, alg: 'none' })}.${claims}.`,
    'alg None, with a signature': `${encode({ ...header, alg: 'None' })}.${claims}.${signature}`,
    'no signature': `${head}.${claims}.`,
    'claims of another party': `${head}.${encode({ ...said, sub: 'vdab', client_id: 'vdab' })}.${signature}`,
    'a later end': `${head}.${encode({ ...said, exp: Number(said.exp) + 9_999 })}.${signature}`,
    'a MAC with the public key': mac(Buffer.from(published.x, 'base64url')),
    'a MAC with the JWK': mac(JSON.stringify(published)),
    'the key of the party': await signed(own, {}),
    'a key that comes along': await signed(mine.privateKey, { jwk }),
    'a key at an address': await signed(mine.privateKey, { jku, x5u: jku }),
    'a kid that is a path': await signed(mine.privateKey, { kid: '../../../dev/null' }),
    'a kid that is SQL': await signed(mine.privateKey, { kid: "' UNION SELECT 'a" }),
    'an empty key': mac(''),
    'an assertion': await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'EdDSA', kid: String(privateKey.kid) })
      .setIssuer('woonboog')
      .setSubject('woonboog')
      .setAudience(`${gateway.url}/oauth/token`)
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(own),
    'a receipt': receipts.rows[0]?.receipt ?? '',
    'a cookie': cookie,
    'a token cut short': good.slice(0, -4),
  }
  const bearers = Object.entries(tokens).map(([name, token]) => {
    return [name, { authorization: `Bearer ${token}` }] as const
  })
  return {
    ...Object.fromEntries(bearers),
    nothing: {},
    'no token': { authorization: 'Bearer' },
    'a name and password': { authorization: `Basic ${btoa('vdab:vdab')}` },
    'two tokens in one': { authorization: `Bearer x, Bearer ${good}` },
    'another scheme': { authorization: `Token ${good}` },
    'a token of DPoP without proof': { authorization: `DPoP ${good}` },
    'a token in a cookie': { cookie: `access_token=${good}; Authorization=Bearer ${good}` },
    'names of who asks': { 'x-forwarded-user': 'vdab', 'x-remote-user': 'vdab', from: 'vdab' },
    'an address that is trusted': { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
  }
}

test('no operation that asks for somebody opens for a credential that is none', async () => {
  const told: string[] = []
  let cases = 0
  const bad = await badCredentials()
  const before = await messages()
  for (const target of PROTECTED) {
    const body = bodyOf(target)
    for (const [name, headers] of Object.entries(bad)) {
      const isGet = target.method === 'GET'
      const path = fill(target.path)
      const reply = await call(gateway, target.method, path, {
        ...{ headers, ...(!isGet && { key: randomUUID() }) },
        ...(body && { body }),
      })
      cases += 1
      const isRefused =
        [401, 403].includes(reply.status) && /^HB-1\d\d$/.test(reply.body.code ?? '')
      if (!isRefused) told.push(`${target.name}, ${name}: ${reply.status} ${reply.body.code}`)
      if (reply.status === 401 && !reply.headers.has('www-authenticate'))
        told.push(`${target.name}, ${name}: no challenge`)
    }
    const query = `?access_token=${GOOD[target.by]}&token=${GOOD[target.by]}`
    const inQuery = await call(gateway, target.method, `${fill(target.path)}${query}`)
    if (inQuery.status !== 401) told.push(`${target.name}, in the query: ${inQuery.status}`)
  }
  expect(told).toEqual([])
  expect(await messages()).toBe(before)
  expect(gateway.vdab.received.map(it => it.path)).not.toContain('/jwks.json')
  expect(cases).toBeGreaterThanOrEqual(promised('credentials that are none'))
}, 120_000)

const messages = async () =>
  (await gateway.db.pool.query('SELECT count(*)::int AS n FROM message')).rows[0].n

/** Paths that somebody may take for another one. */
const DISGUISES: Record<string, (path: string) => string> = {
  'a slash at the end': path => `${path}/`,
  'two slashes inside': path => path.replace(/(?<=.)\//, '//'),
  'a dot inside': path => path.replace(/(?<=.)\//, '/./'),
  'dots inside': path => path.replace(/(?<=.)\//, '/x/../'),
  'dots in percents': path => path.replace(/(?<=.)\//, '/x/%2e%2e/'),
  'a slash in percents': path => path.replace(/(?<=.)\//, '%2f'),
  'a slash in percents twice': path => path.replace(/(?<=.)\//, '%252f'),
  'a letter in percents': path => `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
  capitals: path => path.toUpperCase(),
  'a parameter of the path': path => `${path};a=b`,
  'an ending': path => `${path}.json`,
  'a NUL at the end': path => `${path}%00`,
  'a backslash': path => path.replace(/(?<=.)\//, '%5c'),
  'a line end': path => `${path}%0d%0aX-A:%20b`,
}

const HEADERS = ['x-original-url', 'x-rewrite-url', 'x-http-method-override', 'x-forwarded-prefix']

test('no other way of writing a path or method opens what is closed', async () => {
  const told: string[] = []
  let cases = 0
  const ask = async (what: string, method: string, path: string, headers = {}) => {
    const reply = await browse(`${gateway.url}${path}`, { method, headers })
    cases += 1
    if (reply.status < 400) told.push(`${what}: ${method} ${reply.status}`)
  }
  for (const { name, method, path } of PROTECTED) {
    for (const [how, disguise] of Object.entries(DISGUISES))
      await ask(`${name}, ${how}`, method, disguise(fill(path)))
    await ask(name, 'HEAD', fill(path))
    const open = { 'x-http-method-override': method, 'x-original-url': fill(path) }
    await ask(`${name} by header`, 'POST', '/health/live', { ...open, 'x-rewrite-url': fill(path) })
  }
  expect(told).toEqual([])
  // Who closes a path at a proxy closes it as it is written.
  for (const path of ['/HEALTH/LIVE', '/CONSOLE/aanmelden', '/Metrics', '/metrics/', '/%6detrics'])
    expect([path, (await browse(`${gateway.url}${path}`)).status]).toEqual([path, 404])
  const live = await call(gateway, 'GET', '/health/live', {
    headers: Object.fromEntries(HEADERS.map(name => [name, '/metrics'])),
  })
  expect(live.body).toEqual({ status: 'ok' })
  expect(cases).toBeGreaterThanOrEqual(promised('paths in disguise'))
}, 120_000)

test('no answer to somebody is kept by a cache or read by another site', async () => {
  const evil = { origin: 'https://elders.example' }
  for (const target of PROTECTED) {
    const body = bodyOf(target)
    const { headers } = await browse(`${gateway.url}${fill(target.path)}`, {
      method: target.method,
      headers: {
        ...{ ...evil, authorization: `Bearer ${GOOD[target.by]}` },
        ...(body && { 'content-type': 'application/json' }),
        ...(target.method !== 'GET' &&
          target.by !== 'person' && { 'idempotency-key': randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    expect([target.name, headers.get('cache-control')]).toEqual([target.name, 'no-store'])
    expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  }
  for (const path of ['/v1/inbox', '/v1/detections', '/console', '/oauth/token']) {
    const { status, headers } = await call(gateway, 'OPTIONS', path, { headers: evil })
    expect([path, status < 500, headers.has('access-control-allow-origin')]).toEqual([
      path,
      true,
      false,
    ])
  }
})
