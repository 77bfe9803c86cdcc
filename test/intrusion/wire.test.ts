import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { sayRaw } from '../hardening/raw-socket.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import { bodyOf, browse, fill, promised, TARGETS } from './kit.ts'

const HOOK = 'http://127.0.0.1:9/smuggled'
const MIB = 1024 * 1024

let gateway: TestGateway
let port: number
let token: string

beforeAll(async () => {
  gateway = await testGateway({
    roles: 'api,console',
    webhooks: false,
    settings: { HUISBRUG_PARTY_PER_SECOND: '10000', HUISBRUG_PARTY_BURST: '100000' },
  })
  port = Number(new URL(gateway.url).port)
  token = await tokenFor(gateway, 'woonboog')
  await openDomain(gateway)
})
afterAll(() => gateway?.close())

const hooks = async () =>
  (await gateway.db.pool.query('SELECT count(*)::int AS n FROM webhook WHERE url = $1', [HOOK]))
    .rows[0].n

/** A request that would do something: what somebody hides behind or inside another one. */
function hidden(): string {
  const body = JSON.stringify({ url: HOOK })
  return [
    ...['PUT /v1/webhook HTTP/1.1', 'Host: gateway', `Authorization: Bearer ${token}`],
    ...[`Content-Length: ${body.length}`, 'Content-Type: application/json', '', body],
  ].join('\r\n')
}

const OUTER = ['POST /v1/deliveries/retry', 'GET /health/live', 'GET /v1/webhook', 'HEAD /v1/inbox']

/** Ways to say where a body ends that two readers may take for two places; the rest is the hidden one. */
const FRAMES: Record<string, (rest: string) => string> = {
  'a length that is too short and chunks': rest =>
    `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${rest}`,
  'chunks and a length that covers all': rest =>
    `Transfer-Encoding: chunked\r\nContent-Length: ${rest.length + 5}\r\n\r\n0\r\n\r\n${rest}`,
  'two lengths': rest => `Content-Length: ${rest.length}\r\nContent-Length: 0\r\n\r\n${rest}`,
  'two lengths in one': rest => `Content-Length: 0, ${rest.length}\r\n\r\n${rest}`,
  'chunked in two words': rest => `Transfer-Encoding: chunked identity\r\n\r\n0\r\n\r\n${rest}`,
  'chunked, with a vertical tab': rest =>
    `Content-Length: 5\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${rest}`,
  'chunked, with a tab before the colon': rest =>
    `Content-Length: 5\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n${rest}`,
  'chunked, with a NUL': rest =>
    `Content-Length: 5\r\nTransfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n${rest}`,
  'chunked in quotes': rest =>
    `Content-Length: 5\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${rest}`,
  'chunked, folded': rest =>
    `Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${rest}`,
  'chunked behind a line that ends in LF': rest =>
    `Content-Length: 5\r\nX-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${rest}`,
  'chunked behind a line that ends in CR': rest =>
    `Content-Length: 5\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${rest}`,
  'a chunk whose size ends in LF': rest =>
    `Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n${rest}`,
  'a chunk with more than it says': rest =>
    `Transfer-Encoding: chunked\r\n\r\n2\r\n{}${rest}\r\n0\r\n\r\n`,
  'an extension that holds a line': rest =>
    `Transfer-Encoding: chunked\r\n\r\n2;a="\n0\n\n"\r\n{}\r\n0\r\n\r\n${rest}`,
  'an extension without an end': rest =>
    `Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n${rest}`,
  'a chunk in a sign': rest => `Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n${rest}`,
  'a chunk of an overflow': rest =>
    `Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n${rest}`,
  'a length inside an underscore': rest =>
    `Content_Length: ${rest.length}\r\nContent-Length: 0\r\n\r\n${rest}`,
  'a body that is said to come later': rest =>
    `Expect: 100-continue\r\nExpect: nothing\r\nContent-Length: ${rest.length}\r\n\r\n${rest}`,
  'a body of its whole length': rest => `Content-Length: ${rest.length}\r\n\r\n${rest}`,
  'a body in one chunk': rest =>
    `Transfer-Encoding: chunked\r\n\r\n${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`,
  'a trailer with a name of who asks': rest =>
    `Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer ${token}\r\n\r\n${rest.slice(0, 0)}`,
}

