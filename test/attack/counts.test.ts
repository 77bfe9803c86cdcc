import { inTransaction } from '../../src/db/pool.ts'
import { releasePeriods } from '../../src/exchange/period.ts'
import { releaseTable } from '../../src/report/release.ts'
import { detection, forwardedTo, openDomain, PERIOD, tenants } from '../support/detection.ts'
import { type Company, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { seedRows } from '../support/seed.ts'
import {
  assertConserved,
  closePeriod,
  endTenancies,
  handOversOf,
  hurry,
  isIn,
  post,
} from './kit.ts'

/** The one number of a period: about whom it is, when it goes out, and what else shows with it. */
let gateway: TestGateway
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
afterEach(async () => {
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await assertConserved(gateway)
})
afterAll(async () => {
  await gateway.close()
})

const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}

async function answer(messageId: string, found: number): Promise<void> {
  const calls = gateway.vdab.to('/api/detections')
  const forwarded = calls.findLast(({ body }) => body['messageId'] === messageId)
  const requestDigest = String(forwarded?.body['requestDigest'])
  await gateway.clients.vdab.answer(messageId, { requestDigest, found })
}

function numberFor(company: Company) {
  return until('the number arrives', () =>
    gateway.hooks[company].received.find(
      ({ body }) => body['type'] === 'be.huisbrug.detection.answered',
    ),
  )
}

describe('a period that may not be closed', () => {
  test.each(['2999-12', '2019-01', PERIOD])('%s, without accepted requests', async period => {
    const reply = await closePeriod(gateway, 'woonboog', period)
    expect(reply).toMatchObject({ status: 400, body: { code: 'HB-202' } })
    expect(reply.body.errors).toMatchObject([{ pointer: '/period' }])
    const { rows } = await gateway.db.pool.query('SELECT * FROM period_close')
    expect(rows).toEqual([])
  })
})

describe('rows that were withdrawn before the request left', () => {
  test('are not in the group; whose request is withdrawn whole, nobody waits for', async () => {
    const { woonboog } = gateway.clients
    gateway.vdab.reply = () => ({ status: 503 })
    const people = some(20)
    const { messageId } = await woonboog.detect(detection(people))
    const whole = some(2)
    const { messageId: withdrawn } = await woonboog.detect(detection(whole))
    await until('both wait', async () => {
      return (await isIn(gateway, messageId, 'retrying')) && isIn(gateway, withdrawn, 'retrying')
    })
    await endTenancies(gateway, 'woonboog', [...people.slice(0, 15), ...whole])
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await hurry(gateway)
    await until('five rows leave', () =>
      gateway.vdab
        .to('/api/detections')
        .some(({ body }) => (body['rows'] as object[]).length === 5),
    )
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    const path = `/v1/detections/${messageId}/answer`
    const requestDigest = String(gateway.vdab.to('/api/detections').at(-1)?.body['requestDigest'])
    const tooMany = await post(gateway, 'vdab', path, { requestDigest, found: 6 })
    expect(tooMany).toMatchObject({ status: 400, body: { code: 'HB-202' } })
    await answer(messageId, 5)
    expect(await woonboog.message(withdrawn)).toMatchObject({
      state: 'withdrawn',
      items: { accepted: 2, withdrawn: 2, delivered: 0 },
    })
    const { rows } = await gateway.db.pool.query('SELECT answer_state FROM message WHERE id = $1', [
      withdrawn,
    ])
    expect(rows).toEqual([{ answer_state: null }])
    await closePeriod(gateway, 'woonboog', PERIOD)
    const { body } = await numberFor('woonboog')
    expect(body['data']).toMatchObject({ tenants: 5, found: null, suppressed: true })
    const members = await gateway.db.pool.query(
      "SELECT count(*)::int AS n FROM period_member WHERE party_id = 'woonboog'",
    )
    expect(members.rows).toEqual([{ n: 5 }])
  })
})

