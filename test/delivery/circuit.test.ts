import { signOf } from '../../src/delivery/circuit.ts'
import { claimDue } from '../../src/delivery/claim.ts'
import { handOverDue } from '../../src/delivery/hand-over.ts'
import { dueDestinations } from '../../src/delivery/outbox.ts'
import { checkDestinations } from '../../src/health.ts'
import { checkHandOvers } from '../../src/health-flow.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { PATIENCE } from '../support/until.ts'
import {
  circuitOf,
  deliveryOf,
  forgetAll,
  hurry,
  queueEvents,
  sendTest,
  untilTried,
} from './kit.ts'

/** One process hands over by hand here: nothing else works, so every step can be seen. */
let gateway: TestGateway
const PARTY = 'woonboog'

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,sequencer' })
})
beforeEach(async () => {
  await forgetAll(gateway)
  gateway.hooks.woonboog.received.length = 0
})
afterAll(() => gateway.close())

const work = () => handOverDue(gateway.context, PARTY, new AbortController().signal)
const answer = (status: number, headers?: Record<string, string>) => {
  gateway.hooks.woonboog.reply = () => ({ status, ...(headers && { headers }) })
}
const calls = () => gateway.hooks.woonboog.received.length
const isDue = async () => (await dueDestinations(gateway.context.pool)).includes(PARTY)
const attempts = async () => {
  const { rows } = await gateway.db.pool.query(
    "SELECT coalesce(sum(attempts), 0)::int AS n FROM hand_over WHERE state IN ('queued', 'retrying')",
  )
  return rows[0].n as number
}

test('what an answer says of the whole destination', () => {
  const cases: [number | undefined, number, string][] = [
    [undefined, 0, 'failing'],
    [200, 0, 'alive'],
    [202, 60, 'alive'],
    [307, 0, 'failing'],
    [401, 0, 'failing'],
    [404, 0, 'alive'],
    [410, 0, 'alive'],
    [422, 0, 'alive'],
    [429, 0, 'slow'],
    [500, 0, 'failing'],
    [502, 0, 'slow'],
    [503, 0, 'failing'],
    [503, 30, 'slow'],
    [504, 0, 'slow'],
  ]
  for (const [status, retryAfter, sign] of cases) {
    expect([status, retryAfter, signOf(status, retryAfter)]).toEqual([status, retryAfter, sign])
  }
})

test('opens after five failures in a row; then nothing is tried, and no attempt is burnt', async () => {
  answer(500)
  await queueEvents(gateway, [PARTY], 1)
  for (let turn = 1; turn <= 5; turn += 1) {
    await work()
    expect(await circuitOf(gateway, PARTY)).toMatchObject({
      failures: turn,
      pauses: turn === 5 ? 1 : 0,
    })
    await hurry(gateway, 'stay')
  }
  expect((await circuitOf(gateway, PARTY))!.wait).toBeGreaterThan(0)
  await queueEvents(gateway, [PARTY], 20)
  expect(await isDue()).toBe(false)
  const before = { calls: calls(), attempts: await attempts() }
  await work()
  expect({ calls: calls(), attempts: await attempts() }).toEqual(before)
  expect(await claimDue(gateway.context, PARTY, 16)).toEqual([])
})

test('after the pause one goes first, whoever asks; where it gets through, all go', async () => {
  answer(500)
  await queueEvents(gateway, [PARTY], 20)
  await work()
  expect(await circuitOf(gateway, PARTY)).toMatchObject({ failures: 16, pauses: 1 })
  await hurry(gateway, 'stay')
  await gateway.db.pool.query('UPDATE circuit SET paused_until = now()')
  expect(await isDue()).toBe(true)
  const claims = await Promise.all(
    Array.from({ length: 6 }, () => claimDue(gateway.context, PARTY, 16)),
  )
  expect(claims.map(claimed => claimed.length).sort()).toEqual([0, 0, 0, 0, 0, 1])
  await hurry(gateway, 'stay')
  await gateway.db.pool.query('UPDATE circuit SET paused_until = now()')
  answer(204)
  await work()
  expect(await circuitOf(gateway, PARTY)).toBeUndefined()
  expect(await attempts()).toBe(0)
})

test('a probe that fails pauses it again, for longer each time, up to a quarter of an hour', async () => {
  answer(500)
  await queueEvents(gateway, [PARTY], 16)
  await work()
  let longest = 0
  for (let turn = 0; turn < 12; turn += 1) {
    await hurry(gateway, 'stay')
    await gateway.db.pool.query('UPDATE circuit SET paused_until = now()')
    const before = calls()
    await work()
    expect(calls()).toBe(before + 1)
    longest = (await circuitOf(gateway, PARTY))!.wait!
  }
  expect(await circuitOf(gateway, PARTY)).toMatchObject({ failures: 28, pauses: 13 })
  expect(longest).toBeGreaterThan(400)
  expect(longest).toBeLessThan(1_351)
})

test.each([
  [429, '600'],
  [502, undefined],
  [503, '600'],
  [504, undefined],
])('%i slows the whole destination down at the first one', async (status, retryAfter) => {
  answer(status, retryAfter ? { 'retry-after': retryAfter } : undefined)
  await queueEvents(gateway, [PARTY], 1)
  await work()
  const { wait } = (await circuitOf(gateway, PARTY))!
  expect(wait).toBeGreaterThan(retryAfter ? 590 : 0)
  await queueEvents(gateway, [PARTY], 3)
  expect(await isDue()).toBe(false)
  await work()
  expect(calls()).toBe(1)
})

