import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { readSchema, type SchemaId } from '../../src/schemas.ts'
import { openDomain } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway } from '../support/gateway.ts'
import { call, type RawReply, tokenFor } from '../support/raw.ts'

/**
 * Whatever a caller sends, the fault is never ours (no 5xx but a protocol's own 503) and the reply fits
 * the description, which testGateway asserts when it closes.
 */
let gateway: TestGateway
const tokens: Partial<Record<PartyId, string>> = {}

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  for (const party of ['woonboog', 'vdab'] as const) tokens[party] = await tokenFor(gateway, party)
})
afterAll(async () => {
  await gateway.close()
})

const MESSAGE = 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
const FEEDBACK = 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
const SECRET = '85073003328'

const POSTS: [PartyId, string, string, SchemaId][] = [
  ['woonboog', 'POST', '/v1/detections', 'detection-request'],
  ['vdab', 'POST', `/v1/detections/${MESSAGE}/answer`, 'detection-answer'],
  ['vdab', 'POST', '/v1/feedback', 'feedback-request'],
  ['woonboog', 'POST', `/v1/feedback/${FEEDBACK}/progress`, 'progress'],
  ['woonboog', 'POST', '/v1/tenancies/ended', 'tenancies-ended'],
  ['woonboog', 'POST', '/v1/periods/close', 'period-close'],
  ['vdab', 'POST', '/v1/pseudonyms/evaluations', 'evaluation-request'],
  ['vdab', 'POST', '/v1/pseudonyms/domains/ready', 'domain-ready'],
  ['woonboog', 'PUT', '/v1/webhook', 'webhook'],
  ['woonboog', 'POST', '/v1/inbox/acknowledgements', 'inbox-acknowledgement'],
]

const oddArb = fc.constantFrom<unknown>(
  ...[null, true, -1, 0.5, 1e308, '', ' ', SECRET, '\u0000', '\ud800', '../..', '\u202e', '🏠'],
  ...['0000-01-01', '1900-01-01', '2199-12-31', '2026-02-30', 'x'.repeat(5_000)],
  ...[[], {}, [[]], [null], { toString: 1 }],
)

/** A body with one place changed, taken away, given twice or added to. */
function mutate(value: unknown, odd: unknown, dice: () => number): unknown {
  if (Array.isArray(value)) return mutateList(value, odd, dice)
  if (typeof value !== 'object' || value === null) return odd
  const entries = Object.entries(value)
  const pick = dice() % (entries.length + 3)
  const [name] = entries[pick] ?? []
  if (name === undefined) return JSON.parse(`${JSON.stringify(value).slice(0, -1)},${extra(pick)}}`)
  return Object.fromEntries(
    dice() % 5 === 0
      ? entries.filter(([key]) => key !== name)
      : entries.map(([key, part]) => [key, key === name ? mutate(part, odd, dice) : part]),
  )
}

function mutateList(list: unknown[], odd: unknown, dice: () => number): unknown {
  const at = dice() % (list.length + 2)
  if (at === list.length) return [...list, ...list]
  if (at > list.length) return odd
  return list.map((part, index) => (index === at ? mutate(part, odd, dice) : part))
}

function extra(pick: number): string {
  const parts = ['"__proto__":{"protocol":"wm-vdab"}', '"constructor":{"prototype":1}']
  return parts[pick % 2] ?? ''
}

function judge(reply: RawReply): void {
  const ownFault = reply.status >= 500 && reply.status !== 503
  expect({ ownFault, body: ownFault && reply.text }).toEqual({ ownFault: false, body: false })
  expect(reply.text).not.toContain(SECRET)
}

