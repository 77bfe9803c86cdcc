import { explainEntry } from '../../src/audit/explain.ts'
import type { AuditEntry } from '../../src/audit/types.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { noteBalances } from '../../src/exchange/balance.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { daysAgo, entriesOf, forget, seedMessage, tamper } from './kit.ts'

let gateway: TestGateway
let other: Pool
// Without a worker: nothing is noted but by the tests.
beforeAll(async () => {
  gateway = await testGateway({ roles: 'api', webhooks: false })
  other = openPool(gateway.db.url, { name: 'another process' })
})
beforeEach(() => forget(gateway))
afterAll(async () => {
  await other.end()
  await gateway.close()
})

const note = () => noteBalances(gateway.context)
async function noted() {
  const { rows } = await gateway.db.pool.query(
    `SELECT to_char(day, 'YYYY-MM-DD') AS day, protocol, party_id AS party, received, accepted, refused,
       delivered, pending FROM daily_balance ORDER BY day, protocol, party_id`,
  )
  return rows
}
const openExceptions = async () => {
  const { rows } = await gateway.db.pool.query(
    "SELECT parties, about FROM exception WHERE kind = 'out-of-balance' AND closed_at IS NULL ORDER BY about",
  )
  return rows
}

test('the balance of yesterday: a line per party, an entry per protocol, with numbers and no person', async () => {
  const yesterday = daysAgo(1)
  await seedMessage(gateway, { day: yesterday, accepted: 3, refused: 1 })
  await seedMessage(gateway, { day: yesterday, party: 'leefgoed', accepted: 2 })
  await seedMessage(gateway, { day: yesterday, accepted: 0, refused: 4, protocol: null })
  await seedMessage(gateway, { day: daysAgo(0), accepted: 9 })
  await note()
  expect(await noted()).toEqual([
    line(yesterday, 'none', 'woonboog', [4, 0, 4, 0, 0]),
    line(yesterday, 'wm-vdab', 'leefgoed', [2, 2, 0, 0, 2]),
    line(yesterday, 'wm-vdab', 'woonboog', [4, 3, 1, 0, 3]),
  ])
  const entries = await entriesOf(gateway, 'balance.daily')
  expect(entries).toHaveLength(2)
  const own = entries.find(({ entry }) => entry.protocol?.id === 'wm-vdab')!
  expect(own.entry).toMatchObject({
    reason: yesterday,
    counts: { received: 6, accepted: 5, refused: 1, delivered: 0, pending: 5, parked: 0 },
  })
  expect(own.details).toMatchObject({ day: yesterday, protocol: 'wm-vdab' })
  expect(explainEntry(own.entry as AuditEntry)).toContain(
    `De gateway legde vast hoe de balans van ${yesterday} voor protocol wm-vdab`,
  )
  expect(await openExceptions()).toEqual([])
})

function line(day: string, protocol: string, party: string, numbers: number[]) {
  const [received, accepted, refused, delivered, pending] = numbers
  return { day, protocol, party, received, accepted, refused, delivered, pending }
}

test('two processes at the same instant and a restart: noted once', async () => {
  await seedMessage(gateway, { day: daysAgo(1) })
  const second = { ...gateway.context, pool: other }
  await Promise.all([note(), noteBalances(second), note(), noteBalances(second)])
  await noteBalances(second)
  expect(await entriesOf(gateway, 'balance.daily')).toHaveLength(1)
  expect(await noted()).toHaveLength(1)
})

test('days missed are noted, those without messages too, and no more than a month of them', async () => {
  await seedMessage(gateway, { day: daysAgo(3) })
  await note()
  const days = async () =>
    (await entriesOf(gateway, 'balance.daily')).map(({ entry }) => entry.reason).toSorted()
  expect(await days()).toEqual([daysAgo(3), daysAgo(2), daysAgo(1)])
  await seedMessage(gateway, { day: daysAgo(90) })
  await note()
  const all = await days()
  expect(all).toHaveLength(31)
  expect(all[0]).toBe(daysAgo(31))
})

test('nothing is noted before the first message, and never a day that is not over by both clocks', async () => {
  await note()
  await seedMessage(gateway, { day: daysAgo(0) })
  const tomorrow = new Date(Date.now() + 3 * 86_400_000)
  await noteBalances({ ...gateway.context, clock: () => tomorrow })
  const longAgo = new Date(Date.now() - 5 * 86_400_000)
  await seedMessage(gateway, { day: daysAgo(2) })
  await noteBalances({ ...gateway.context, clock: () => longAgo })
  expect(await entriesOf(gateway, 'balance.daily')).toEqual([])
})

test('the note says how it stood: what moves later does not change it', async () => {
  const { handOverId } = await seedMessage(gateway, { day: daysAgo(1) })
  await note()
  await tamper(gateway, "UPDATE hand_over SET state = 'parked' WHERE id = $1", [handOverId])
  await note()
  expect(await noted()).toMatchObject([{ pending: 3 }])
})

test('a day out of balance: an exception per party with its entry, closed once it balances', async () => {
  const { handOverId } = await seedMessage(gateway, { day: daysAgo(1), accepted: 3 })
  await seedMessage(gateway, { day: daysAgo(1), party: 'leefgoed' })
  await tamper(gateway, 'UPDATE hand_over SET items = 2 WHERE id = $1', [handOverId])
  await note()
  const about = `wm-vdab ${daysAgo(1)}`
  expect(await openExceptions()).toEqual([{ parties: ['woonboog'], about }])
  expect(gateway.logged.join('')).toContain('a day does not balance')
  await note()
  expect(await openExceptions()).toHaveLength(1)
  await tamper(gateway, 'UPDATE hand_over SET items = 3 WHERE id = $1', [handOverId])
  await note()
  expect(await openExceptions()).toEqual([])
  for (const action of ['exception.opened', 'exception.closed']) {
    const entries = await entriesOf(gateway, action)
    expect(entries).toMatchObject([
      { entry: { reason: 'out-of-balance' }, details: { party: 'woonboog' } },
    ])
  }
})
