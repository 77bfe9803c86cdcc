import { type Annex1, HuisbrugProblem, newNonce } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { COUNTS } from './counts.ts'

// Nobody has signed anything yet, and no domain is open: phase 1.
let gateway: TestGateway
const TODAY = new Date().toISOString().slice(0, 10)

beforeAll(async () => {
  gateway = await testGateway({ framework: document => Object.assign(document, { dpoAdvice: [] }) })
})
afterAll(() => gateway?.close())

async function refused(call: Promise<unknown>): Promise<HuisbrugProblem> {
  const thrown = await call.catch(error => error)
  expect(thrown).toBeInstanceOf(HuisbrugProblem)
  return thrown as HuisbrugProblem
}

const nothing = { given: false, tenants: 0, regularised: 0 }

test('counts are taken without a protocol, receipted, kept exactly and balanced', async () => {
  const { woonboog, leefgoed } = gateway.clients
  const nonce = newNonce()
  const accepted = await woonboog.reportAnnex1(COUNTS, { nonce, idempotencyKey: 'first' })
  expect(accepted).toEqual({
    messageId: expect.stringMatching(/^msg_/),
    referenceDate: '2026-09-30',
    warnings: [],
    receipt: expect.stringMatching(/^ey/),
  })
  // Again with the same key and body is the same; with another body it is refused.
  expect(await woonboog.reportAnnex1(COUNTS, { nonce, idempotencyKey: 'first' })).toEqual(accepted)
  const other = { ...COUNTS, checked: 79 }
  const again = await refused(woonboog.reportAnnex1(other, { nonce, idempotencyKey: 'first' }))
  expect(again.code).toBe('HB-501')

  const { receipt } = await woonboog.receipt(accepted.messageId)
  const [, payload = ''] = receipt.split('.')
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
    sub: 'woonboog',
    type: 'report.annex-1',
    decision: 'accepted',
    protocol: null,
  })
  expect(await woonboog.message(accepted.messageId)).toMatchObject({
    type: 'report.annex-1',
    items: { accepted: 1, delivered: 1 },
  })
  const { items } = await woonboog.annex1Reports()
  expect(items).toEqual([
    {
      messageId: accepted.messageId,
      reportedAt: expect.any(String),
      report: COUNTS,
      warnings: [],
    },
  ])
  // It is for its addressee alone.
  expect((await leefgoed.annex1Reports()).items).toEqual([])
  const balances = await readBalances(gateway.db.pool)
  const own = balances.filter(({ protocol }) => protocol === 'none')
  expect(own).toEqual([
    expect.objectContaining({ received: 2, accepted: 1, refused: 1, delivered: 1, balanced: true }),
  ])
  const { rows } = await gateway.db.pool.query(
    `SELECT convert_from(entry, 'UTF8')::jsonb AS entry FROM (
       SELECT entry, message_id FROM audit_entry UNION ALL
       SELECT entry, message_id FROM audit_pending) e WHERE message_id = $1`,
    [accepted.messageId],
  )
  expect(rows.map(({ entry }) => entry)).toEqual([
    expect.objectContaining({
      action: 'message.accepted',
      actor: { party: 'woonboog', role: 'housing-company' },
      decision: 'allowed',
      counts: { accepted: 1, refused: 0 },
    }),
  ])
  // An entry says which fields moved, never what was in them.
  expect(JSON.stringify(rows)).not.toContain('worksOrSelfEmployed')
})