test('an answer that another message gets closes it: one bad message is not a bad peer', async () => {
  gateway.hooks.woonboog.reply = () => ({ status: calls() % 4 === 0 ? 500 : 204 })
  for (let turn = 0; turn < 6; turn += 1) {
    await queueEvents(gateway, [PARTY], 4)
    await work()
  }
  expect(await circuitOf(gateway, PARTY)).toBeUndefined()
})

test('its owner asks for a retry: the pause is over, for one', async () => {
  answer(429, { 'retry-after': '3600' })
  const id = await sendTest(gateway, PARTY)
  await work()
  expect((await deliveryOf(gateway, id)).wait).toBeGreaterThan(3_590)
  const view = (await gateway.clients.woonboog.getWebhook())!
  expect(view).toMatchObject({
    state: 'paused',
    statistics: { failuresInARow: 1, lastReason: 'http-429' },
  })
  await queueEvents(gateway, [PARTY], 5)
  await gateway.clients.woonboog.retryDelivery(id)
  await work()
  expect(calls()).toBe(2)
  expect((await circuitOf(gateway, PARTY))!.wait).toBeGreaterThan(3_590)
  answer(204)
  await gateway.clients.woonboog.retryDelivery(id)
  await work()
  expect(await circuitOf(gateway, PARTY)).toBeUndefined()
  // The first probe was another one, which waits as long as it was told to.
  expect(calls()).toBe(7)
})

test('a webhook that fails does not stop the calls to the same party', async () => {
  answer(429, { 'retry-after': '600' })
  await queueEvents(gateway, [PARTY], 1)
  await work()
  await gateway.db.pool.query("UPDATE circuit SET channel = 'calls'")
  await hurry(gateway, 'stay')
  expect(await isDue()).toBe(true)
})

test('the doctor names a paused destination, and does not call what waits for it overdue', async () => {
  answer(429, { 'retry-after': '600' })
  await queueEvents(gateway, [PARTY], 1)
  await work()
  await gateway.db.pool.query(
    "UPDATE hand_over SET due_at = now() - interval '1 hour' WHERE state = 'retrying'",
  )
  const parts = { pool: gateway.context.pool, clock: () => new Date() }
  expect(await checkDestinations(parts)).toMatchObject({
    ok: true,
    detail: expect.stringContaining('woonboog (webhook, http-429'),
  })
  await gateway.db.pool.query("UPDATE attempt SET at = at - interval '1 hour'")
  await gateway.db.pool.query("UPDATE webhook SET changed_at = changed_at - interval '1 hour'")
  expect((await checkHandOvers(parts))[0]).toMatchObject({ ok: true })
  await gateway.db.pool.query('DELETE FROM circuit')
  expect((await checkHandOvers(parts))[0]).toMatchObject({
    ok: false,
    detail: 'stuck: 1 due and not tried (woonboog); 0 parked',
  })
})

test('a schedule of the party itself, and after its last try: parked, with what was last said', async () => {
  const { parties } = gateway.context
  await parties.setRetries(PARTY, { firstSeconds: 10, tries: 3, hours: 1 })
  try {
    answer(503)
    const id = await sendTest(gateway, PARTY)
    await work()
    expect((await deliveryOf(gateway, id)).wait).toBeGreaterThan(4)
    expect((await deliveryOf(gateway, id)).wait).toBeLessThan(15.1)
    for (const state of ['retrying', 'parked']) {
      await hurry(gateway)
      await work()
      expect(await deliveryOf(gateway, id)).toMatchObject({ state, reason: 'http-503' })
    }
    expect((await deliveryOf(gateway, id)).attempts).toBe(3)
    const { items } = await gateway.clients.woonboog.deliveries({ limit: 1 })
    expect(items).toMatchObject([
      { deliveryId: id, state: 'parked', lastStatus: 503, reason: 'http-503', nextAt: null },
    ])
    // By hand it gets its whole schedule again.
    await gateway.clients.woonboog.retryDelivery(id)
    await work()
    expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'retrying', attempts: 4 })
    expect(await untilTried(gateway, id, 4)).toHaveLength(4)
  } finally {
    await parties.setRetries(PARTY, undefined)
  }
})

test('at the close it gives up what is not answered, and hands it back at once', async () => {
  gateway.hooks.woonboog.reply = () => 'hang'
  const id = await sendTest(gateway, PARTY)
  const closing = new AbortController()
  const working = handOverDue(gateway.context, PARTY, closing.signal)
  await until('it is asked', () => calls() === 1)
  closing.abort()
  const begun = performance.now()
  await working
  expect(performance.now() - begun).toBeLessThan(PATIENCE * 6_500)
  expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'retrying', reason: 'stopped' })
  expect((await deliveryOf(gateway, id)).wait).toBeLessThanOrEqual(0)
  expect(await circuitOf(gateway, PARTY)).toBeUndefined()
})

test.each([
  { firstSeconds: 0, tries: 30, hours: 75 },
  { firstSeconds: 2, tries: 2, hours: 75 },
  { firstSeconds: 2, tries: 3.5, hours: 75 },
  { firstSeconds: 2, tries: 30, hours: 1_000 },
  { firstSeconds: 60, tries: 100, hours: 1 },
  { firstSeconds: 2, tries: Number.NaN, hours: 75 },
])('a schedule that makes no sense is refused: %j', async retries => {
  await expect(gateway.context.parties.setRetries(PARTY, retries)).rejects.toMatchObject({
    code: 'retries',
  })
  await until('nothing changed', async () => !(await gateway.context.parties.find(PARTY))?.retries)
})
