import { join } from 'node:path'
import fc from 'fast-check'
import { readBalances } from '../../src/exchange/conservation.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { erase } from '../../src/subject/erasure.ts'
import { lift, restrict } from '../../src/subject/restriction.ts'
import { detection, openDomain, PERIOD, TODAY } from '../support/detection.ts'
import {
  COMPANIES,
  type Company,
  resign,
  type TestGateway,
  testGateway,
  until,
} from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { findForbidden } from './forbidden.ts'

/**
 * Any order of what parties and time may do, four at a time: nothing is lost or counted twice (invariant 5), and no
 * national number or tenant reference is anywhere it may not be (invariant 2).
 */
let gateway: TestGateway
let domain: string
let next = 0

const AT_ONCE = 4

beforeAll(async () => {
  gateway = await testGateway()
  domain = await openDomain(gateway)
})
afterAll(async () => {
  await gateway.close()
})

interface Step {
  what: keyof typeof ACTS
  company: Company
  dice: number
}

/** What one step does; a refusal is as good an outcome as any. */
const ACTS = {
  detect: async ({ company, dice }: Step) => {
    const people = Array.from({ length: 1 + (dice % 4) }, () => person(next++))
    await gateway.clients[company].detect(detection(people))
  },
  sameTenantElsewhere: async ({ company, dice }: Step) => {
    if (next > 0) await gateway.clients[company].detect(detection([person(dice % next)]))
  },
  answer: async ({ dice }: Step) => {
    const calls = gateway.vdab.to('/api/detections')
    const { body } = calls[dice % Math.max(calls.length, 1)] ?? {}
    if (!body) return
    const requestDigest = String(body['requestDigest'])
    await gateway.clients.vdab.answer(String(body['messageId']), { requestDigest, found: dice % 2 })
  },
  feedback: async ({ dice }: Step) => {
    const { rows } = await gateway.db.pool.query('SELECT tag FROM route ORDER BY tag')
    const tag = rows[dice % Math.max(rows.length, 1)]?.tag.toString('base64url')
    const items = [{ tag, reachability: 'hard-to-reach' as const, establishedOn: TODAY }]
    if (tag) await gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
  },
  progress: async ({ dice }: Step) => {
    const { rows } = await gateway.db.pool.query(
      'SELECT id, party_id FROM feedback WHERE party_id IS NOT NULL ORDER BY id',
    )
    const row = rows[dice % Math.max(rows.length, 1)]
    const status = dice % 3 ? ('taken-up' as const) : ('closed' as const)
    if (row) await gateway.clients[row.party_id as Company].progress(row.id, { status, on: TODAY })
  },
  end: async ({ company, dice }: Step) => {
    if (next === 0) return
    const items = [{ tenantRef: person(dice % next).tenantRef, endedOn: TODAY }]
    await gateway.clients[company].tenanciesEnded({ protocol: 'wm-vdab', items })
  },
  fail: async ({ company, dice }: Step) => {
    const status = [503, 429, 422, 500][dice % 4] ?? 503
    for (const peer of [gateway.vdab, gateway.hooks[company]]) peer.reply = () => ({ status })
  },
  recover: async () => {
    recover()
  },
  inbox: async ({ company }: Step) => {
    const { items } = await gateway.clients[company].inbox()
    const last = items.at(-1)
    if (last) await gateway.clients[company].acknowledge(last.id)
  },
  expire: async ({ dice }: Step) => {
    await gateway.db.pool.query(
      `UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id IN
         (SELECT id FROM message WHERE answer_state = 'awaiting' ORDER BY id LIMIT $1)`,
      [dice % 2],
    )
  },
  closePeriod: async ({ company, dice }: Step) => {
    if (dice % 6 === 0) await gateway.clients[company].closePeriod('wm-vdab', PERIOD)
  },
  retry: async ({ company, dice }: Step) => {
    const { items } = await gateway.clients[company].deliveries()
    const delivery = items[dice % Math.max(items.length, 1)]
    if (delivery) await gateway.clients[company].retryDelivery(delivery.deliveryId)
  },
  suspend: async ({ company, dice }: Step) =>
    suspend(dice % 2 ? 'wm-vdab' : `wm-vdab-${company}`, [
      { from: '2026-01-01T00:00:00.000Z', until: null },
    ]),
  resume: async () => resume(),
  settle: async ({ dice }: Step) => settleOnce(gateway.context, dice % 2),
  restrict: async ({ dice }: Step) => restrict(gateway.context, right(dice)),
  lift: async ({ dice }: Step) => lift(gateway.context, right(dice)),
  erase: async ({ dice }: Step) => erase(gateway.context, right(dice)),
}