describe('what goes with the number', () => {
  test('answers show as of the release; the event has an id, a time and a message of its own', async () => {
    const { leefgoed } = gateway.clients
    const sent: string[] = []
    for (const count of [12, 8]) {
      const { messageId } = await leefgoed.detect(detection(some(count)))
      await forwardedTo(gateway, messageId)
      await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
      await answer(messageId, 5)
      sent.push(messageId)
    }
    await new Promise(resolve => setTimeout(resolve, 50))
    const closedAt = Date.now()
    await closePeriod(gateway, 'leefgoed', PERIOD)
    const { body } = await numberFor('leefgoed')
    expect(body['data']).toMatchObject({ tenants: 20 })
    expect(Date.parse(String(body['time']))).toBeGreaterThanOrEqual(closedAt)
    const { rows: answers } = await gateway.db.pool.query(
      `SELECT m.id, h.id AS "handOver", c.released_at FROM message m
         JOIN hand_over h ON h.message_id = m.id
         JOIN period_close c ON c.party_id = 'leefgoed' AND c.period = m.period
       WHERE m.in_reply_to = ANY($1)`,
      [sent],
    )
    const theirs = answers.flatMap(row => [row.id, row.handOver])
    expect(theirs).toHaveLength(4)
    expect(theirs).not.toContain(body['id'])
    for (const text of [JSON.stringify(body), JSON.stringify(await leefgoed.deliveries())]) {
      for (const id of theirs) expect(text).not.toContain(id)
    }
    expect(body['time']).toBe(answers[0].released_at.toISOString())
    for (const messageId of sent) {
      const { state, transitions } = await leefgoed.message(messageId)
      expect(state).toBe('answered')
      expect(transitions.filter(step => step.state === 'answered')).toEqual([
        { state: 'answered', at: answers[0].released_at.toISOString() },
      ])
    }
  })

  test('every answer in it has an entry of its delivery', async () => {
    await until('the followers are delivered', async () => {
      const { rows } = await gateway.db.pool.query(
        `SELECT count(*)::int AS n FROM hand_over WHERE destination = 'leefgoed'
           AND with_id IS NOT NULL AND state = 'delivered'`,
      )
      return rows[0].n === 2
    })
    const { rows } = await gateway.db.pool.query(
      `SELECT action, recipient FROM (SELECT action, recipient, type FROM audit_entry
         UNION ALL SELECT action, recipient, type FROM audit_pending) e
       WHERE type = 'detection.answer' AND action = 'message.delivered' AND recipient = 'leefgoed'`,
    )
    expect(rows).toHaveLength(2)
  })
})

test('the number handed over once more and then acknowledged is no new delivery of its answers', async () => {
  const { leefgoed } = gateway.clients
  const { body } = await numberFor('leefgoed')
  const id = String(body['id'])
  const entries = async () => {
    const { rows } = await gateway.db.pool.query(
      `SELECT h.message_id, (SELECT count(*)::int FROM audit_entry e WHERE e.message_id = h.message_id
         AND e.action = 'message.delivered') AS n
       FROM hand_over h WHERE h.with_id = $1 ORDER BY 1`,
      [id],
    )
    return rows
  }
  const settled = () =>
    until('all is in the log', async () => {
      const { rows } = await gateway.db.pool.query('SELECT count(*)::int AS n FROM audit_pending')
      return rows[0].n === 0
    })
  await settled()
  const before = await entries()
  expect(before.map(({ n }) => n)).toEqual([1, 1])
  gateway.hooks.leefgoed.reply = () => ({ status: 503, body: {} })
  await leefgoed.retryDelivery(id)
  await until('it is tried again', async () => {
    const { rows } = await gateway.db.pool.query('SELECT state FROM hand_over WHERE id = $1', [id])
    return rows[0].state === 'retrying'
  })
  await leefgoed.inbox()
  expect(await leefgoed.acknowledge(id)).toMatchObject({ acknowledged: 1 })
  gateway.hooks.leefgoed.reply = () => ({ status: 202, body: {} })
  await settled()
  expect(await entries()).toEqual(before)
})

test('a period of which every request expired still releases one event, suppressed', async () => {
  const company = 'de-noorderkempen'
  const { messageId } = await gateway.clients[company].detect(detection(some(12)))
  await forwardedTo(gateway, messageId)
  await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
  await gateway.db.pool.query(
    "UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id = $1",
    [messageId],
  )
  await closePeriod(gateway, company, PERIOD)
  const { body } = await numberFor(company)
  expect(body['data']).toMatchObject({ tenants: 0, found: null, suppressed: true })
  const events = gateway.hooks[company].received.map(it => it.body['type'])
  await until('the notice too', () => gateway.hooks[company].received.length === 2)
  expect(events.filter(type => type === 'be.huisbrug.detection.answered')).toHaveLength(1)
  // The request, its number, and a notice of the end to the company and to VDAB.
  expect(await handOversOf(gateway, messageId)).toHaveLength(4)
})