describe('no body is our fault', () => {
  test.each(POSTS)('%s: %s %s', async (party, method, path, schema) => {
    const examples = readSchema(schema)['examples'] as object[]
    const statuses = new Set<number>()
    await fc.assert(
      fc.asyncProperty(oddArb, fc.infiniteStream(fc.nat(1_000)), async (odd, stream) => {
        const dice = () => Number(stream.next().value)
        const body = mutate(examples[dice() % examples.length], odd, dice)
        const token = tokens[party] ?? ''
        const reply = await call(gateway, method, path, { token, key: randomUUID(), body })
        statuses.add(reply.status)
        judge(reply)
      }),
      { numRuns: 40, seed: 11 },
    )
    expect([...statuses].some(status => status >= 400)).toBe(true)
  })

  const texts: [string, string][] = [
    ['nothing', ''],
    ['deeply nested lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['lists that never end', '['.repeat(400_000)],
    ['a number too large', '1e400'],
    ['a name twice', '{"protocol":"a","protocol":"wm-vdab"}'],
    ['many names', `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":1`).join()}}`],
    ['a byte order mark', '\ufeff{}'],
  ]
  test.each(texts)('a body of %s', async (_, body) => {
    for (const [party, method, path] of POSTS) {
      judge(await call(gateway, method, path, { token: tokens[party]!, key: randomUUID(), body }))
    }
  })
})

test.each(['/v1/tenancies/ended', '/v1/messages'])(
  'a number as a reference is refused by POST %s, and not said again',
  async path => {
    const about = { protocol: 'wm-vdab', type: 'tenancy.ended', purpose: 'stopping' }
    const items = [{ tenantRef: SECRET, endedOn: '2026-11-01' }]
    const nonce = 'A'.repeat(43)
    const body =
      path === '/v1/messages' ? { ...about, nonce, items } : { protocol: 'wm-vdab', nonce, items }
    const reply = await call(gateway, 'POST', path, {
      token: tokens.woonboog!,
      key: randomUUID(),
      body,
    })
    expect([reply.status, reply.body.code]).toEqual([422, 'HB-402'])
    judge(reply)
  },
)

test('a body that is wrong in more places than a reply may name is still refused as described', async () => {
  const tenant = { insz: SECRET, tenantRef: 'WB-1', tenantGround: 'art-6.1-1-a' }
  const targetGroup = { id: 'tenants-with-labour-potential', version: '1.0' }
  const head = {
    protocol: 'wm-vdab',
    purpose: 'detection',
    referenceDate: '2026-11-01',
    targetGroup,
  }
  const body = { ...head, nonce: 'B'.repeat(43), tenants: Array(1_000).fill(tenant) }
  const all = { token: tokens.woonboog!, key: randomUUID(), body }
  const reply = await call(gateway, 'POST', '/v1/detections', all)
  expect([reply.status, reply.body.code, reply.body.errors?.length]).toEqual([422, 'HB-403', 1_000])
})

describe('no address or header is our fault', () => {
  const paths = [
    '/v1/messages/..%2F..',
    '/v1/receipts/%20',
    '/v1/messages/__proto__',
    '/v1/protocols/__proto__',
    '/v1/protocols/constructor',
    '/log/tile/0/%00',
    '/log/tile/0/99999999999999999999',
    '/log/tile/99/000',
    '/v1/inbox?after=%00',
    '/v1/inbox?limit=1e9',
    '/v1/deliveries?limit=1&limit=2&__proto__=3',
    '/v1/deliveries?after=%FF',
    '//v1//messages',
  ]
  test.each(paths)('GET %s', async path => {
    judge(await call(gateway, 'GET', path, { token: tokens.woonboog! }))
  })

  test.each([
    ['an empty token', { authorization: 'Bearer ' }],
    ['a token of three dots', { authorization: 'Bearer ...' }],
    ['another scheme', { authorization: 'Basic eDp4' }],
    ['a compressed body', { 'content-encoding': 'gzip' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a content type that is none', { 'content-type': 'json' }],
    ['a key too long', { 'idempotency-key': 'k'.repeat(65) }],
    ['a key with a slash', { 'idempotency-key': 'a/b' }],
  ])('%s', async (_, headers) => {
    const token = tokens.woonboog!
    const body = readSchema('detection-request')['examples'][0]
    judge(await call(gateway, 'POST', '/v1/detections', { token, key: 'k', body, headers }))
  })

  test.each(['/v1/protocols', '/v1/deliveries', '/log/checkpoint'])(
    'a condition on %s changes nothing: no reply may be kept',
    async path => {
      for (const headers of [
        { 'if-none-match': '*' },
        { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() },
      ]) {
        const reply = await call(gateway, 'GET', path, { token: tokens.woonboog!, headers })
        expect([reply.status, reply.text.length > 0]).toEqual([200, true])
      }
    },
  )
})