test('no request that hides in another one is done', async () => {
  const told: string[] = []
  let cases = 0
  const bound = `Host: gateway\r\nContent-Type: application/json\r\n`
  for (const outer of OUTER)
    for (const [name, frame] of Object.entries(FRAMES)) {
      const request = `${outer} HTTP/1.1\r\n${bound}${frame(hidden())}`
      const { statuses, text } = await sayRaw(port, request, 40)
      cases += 1
      // After the first answer at most one that says that what follows is no request.
      const after = statuses.filter(status => status !== 100).slice(1)
      if (after.some(status => status !== 400) || (await hooks()) > 0)
        told.push(`${outer}, ${name}: ${statuses}`)
      if (statuses[0] === 500 || text.includes('node:')) told.push(`${outer}, ${name}: ${text}`)
    }
  expect(told).toEqual([])
  expect(cases).toBeGreaterThanOrEqual(promised('requests inside requests'))
  // In the open, behind another one, it is done: it would have been seen.
  const { statuses } = await sayRaw(
    port,
    `GET /health/live HTTP/1.1\r\nHost: g\r\n\r\n${hidden()}`,
    1_000,
  )
  expect([statuses, await hooks()]).toEqual([[200, 200], 1])
})

/** Headers of which one reader takes the first, the next the last; the good one is among them. */
function twice(): Record<string, string[]> {
  const good = `Authorization: Bearer ${token}`
  return {
    'two tokens, the good one first': [good, 'Authorization: Bearer x'],
    'two tokens, the good one last': ['Authorization: Bearer x', good],
    'the same token twice': [good, good],
    'a token, and one with an underscore': [good, 'Authorization_: Bearer x', 'X_JWS_Signature: a'],
    'a token behind a line of its own': ['X-A: b', ' Authorization: Bearer x', good],
    'a token, and a space before the colon': ['Authorization : Bearer x', good],
    'two hosts': ['Host: elsewhere.example', good],
    'two signatures': ['X-JWS-Signature: a..b', 'X-JWS-Signature: c..d', good],
    'two keys of repetition': [`Idempotency-Key: ${randomUUID()}`, 'Idempotency-Key: b', good],
    'two proofs': ['DPoP: a', 'DPoP: b', good],
    'two types': ['Content-Type: text/plain', 'Content-Type: application/json', good],
    'two codings': ['Content-Encoding: gzip', 'Content-Encoding: identity', good],
  }
}

test('a header that means one thing is there once, or the request is not done', async () => {
  const told: string[] = []
  for (const [name, headers] of Object.entries(twice())) {
    const lines = ['DELETE /v1/webhook HTTP/1.1', 'Host: gateway', ...headers, '', '']
    const { statuses, closed } = await sayRaw(port, lines.join('\r\n'), 40)
    if (statuses.join() !== '400' || !closed) told.push(`${name}: ${statuses} ${closed}`)
  }
  expect(told).toEqual([])
  expect(await hooks()).toBe(1)
})

test('a foreign host leads to no link, and other names of an address to no rights', async () => {
  const evil = 'elders.example'
  const more = `X-Forwarded-Host: ${evil}\r\nForwarded: host=${evil};for=127.0.0.1\r\nX-Host: ${evil}\r\n`
  const paths = [
    '/.well-known/oauth-authorization-server',
    '/console/aanmelden',
    '/v1/protocols',
    '/x',
  ]
  for (const path of paths) {
    const request = `GET ${path} HTTP/1.1\r\nHost: ${evil}\r\n${more}Accept: text/html\r\n\r\n`
    const { statuses, text } = await sayRaw(port, request, 60)
    expect([path, statuses.length, text.includes(evil)]).toEqual([path, 1, false])
  }
  // Behind a proxy on this machine nobody is local: figures are for who is.
  const figures = (headers: Record<string, string>) => browse(`${gateway.url}/metrics`, { headers })
  const proxied = {
    ...{ 'x-forwarded-for': '::1', forwarded: 'for=127.0.0.1', 'x-real-ip': '127.0.0.1' },
    ...{ via: '1.1 proxy', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'localhost' },
  }
  expect((await figures({})).status).toBe(200)
  for (const [name, value] of Object.entries(proxied))
    expect([name, (await figures({ [name]: value })).status]).toEqual([name, 404])
  expect((await figures({ 'x-forwarded-for': '' })).status).toBe(404)
  // Nor does health say more to others than what is well and what is not.
  const ready = async (headers: Record<string, string>) =>
    JSON.parse((await browse(`${gateway.url}/health/ready`, { headers })).html)
  const details = ({ checks }: { checks: { detail: string }[] }) => checks.map(it => it.detail)
  expect(new Set(details(await ready(proxied)))).toEqual(new Set(['told on the machine itself']))
  expect(details(await ready({})).join()).toMatch(/PostgreSQL \d/)
})

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** What is too large, too deep or too much for any body, with the statuses that say so. */
const TOO_MUCH: Record<string, [number[], string | Buffer, Record<string, string>?]> = {
  'a mebibyte and a byte': [[413], `"${'a'.repeat(MIB)}"`],
  'lists in 33 lists': [[400], deep(33)],
  'lists in lists without end': [[400], '['.repeat(MIB - 1)],
  'objects in objects without end': [[400], '{"a":'.repeat(200_000)],
  'a hundred thousand values': [[400], `[${'0,'.repeat(120_000)}0]`],
  'a name twice': [[400], '{"protocol":"a","protocol":"b"}'],
  'a prototype': [[400], '{"__proto__":{"role":"x"},"constructor":{"prototype":{"a":1}}}'],
  'a number without end': [[400, 404, 422], `{"found":1e${'9'.repeat(400)}}`],
  'a bomb in gzip': [[400], gzipSync(Buffer.alloc(8 * MIB, 0x20)), { 'content-encoding': 'gzip' }],
  'UTF-16': [[400], Buffer.from('{"protocol":"wm-vdab"}', 'utf16le')],
  'another type': [[415], '<a/>', { 'content-type': 'application/xml' }],
  'another type with that name in it': [
    [415],
    '{}',
    { 'content-type': 'text/plain;a=application/json' },
  ],
}