describe('a group against every one that was released before', () => {
  const subject = (index: number) => Buffer.from(String(index).padStart(16, '0'))
  const range = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => first + index)

  /** A closed period of another gateway's past, answered, with these people; releases its number. */
  async function release(period: string, people: number[], found: number) {
    const { pool } = gateway.db
    const [request, reply] = ['Q', 'A'].map(
      kind => `msg_01KAJ5J7WQ7Z3M8T5V0${kind}${period.replace('-', '')}`,
    )
    await pool.query(
      `INSERT INTO period_member
       SELECT 'wm-vdab', 'woonboog', $1, 'detection.request', one, one, one FROM unnest($2::bytea[]) AS one`,
      [period, people.map(subject)],
    )
    await seedRows(pool, tx =>
      tx.query(
        `INSERT INTO message (id, type, protocol, party_id, purpose, period, received_at, received_day,
         digest, accepted, refused, answer_state, in_reply_to, found)
       VALUES ($1, 'detection.request', 'wm-vdab', 'woonboog', 'detection', $3, now(), current_date, 'x', $4, 0, 'awaiting', NULL, NULL),
         ($2, 'detection.answer', 'wm-vdab', 'vdab', 'detection', $3, now(), current_date, 'x', 1, 0, NULL, $1, $5)`,
        [request, reply, period, people.length, found],
      ),
    )
    await seedRows(pool, tx =>
      tx.query("UPDATE message SET answer_state = 'answered' WHERE id = $1", [request]),
    )
    await seedRows(pool, tx =>
      tx.query(
        `INSERT INTO hand_over (id, message_id, destination, kind, event, items, state, reason, due_at, created_at, delivered_at)
       VALUES ('del_q' || $3, $1, 'vdab', 'request', NULL, $4, 'queued', NULL, now(), now(), now()),
         ('del_a' || $3, $2, 'woonboog', 'event', 'be.huisbrug.detection.answered', 1, 'held', 'period-open', now(), now(), NULL)`,
        [request, reply, period, people.length],
      ),
    )
    await seedRows(pool, tx =>
      tx.query("UPDATE hand_over SET state = 'delivered' WHERE id = 'del_q' || $1", [period]),
    )
    await pool.query(
      "INSERT INTO period_close (protocol, party_id, period, closed_at) VALUES ('wm-vdab', 'woonboog', $1, now())",
      [period],
    )
    await releasePeriods(gateway.context)
    return until('it is released', async () => {
      const { rows } = await pool.query(
        "SELECT found FROM period_close WHERE party_id = 'woonboog' AND period = $1 AND released_at IS NOT NULL",
        [period],
      )
      return rows[0] as { found: number | null } | undefined
    })
  }

  test('one person fewer than two periods ago is suppressed, whatever the noise', async () => {
    const group = range(0, 600)
    const first = await release('2025-01', group, 300)
    const other = await release('2025-02', range(1_000, 600), 300)
    const without = await release('2025-03', group.slice(1), 299)
    const more = await release('2025-04', [...group, 2_000, 2_001, 2_002, 2_003], 300)
    // Noise of scale 5 does not take 300 of 600 below 5 or above 595.
    expect(first.found).not.toBeNull()
    expect(other.found).not.toBeNull()
    expect([without.found, more.found]).toEqual([null, null])
  })

  test('each is a release, held against the quarter: that would tell the one that is hidden', async () => {
    const { rows } = await gateway.db.pool.query(
      `SELECT period, c.value, l.withheld FROM release r JOIN release_cell c USING (number)
         JOIN release_leaf l USING (number) WHERE recipient = 'woonboog' AND period < '2026' ORDER BY 1`,
    )
    expect(rows).toMatchObject([
      { period: '2025-01', value: expect.any(Number), withheld: false },
      { period: '2025-02', value: expect.any(Number), withheld: false },
      { period: '2025-03', value: null, withheld: true },
      { period: '2025-04', value: null, withheld: true },
    ])
    const quarter = await inTransaction(gateway.db.pool, tx =>
      releaseTable(tx, gateway.context.protocols.current(), {
        ...{ protocol: 'wm-vdab', table: 'detection-found', period: '2025-Q1', counts: [] },
        ...{ recipient: 'vdab', by: { role: 'privacy-officer' }, at: new Date() },
      }),
    )
    const ofQuarter = quarter.cells.filter(({ dims }) => dims['month'] === '2025-Q1')
    expect(ofQuarter.map(({ hidden }) => hidden)).toEqual([true, true])
  })
})