test('a newer report of the same day counts, the older one is kept', async () => {
  const { leefgoed } = gateway.clients
  const first = await leefgoed.reportAnnex1(COUNTS)
  const elsewhere = await leefgoed.reportAnnex1({ ...COUNTS, referenceDate: '2026-06-30' })
  const amended = { ...COUNTS, passedToSupervisor: 5 }
  const second = await leefgoed.reportAnnex1(amended)
  const { items, next } = await leefgoed.annex1Reports({ limit: 2 })
  expect(items.map(it => [it.messageId, it.replacedBy])).toEqual([
    [second.messageId, undefined],
    [elsewhere.messageId, undefined],
  ])
  const rest = await leefgoed.annex1Reports({ limit: 2, after: next ?? '' })
  expect(rest).toMatchObject({
    items: [{ messageId: first.messageId, replacedBy: second.messageId, report: COUNTS }],
    next: null,
  })
  // Two at the same instant: one of them counts.
  const both = await Promise.all([
    leefgoed.reportAnnex1({ ...COUNTS, referenceDate: '2026-03-31' }),
    leefgoed.reportAnnex1({ ...COUNTS, referenceDate: '2026-03-31' }),
  ])
  const all = (await leefgoed.annex1Reports()).items
  const ids = both.map(({ messageId }) => messageId)
  const pair = all.filter(({ messageId }) => ids.includes(messageId))
  expect(pair.filter(({ replacedBy }) => replacedBy === undefined)).toHaveLength(1)
})

test.each<[string, Partial<Annex1>, string, string, string]>([
  ['more checked than there are', { checked: 101 }, 'HB-219', '/checked', 'checked <= tenants'],
  [
    'more regularised than got extra time',
    { extraTime: { given: true, days: 30, tenants: 8, regularised: 9 } },
    'HB-219',
    '/extraTime/regularised',
    'extraTime.regularised <= extraTime.tenants',
  ],
  [
    'a day that is still to come',
    { referenceDate: '2199-01-01' },
    'HB-219',
    '/referenceDate',
    'referenceDate <= today',
  ],
  ['a day that does not exist', { referenceDate: '2026-02-30' }, 'HB-202', '/referenceDate', ''],
  ['less than nobody', { notCompliant: -1 }, 'HB-202', '/notCompliant', ''],
  ['half a tenant', { tenants: 99.5 }, 'HB-202', '/tenants', ''],
])('%s is refused with its place and rule', async (_, change, code, pointer, rule) => {
  const problem = await refused(
    gateway.clients['de-noorderkempen'].reportAnnex1({ ...COUNTS, ...change }),
  )
  expect(problem.code).toBe(code)
  expect(problem.errors).toEqual([
    expect.objectContaining({ pointer, code, rule: expect.stringContaining(rule) }),
  ])
})

test('all that is wrong is told at once; at the edge it is right', async () => {
  const { woonboog } = gateway.clients
  const wrong = { ...COUNTS, tenants: 79, extraTime: { given: true, tenants: 1, regularised: 2 } }
  const problem = await refused(woonboog.reportAnnex1(wrong))
  expect(problem.errors.map(({ pointer }) => pointer)).toEqual([
    '/checked',
    '/extraTime/regularised',
  ])
  const edge = { ...COUNTS, referenceDate: TODAY, tenants: 80 }
  const all = { given: true, days: 0, tenants: 8, regularised: 8 }
  expect((await woonboog.reportAnnex1({ ...edge, extraTime: all })).warnings).toEqual([])
})

test('what only looks odd is a warning: the categories need not exclude each other', async () => {
  const { woonboog } = gateway.clients
  const warned = async (change: Partial<Annex1>) =>
    (await woonboog.reportAnnex1({ ...COUNTS, ...change })).warnings
  expect(await warned({ notCompliant: 11 })).toEqual([
    {
      pointer: '/checked',
      rule: 'sum = checked',
      text: 'The categories and notCompliant do not add up to checked',
    },
  ])
  expect(await warned({ notCompliant: 9, extraTime: nothing })).toHaveLength(1)
  expect(await warned({ extraTime: nothing })).toEqual([])
  const odd = await warned({ extraTime: { ...nothing, tenants: 2 } })
  expect(odd.map(({ rule }) => rule)).toEqual(['given = false'])
  const none = await warned({ extraTime: { ...nothing, given: true } })
  expect(none.map(({ rule }) => rule)).toEqual(['given = true'])
})

test('it is for housing companies, with a key', async () => {
  expect((await refused(gateway.clients.vdab.reportAnnex1(COUNTS))).code).toBe('HB-107')
  const bad = gateway.clients.woonboog.reportAnnex1(COUNTS, { idempotencyKey: 'no key!' })
  expect((await refused(bad)).code).toBe('HB-205')
})
