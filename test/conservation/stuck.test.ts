import fc from 'fast-check'
import { doctorCommand } from '../../src/cli/doctor.ts'
import type { HealthCheck } from '../../src/health-check.ts'
import { checkFlow } from '../../src/health-flow.ts'
import { newId } from '../../src/ids.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { daysAgo, forget, seedMessage, tamper } from './kit.ts'

let gateway: TestGateway
// Without a worker: nothing moves but by the tests.
beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,sequencer', webhooks: false })
})
beforeEach(() => forget(gateway))
afterAll(() => gateway.close())

async function flow(): Promise<Record<string, HealthCheck>> {
  const { pool, protocols, clock, wakeUps } = gateway.context
  const checks = await checkFlow({ pool, protocols, clock, wakeUps })
  return Object.fromEntries(checks.map(check => [check.name, check]))
}

async function seedTried(handOver: string, minutesAgo: number): Promise<void> {
  await gateway.db.pool.query(
    `INSERT INTO attempt (id, hand_over_id, destination, at, outcome)
     VALUES ($1, $2, 'vdab', now() - make_interval(mins => $3), 'retrying')`,
    [newId('att', new Date()), handOver, minutesAgo],
  )
}

const HOUR_AGO = "now() - interval '1 hour'"
const set = (id: string, columns: string) =>
  tamper(gateway, `UPDATE hand_over SET ${columns} WHERE id = $1`, [id])

test.each([
  ['queued', `due_at = ${HOUR_AGO}`, '1 due and not tried (vdab)'],
  ['retrying', `state = 'retrying', due_at = ${HOUR_AGO}`, '1 due and not tried (vdab)'],
  ['claimed', `due_at = ${HOUR_AGO}, claimed_until = ${HOUR_AGO}`, '1 left by a worker (vdab)'],
  ['far', "due_at = now() + interval '1 year'", '1 due in a time to come (vdab)'],
  ['a far claim', "claimed_until = now() + interval '2 hours'", '1 due in a time to come (vdab)'],
  [
    'held for a window that is over',
    `state = 'held', reason = 'objection-window', due_at = ${HOUR_AGO}, state_since = ${HOUR_AGO}`,
    '1 held by nothing (objection-window)',
  ],
  [
    'held for a number that is gone',
    `state = 'held', reason = 'with-release', state_since = ${HOUR_AGO}`,
    '1 held by nothing (with-release)',
  ],
  [
    'held between two routes without an exception',
    `state = 'held', reason = 'two-routes', state_since = ${HOUR_AGO}`,
    '1 held by nothing (two-routes)',
  ],
  [
    'held by a protocol that lets it go',
    `state = 'held', reason = 'HB-307', state_since = ${HOUR_AGO}`,
    '1 held by nothing (wm-vdab)',
  ],
  [
    'held without a reason',
    `state = 'held', reason = NULL, state_since = ${HOUR_AGO}`,
    '1 held by nothing (no reason)',
  ],
])('stuck: %s', async (_name, columns, detail) => {
  const { handOverId } = await seedMessage(gateway)
  expect((await flow())['hand-overs']).toMatchObject({ ok: true })
  await set(handOverId, columns)
  const check = (await flow())['hand-overs']
  expect(check).toMatchObject({ ok: false, detail: `stuck: ${detail}; 0 parked` })
  expect(check?.remedy).toMatch(/worker|clock/)
})

// Every state as the product leaves it, at random ages: none of it is stuck.
const healthy = fc.constantFrom(
  "state = 'queued', due_at = now() - interval '9 minutes'",
  "state = 'queued', due_at = now() + interval '3 days'",
  "state = 'retrying', due_at = now() + interval '75 hours', state_since = now() - interval '9 days'",
  "state = 'retrying', due_at = now() + interval '2 minutes', claimed_until = now() + interval '2 minutes'",
  "state = 'held', reason = 'objection-window', due_at = now() + interval '7 days', state_since = now() - interval '1 day'",
  "state = 'held', reason = 'period-open', state_since = now() - interval '30 days'",
  "state = 'held', reason = 'HB-307', state_since = now()",
  "state = 'parked', reason = 'http-400', due_at = now() - interval '9 days', state_since = now() - interval '9 days'",
  "state = 'delivered', delivered_at = now() - interval '9 days', due_at = now() - interval '9 days'",
  "state = 'withdrawn', due_at = now() - interval '9 days', state_since = now() - interval '9 days'",
  "state = 'expired', due_at = now() - interval '9 days', state_since = now() - interval '9 days'",
  // To a party that takes events from its inbox, or is paused.
  "destination = 'leefgoed', kind = 'event', event = 'be.huisbrug.test', due_at = now() - interval '9 days'",
)

test('nothing healthy is called stuck', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(healthy, { minLength: 1, maxLength: 12 }), async states => {
      await forget(gateway)
      for (const columns of states) {
        const { handOverId } = await seedMessage(gateway)
        await set(handOverId, columns)
      }
      const { 'hand-overs': handOvers, outbox } = await flow()
      expect([handOvers?.ok, outbox?.ok, handOvers?.detail]).toEqual([
        true,
        true,
        `none stuck, ${states.filter(it => it.includes("'parked'")).length} parked`,
      ])
    }),
    { numRuns: 15 },
  )
})

