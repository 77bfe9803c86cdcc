import { join } from 'node:path'
import fc from 'fast-check'
import { readBalances } from '../../src/exchange/conservation.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { TODAY } from '../messages/welfare.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { writeRecord } from '../support/statements.ts'
import { findForbidden } from './forbidden.ts'
import { assertConserved, hurry } from './kit.ts'

/**
 * Every type of a protocol that no file of the product knows, in any order, four at a time, over several
 * key epochs, with failing peers, suspensions and replays: nothing is lost or counted twice, and nothing
 * about a person leaves after that person's withdrawal.
 */
let gateway: TestGateway
let next = 0
let epochs = 1

beforeAll(async () => {
  gateway = await testGateway()
  await addThirdProtocol(gateway)
  await ready()
})
afterAll(async () => {
  await gateway.close()
})

async function ready(): Promise<void> {
  const { vdab } = gateway.clients
  const { domain } = await until('a domain opens', async () => {
    const { items } = await vdab.domains()
    return items.findLast(it => it.domain.startsWith(`${THIRD}/`))
  })
  await vdab.domainReady(domain)
}

// Not the form of an id of ours, so that finding it anywhere means that it leaked.
const person = (index: number) => ({
  ...{ insz: syntheticNumber(index), dossier: `woning.${index}.zq` },
  ...{ signedOn: TODAY, paper: `p-${index}` },
})

function send(type: string, items: object[], more: object = {}, options: object = {}) {
  const fromVdab = ['participants.answer', 'referral.taken-up', 'steps.taken'].includes(type)
  const stops = ['participation.withdrawn', 'objection.raised'].includes(type)
  const message = { protocol: THIRD, type, purpose: stops ? 'stopping' : 'help', ...more, items }
  const client = gateway.clients[fromVdab ? 'vdab' : 'woonboog']
  return client.send(message as never, options)
}

// One of the last few, so that what is said about a person meets what was said before.
const someone = (dice: number) => ({ dossier: person(Math.max(0, next - 1 - (dice % 6))).dossier })

function request(dice: number) {
  const calls = gateway.vdab.to('/api/messages').filter(it => it.body['rows'])
  const { body } = calls[dice % Math.max(calls.length, 1)] ?? {}
  if (!body) return undefined
  const { messageId: inReplyTo, requestDigest, rows } = body
  return { about: { inReplyTo, requestDigest }, rows: rows as { rowId: string }[] }
}

/** What one step does; a refusal is as good an outcome as any. */
const ACTS = {
  ask: async (dice: number) => {
    const count = dice % 50 === 0 ? 15 : 1 + (dice % 4)
    const people = Array.from({ length: count }, () => person(next++))
    await send('participants.question', people)
  },
  askAgain: async (dice: number) => {
    if (next > 0) await send('participants.question', [person(dice % next)])
  },
  replay: async (dice: number) => {
    const options = { idempotencyKey: `again-${dice % 5}`, nonce: 'A'.repeat(43) }
    const twice = () =>
      send('referral.announced', [{ ...someone(dice % 5), announcedOn: '2026-01-01' }], {}, options)
    await Promise.all([twice(), twice()])
  },
  answer: async (dice: number) => {
    const asked = request(dice)
    if (!asked) return
    const rows = asked.rows
      .slice(0, dice % 3)
      .map(({ rowId }) => ({ row: rowId, known: dice % 2 === 0 }))
    await send('participants.answer', rows, asked.about)
  },
  count: async (dice: number) => {
    const asked = request(dice)
    if (asked) await send('steps.taken', [{ step: 'work', persons: dice % 2 }], asked.about)
  },
  announce: async (dice: number) => {
    const announcedOn = dice % 2 ? TODAY : '2026-01-01'
    await send('referral.announced', [{ ...someone(dice), announcedOn }])
  },
  object: async (dice: number) => send('objection.raised', [someone(dice)]),
  withdraw: async (dice: number) => {
    if (dice % 3 === 0) await send('participation.withdrawn', [someone(dice)])
  },
  release: async () => {
    await gateway.db.pool.query(
      "UPDATE hand_over SET due_at = now() WHERE state = 'held' AND reason = 'objection-window'",
    )
    await settleOnce(gateway.context)
  },
  takeUp: async (dice: number) => {
    const { rows } = await gateway.db.pool.query('SELECT id FROM feedback ORDER BY id')
    const { id } = rows[dice % Math.max(rows.length, 1)] ?? {}
    const status = dice % 3 ? 'taken-up' : 'closed'
    if (id) await send('referral.taken-up', [{ feedbackId: id, status, on: TODAY }])
  },
  fail: async (dice: number) => {
    const status = [503, 429, 422, 500][dice % 4] ?? 503
    for (const peer of [gateway.vdab, gateway.hooks.woonboog]) peer.reply = () => ({ status })
  },
  recover: async () => {
    recover()
    await hurry(gateway)
  },
  expire: async (dice: number) => {
    await gateway.db.pool.query(
      `UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id IN
         (SELECT id FROM message WHERE answer_state = 'awaiting' ORDER BY id LIMIT $1)`,
      [dice % 2],
    )
  },
  rotate: async (dice: number) => {
    if (dice % 5 || epochs > 3) return
    epochs += 1
    await gateway.context.domains.rotate(THIRD, { actor: { role: 'operator' }, at: new Date() })
    await ready()
  },
  suspend: async () => suspend(true),
  resume: async () => suspend(false),
  settle: async (dice: number) => settleOnce(gateway.context, dice % 2),
  erase: async () => eraseExpired(gateway.context),
}