/** What a privacy officer asks for one of the persons so far. */
function right(dice: number) {
  const { insz } = person(dice % Math.max(next, 1))
  const by = { role: 'privacy-officer', client: 'ses_test' }
  return { insz, caseRef: `case-${dice}`, reason: 'test', by, at: new Date() }
}

// Not the form of an id of ours, so that finding it anywhere means that it leaked.
function person(index: number) {
  const tenantGround = 'art-6.1-1-a' as const
  return { insz: syntheticNumber(index), tenantRef: `woning.${index}.zq`, tenantGround }
}

async function suspend(protocol: string, times: { from: string; until: null }[]): Promise<void> {
  resign(join(gateway.protocolsDir, protocol), record => {
    record.suspensions = times.map(time => ({ ...time, by: 'vdab', reason: 'test' }))
  })
  await gateway.context.protocols.reload()
}

async function resume(): Promise<void> {
  for (const id of ['wm-vdab', ...COMPANIES.map(company => `wm-vdab-${company}`)]) {
    await suspend(id, [])
  }
}

function recover(): void {
  for (const peer of [gateway.vdab, ...Object.values(gateway.hooks)]) {
    peer.reply = () => ({ status: 202, body: {} })
  }
}

async function perform(step: Step): Promise<void> {
  await ACTS[step.what](step).catch((error: { status?: number; code?: string }) => {
    // A refusal is evidence, not a failure, and so is a suspension; a fault of ours is.
    const refused = error.status !== undefined && error.status < 500
    if (!refused && error.code !== 'HB-307' && error.code !== 'HB-425') throw error
  })
}

const stepArb = fc.record({
  what: fc.constantFrom(...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
  company: fc.constantFrom<Company>(...COMPANIES),
  dice: fc.nat(1_000),
})

async function assertConserved(): Promise<void> {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
}

test('any order of steps conserves items and leaks no number and no reference', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { minLength: 15, maxLength: 40 }), async steps => {
      await perform({ what: 'detect', company: 'woonboog', dice: 3 })
      // Four at a time: what each sees of the others is left to chance.
      for (let at = 0; at < steps.length; at += AT_ONCE) {
        await Promise.all(steps.slice(at, at + AT_ONCE).map(perform))
        await assertConserved()
      }
      recover()
      await resume()
    }),
    { numRuns: 20, seed: 2026, endOnFailure: true },
  )
  const isQuiet = async () => {
    // No pause of a destination, nor of a try: what is under way goes now.
    await gateway.db.pool.query(
      "DELETE FROM circuit; UPDATE hand_over SET due_at = now() WHERE state = 'retrying'",
    )
    const { rows } = await gateway.db.pool.query(
      // But for what VDAB, without a webhook, may fetch from its inbox: that a protocol was suspended,
      // or that no answer is awaited any more.
      `SELECT count(*)::int AS n FROM hand_over
       WHERE state IN ('queued', 'retrying') AND message_id IS NOT NULL
         AND NOT (kind = 'event' AND destination = 'vdab')`,
    )
    return rows[0].n === 0
  }
  await until('nothing is under way', isQuiet, 30)
  await assertConserved()
  // The run was worth something: every kind of message got through.
  const { rows } = await gateway.db.pool.query(
    'SELECT DISTINCT type FROM message WHERE accepted > 0 ORDER BY type',
  )
  expect(rows.map(row => row.type)).toEqual([
    'detection.answer',
    'detection.request',
    'feedback.progress',
    'feedback.reachability',
    'tenancy.ended',
  ])
  const numbers = Array.from({ length: next }, (_, index) => person(index).insz)
  const references = Array.from({ length: next }, (_, index) => person(index).tenantRef)
  expect(await findForbidden(gateway, numbers, references)).toEqual([])
})

test('the search finds what is planted, in a column, in the log and at a peer', async () => {
  const number = syntheticNumber(77_777)
  await gateway.db.pool.query('UPDATE transition SET code = $1 WHERE code IS NULL', [number])
  gateway.logged.push(`{"x":"${number}"}`)
  const sent = { method: 'POST', path: '/', headers: {}, raw: `"woning.1.zq"`, body: {}, at: 0 }
  gateway.vdab.received.push(sent)
  const places = await findForbidden(gateway, [number], ['woning.1.zq'])
  expect(places).toEqual(expect.arrayContaining(['transition', 'log', 'vdab']))
  gateway.logged.pop()
})