test('what waits for a destination that is paused is not stuck; long after the pause it is', async () => {
  const { handOverId } = await seedMessage(gateway)
  await set(handOverId, `due_at = ${HOUR_AGO}`)
  const pause = (until: string) =>
    gateway.db.pool.query(
      `INSERT INTO circuit (party_id, channel, failures, paused_until, failing_since, reason)
       VALUES ('vdab', 'calls', 9, ${until}, now(), 'http-503')
       ON CONFLICT (party_id, channel) DO UPDATE SET paused_until = excluded.paused_until`,
    )
  await pause("now() + interval '15 minutes'")
  expect((await flow())['hand-overs']).toMatchObject({ ok: true })
  await pause("now() - interval '1 minute'")
  expect((await flow())['hand-overs']).toMatchObject({ ok: true })
  await pause(HOUR_AGO)
  expect((await flow())['hand-overs']).toMatchObject({ ok: false })
})

test('an outbox that is worked off is well, one that would take hours is named', async () => {
  for (let each = 0; each < 14; each++) {
    const { handOverId } = await seedMessage(gateway)
    await set(handOverId, `due_at = ${HOUR_AGO}`)
    if (each < 2) await seedTried(handOverId, 5)
  }
  expect(await flow()).toMatchObject({
    'hand-overs': { ok: true },
    outbox: { ok: false, detail: 'does not drain: vdab: 14 due, 70 minutes' },
  })
  const { handOverId } = await seedMessage(gateway)
  await seedTried(handOverId, 5)
  expect((await flow())['outbox']).toMatchObject({ ok: true })
})

test('a queue that is empty while something is due, that spills over or does not answer is named', async () => {
  expect((await flow())['queue']).toMatchObject({ ok: true })
  const { handOverId } = await seedMessage(gateway)
  await set(handOverId, "due_at = now() - interval '2 minutes'")
  expect((await flow())['queue']?.detail).toBe(
    '0 wake-ups wait, 0 at work; 1 destinations have something due that nobody tries',
  )
  await gateway.context.wakeUps.wake(['vdab'])
  expect((await flow())['queue']).toMatchObject({ ok: true, detail: '1 wake-ups wait, 0 at work' })
  const { pool, clock } = gateway.context
  const queue = async (depth: { waiting: number; active: number } | undefined) => {
    const wakeUps = { engine: 'redis' as const, depth: async () => depth }
    return (await checkFlow({ pool, clock, wakeUps })).find(it => it.name === 'queue')
  }
  expect(await queue({ waiting: 1_000, active: 0 })).toMatchObject({ ok: false })
  expect(await queue(undefined)).toMatchObject({ ok: false, detail: 'redis does not answer' })
})

async function ready() {
  // Counted at most every two seconds.
  await new Promise(resolve => setTimeout(resolve, 2_500))
  const reply = await fetch(`${gateway.url}/health/ready`)
  const { checks } = (await reply.json()) as { checks: HealthCheck[] }
  return { status: reply.status, wrong: checks.filter(check => !check.ok) }
}

async function doctor() {
  const { pool, keys, evaluator, config, log } = gateway.context
  const opened = { pool, keys, evaluator, config, log, databaseUrl: gateway.db.url }
  const printed: string[] = []
  const write = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
    printed.push(String(text))
    return true
  })
  try {
    const command = doctorCommand(async () => ({ ...opened, close: async () => {} }))
    await command.parseAsync(['--json'], { from: 'user' })
  } finally {
    write.mockRestore()
  }
  const failed = process.exitCode === 1
  process.exitCode = 0
  const { checks } = JSON.parse(printed.join('')) as { checks: HealthCheck[] }
  return { failed, wrong: checks.filter(check => !check.ok && check.name !== 'core dumps') }
}

test('what is stuck is told by ready, which stays ready, and by the doctor', async () => {
  const { handOverId } = await seedMessage(gateway)
  await set(handOverId, `state = 'held', reason = 'HB-307', state_since = ${HOUR_AGO}`)
  const wrong = [{ name: 'hand-overs', detail: 'stuck: 1 held by nothing (wm-vdab); 0 parked' }]
  expect(await ready()).toMatchObject({ status: 200, wrong })
  expect(await doctor()).toMatchObject({ failed: true, wrong })
})

test('an imbalance is named by protocol, party and day: by the doctor, and by ready, which is not', async () => {
  expect(await ready()).toEqual({ status: 200, wrong: [] })
  const { handOverId } = await seedMessage(gateway, { day: daysAgo(1) })
  await seedMessage(gateway, { day: daysAgo(1), party: 'leefgoed' })
  await tamper(gateway, 'UPDATE hand_over SET items = 2 WHERE id = $1', [handOverId])
  const detail = `out of balance: wm-vdab woonboog ${daysAgo(1)}`
  const wrong = [{ name: 'conservation', detail }]
  expect(await ready()).toMatchObject({ status: 503, wrong })
  expect(await doctor()).toMatchObject({ failed: true, wrong })
})

// Last: the notices of a suspension stay behind in the queue.
test('stuck: a request whose answer was due long ago, unless its clock stood still', async () => {
  const { messageId } = await seedMessage(gateway, { state: 'delivered', day: daysAgo(3) })
  const awaiting = `UPDATE message SET answer_state = 'awaiting', answer_due_at = ${HOUR_AGO} WHERE id = $1`
  await tamper(gateway, awaiting, [messageId])
  expect((await flow())['hand-overs']?.detail).toContain('1 answers overdue (wm-vdab woonboog)')
  await gateway.db.pool.query(
    `INSERT INTO protocol_suspension (protocol, suspended_at, suspended_by, reason)
     VALUES ('wm-vdab', now() - interval '2 hours', 'test', 'test')`,
  )
  await gateway.context.protocols.reload()
  expect((await flow())['hand-overs']).toMatchObject({ ok: true })
  await gateway.db.pool.query('DELETE FROM protocol_suspension')
  await gateway.context.protocols.reload()
})