function recover(): void {
  for (const peer of [gateway.vdab, gateway.hooks.woonboog]) {
    peer.reply = () => ({ status: 202, body: {} })
  }
}

async function suspend(on: boolean): Promise<void> {
  const span = { from: '2026-01-01T00:00:00.000Z', until: null, by: 'vdab', reason: 'test' }
  writeRecord(join(gateway.protocolsDir, THIRD), record => {
    record.suspensions = on ? [span] : []
  })
  await gateway.context.protocols.reload()
}

interface Step {
  what: keyof typeof ACTS
  dice: number
}

async function perform({ what, dice }: Step): Promise<void> {
  await (ACTS[what](dice) as Promise<unknown>).catch(
    (error: { status?: number; code?: string }) => {
      const refused = error.status !== undefined && error.status < 500
      // Suspended, or a new key epoch of which the register is not ready.
      if (!refused && !['HB-307', 'HB-316', 'opening'].includes(String(error.code))) throw error
    },
  )
}

const stepArb = fc.record({
  what: fc.constantFrom(...(Object.keys(ACTS) as (keyof typeof ACTS)[])),
  dice: fc.nat(1_000),
})

test('any order of steps conserves items and leaks no number and no reference', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArb, { minLength: 15, maxLength: 40 }), async steps => {
      await perform({ what: 'ask', dice: 3 })
      for (let at = 0; at < steps.length; at += 4) {
        await Promise.all(steps.slice(at, at + 4).map(perform))
        await assertConserved(gateway)
      }
      recover()
      await suspend(false)
    }),
    { numRuns: 25, seed: 2026, endOnFailure: true },
  )
  await ACTS.release()
  await until('nothing is under way', async () => {
    await hurry(gateway)
    const { rows } = await gateway.db.pool.query(
      `SELECT count(*)::int AS n FROM hand_over
       WHERE state IN ('queued', 'retrying') AND counted`,
    )
    return rows[0].n === 0
  })
  await assertConserved(gateway)
  const balances = await readBalances(gateway.db.pool)
  expect(balances.find(it => it.protocol === THIRD)).toMatchObject({ pending: 0 })
  const { rows } = await gateway.db.pool.query(
    'SELECT DISTINCT type FROM message WHERE accepted > 0 ORDER BY type',
  )
  expect(rows.map(row => row.type)).toEqual([
    ...['objection.raised', 'participants.answer', 'participants.question'],
    ...['participation.withdrawn', 'referral.announced', 'referral.taken-up', 'steps.taken'],
  ])
  expect(epochs).toBeGreaterThan(1)
  await eraseExpired(gateway.context)
  const { rows: left } = await gateway.db.pool.query(
    `SELECT h.kind, h.state FROM outgoing_item o JOIN hand_over h ON h.message_id = o.message_id
       AND h.domain = o.domain WHERE h.kind = 'items' AND h.state <> 'parked'`,
  )
  expect(left).toEqual([])
  const numbers = Array.from({ length: next }, (_, index) => person(index).insz)
  const references = Array.from({ length: next }, (_, index) => person(index).dossier)
  expect(await findForbidden(gateway, numbers, references)).toEqual([])
}, 280_000)