test('what is too much is refused by every operation that takes a body, at once', async () => {
  const told: string[] = []
  let cases = 0
  const { sessions } = gateway.context
  const tokens: Record<string, string> = {
    woonboog: token,
    vdab: await tokenFor(gateway, 'vdab'),
    person: (await sessions.makeToken('privacy-officer')).token,
  }
  const targets = TARGETS.filter(it => bodyOf(it) && it.by !== 'anybody')
  for (const [at, target] of targets.entries())
    for (const [name, [statuses, body, headers]] of Object.entries(TOO_MUCH)) {
      // All go through one door: large ones take long, and knock at every fifth.
      if (body.length > 100_000 && at % 5 > 0) continue
      const start = performance.now()
      const reply = await browse(`${gateway.url}${fill(target.path)}`, {
        ...{ method: target.method, body: body as never },
        headers: {
          'content-type': 'application/json',
          ...{ authorization: `Bearer ${tokens[target.by]}`, ...headers },
          ...(target.by !== 'person' && { 'idempotency-key': randomUUID() }),
        },
      })
      cases += 1
      if (!statuses.includes(reply.status)) told.push(`${target.name}, ${name}: ${reply.status}`)
      if (performance.now() - start > 20_000) told.push(`${target.name}, ${name}: slow`)
    }
  const form = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
    browse(`${gateway.url}${path}`, { method: 'POST', body, headers: { 'content-type': type } })
  for (const path of ['/oauth/token', '/console/aanmelden'])
    for (const body of [`a=${'b'.repeat(20_000)}`, 'a=b&'.repeat(5_000), 'a[b]'.repeat(4_000)]) {
      const { status } = await form(path, body)
      if (![400, 403, 413].includes(status)) told.push(`${path}: ${status}`)
    }
  expect(told).toEqual([])
  expect(({} as { role?: string }).role).toBeUndefined()
  expect(cases).toBeGreaterThanOrEqual(promised('bodies that are too much'))
}, 120_000)

test('the names of a form cost what they weigh, not each other', async () => {
  const cost = async (requests: number, names: number) => {
    const body = Array.from({ length: names }, (_, i) => i.toString(36)).join('&')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const times: number[] = []
    for (let turn = 0; turn < 6; turn += 1) {
      // Of the processor: other programs do not count.
      const before = process.cpuUsage()
      for (let sent = 0; sent < requests; sent += 1)
        await browse(`${gateway.url}/oauth/token`, { method: 'POST', body, headers })
      times.push(process.cpuUsage(before).user)
    }
    return Math.min(...times)
  }
  // As many names in one go as in forty: read in one pass a seventh, each held against each as much and more.
  // Enough together that the steps of the clock do not count.
  const spread = await cost(40, 100)
  expect(await cost(1, 4_000)).toBeLessThan(0.4 * spread)
})

test('headers, addresses and cookies without measure end the connection, and others go on', async () => {
  const long = 'a'.repeat(20_000)
  const lines: Record<string, string> = {
    'a long address': `GET /v1/inbox?after=${long} HTTP/1.1\r\nHost: g\r\n\r\n`,
    'a long name': `GET /v1/inbox HTTP/1.1\r\nHost: g\r\n${long}: b\r\n\r\n`,
    'a long token': `GET /v1/inbox HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${long}\r\n\r\n`,
    'a long cookie': `GET /console HTTP/1.1\r\nHost: g\r\nCookie: huisbrug-sessie=${long}\r\n\r\n`,
    'many cookies': `GET /console HTTP/1.1\r\nHost: g\r\n${'Cookie: a=b\r\n'.repeat(101)}\r\n`,
    'a long method': `${'A'.repeat(20_000)} / HTTP/1.1\r\nHost: g\r\n\r\n`,
    'a long trailer': `POST /v1/webhook/test HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ${long}\r\n\r\n`,
  }
  for (const [name, request] of Object.entries(lines)) {
    const { statuses } = await sayRaw(port, request, 60)
    expect([name, statuses.every(status => status >= 400 && status < 500)]).toEqual([name, true])
    expect([name, (await browse(`${gateway.url}/health/live`)).status]).toEqual([name, 200])
  }
})
