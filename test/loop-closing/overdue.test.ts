import { readBalances } from '../../src/exchange/conservation.ts'
import { readFollowUp } from '../../src/exchange/follow-up.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { validatorFor } from '../../src/schemas.ts'
import { endTenancies, entriesOf, holdSettling, suspend } from '../attack/kit.ts'
import { detection, openDomain, TODAY } from '../support/detection.ts'
import { type Company, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { seedRows } from '../support/seed.ts'
import {
  dayOf,
  dyingPool,
  feedbackFor,
  midnight,
  noticesOf,
  OVERDUE,
  openSince,
  tellAt,
} from './kit.ts'

const HOUR_MS = 3_600_000

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
beforeEach(() => {
  for (const hook of Object.values(gateway.hooks)) hook.received.length = 0
})
afterEach(async () => {
  for (const id of ['wm-vdab', 'wm-vdab-woonboog', 'wm-vdab-leefgoed']) await suspend(gateway, id)
  // What one test left open does not grow old in the next.
  await seedRows(gateway.db.pool, tx => {
    return tx.query("UPDATE feedback SET status = 'closed' WHERE status <> 'closed'")
  })
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
})
afterAll(async () => {
  await gateway.close()
})

/** The notices that a company received about this feedback. */
const overdueAt = (company: Company, ids: string[]) =>
  gateway.hooks[company].received.filter(
    ({ body }) => body['type'] === OVERDUE && ids.includes(String(body['subject'])),
  )
/** Open since so many days and hours before the midnight that begins the day after tomorrow. */
const earlier = (days: number, hours = 0) =>
  new Date(+midnight(2) - days * 24 * HOUR_MS - hours * HOUR_MS)
const END = midnight(2)
const JUST_BEFORE = new Date(+END - 1)
const step = (id: string, status: 'taken-up' | 'closed') =>
  gateway.clients.woonboog.progress(id, { status, on: TODAY })

describe('the day on which it is overdue', () => {
  test('is the first after the thirtieth, from midnight UTC on, whatever hour it came', async () => {
    const early = await feedbackFor(gateway, 'woonboog')
    const late = await feedbackFor(gateway, 'woonboog')
    const tomorrow = await feedbackFor(gateway, 'woonboog')
    // Open since 00:00 and 23:59:59.999 of one day: both have until the end of the same day.
    await openSince(gateway, early.ids, earlier(31))
    await openSince(gateway, late.ids, new Date(+earlier(30) - 1))
    await openSince(gateway, tomorrow.ids, earlier(30))
    const all = [...early.ids, ...late.ids, ...tomorrow.ids]
    expect(await tellAt(gateway, JUST_BEFORE)).toEqual([])
    expect(await noticesOf(gateway, all)).toEqual([])
    expect(await tellAt(gateway, END)).toEqual(['woonboog'])
    expect((await noticesOf(gateway, all)).map(it => it.feedbackId).toSorted()).toEqual(
      [...early.ids, ...late.ids].toSorted(),
    )
    expect(await tellAt(gateway, END)).toEqual([])
  })

  test('tells the housing company, with its own reference and the last day in time', async () => {
    const { ids, people, messageId } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(31))
    await tellAt(gateway, END)
    await gateway.context.wakeUps.wake(['woonboog'])
    const event = await until('the event', () => overdueAt('woonboog', ids)[0])
    expect(validatorFor('envelope')(event.body)).toEqual([])
    expect(event.body['subject']).toBe(ids[0])
    expect(event.body['data']).toEqual({
      feedbackId: ids[0],
      protocol: 'wm-vdab',
      tenantRef: people[0]?.tenantRef,
      status: 'open',
      dueOn: dayOf(midnight(1)),
    })
    const [entry, ...more] = await entriesOf(gateway, messageId, 'feedback.overdue')
    expect(more).toEqual([])
    expect(entry).toMatchObject({
      message: { id: messageId, type: 'feedback.reachability' },
      recipient: 'woonboog',
      counts: { items: 1 },
      rule: 'modalities.daysToOverdue',
      protocol: { id: 'wm-vdab' },
      subjects: { count: 1 },
    })
    expect(JSON.stringify(entry)).not.toContain(people[0]?.tenantRef)
  })
})

describe('the clock', () => {
  let settleAgain: () => Promise<void>
  beforeAll(async () => {
    settleAgain = await holdSettling(gateway)
  })
  afterAll(() => settleAgain())

  test.each(['wm-vdab', 'wm-vdab-woonboog'])('stands still while %s is suspended', async id => {
    const { ids } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(31))
    const from = earlier(20)
    await suspend(gateway, id, { from, until: new Date(+from + 36 * HOUR_MS) })
    // Thirty days and thirty-six hours: due at noon of the day after tomorrow, overdue a day later.
    expect(await tellAt(gateway, END)).toEqual([])
    expect(await tellAt(gateway, new Date(+END + 24 * HOUR_MS - 1))).toEqual([])
    expect(await tellAt(gateway, new Date(+END + 24 * HOUR_MS))).toEqual(['woonboog'])
    const { rows } = await gateway.db.pool.query('SELECT due_on FROM feedback WHERE id = $1', ids)
    expect(rows[0].due_on).toBe(dayOf(END))
  })

  test('counts two suspensions at once as one, and not that of another company', async () => {
    const { ids } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(32))
    const span = { from: earlier(20), until: earlier(19) }
    await suspend(gateway, 'wm-vdab', span)
    await suspend(gateway, 'wm-vdab-woonboog', span)
    await suspend(gateway, 'wm-vdab-leefgoed', { from: earlier(20), until: earlier(10) })
    expect(await tellAt(gateway, JUST_BEFORE)).toEqual([])
    expect(await tellAt(gateway, END)).toEqual(['woonboog'])
  })

  test('says nothing while it stands still, however late it was', async () => {
    const { ids } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(40))
    await suspend(gateway, 'wm-vdab-woonboog', { from: earlier(3), until: null })
    expect(await tellAt(gateway, END)).toEqual([])
    expect(await noticesOf(gateway, ids)).toEqual([])
  })
})

describe('once', () => {
  test('under several processes at the same moment', async () => {
    const { ids, messageId } = await feedbackFor(gateway, 'woonboog', 20)
    await openSince(gateway, ids, earlier(35))
    await Promise.all(Array.from({ length: 6 }, () => tellAt(gateway, END)))
    const settled = { ...gateway.context, clock: () => END }
    await Promise.all([settleOnce(settled), settleOnce(settled)])
    expect(await noticesOf(gateway, ids)).toHaveLength(20)
    const entries = await entriesOf(gateway, messageId, 'feedback.overdue')
    const counted = entries.map(({ counts }) => (counts as { items: number }).items)
    expect(counted.reduce((total, one) => total + one, 0)).toBe(20)
  })

  test('and whole, where the process dies before any of its statements', async () => {
    const { ids, messageId } = await feedbackFor(gateway, 'woonboog', 3)
    await openSince(gateway, ids, earlier(35))
    const { pool } = gateway.context
    let deaths = 0
    while ((await noticesOf(gateway, ids)).length === 0) {
      expect(await entriesOf(gateway, messageId, 'feedback.overdue')).toEqual([])
      const { rows } = await pool.query(
        'SELECT FROM feedback WHERE id = ANY($1) AND overdue_at IS NOT NULL',
        [ids],
      )
      expect(rows).toEqual([])
      const dying = dyingPool(pool, deaths + 1)
      await tellAt(gateway, END, dying).catch(() => {})
      // It finds nothing while the server has not noticed yet that the last one died.
      if (dying.died) deaths += 1
    }
    // Three statements about moot notices; BEGIN, what is due, the notices, the evidence and COMMIT.
    expect(deaths).toBe(8)
    expect(await noticesOf(gateway, ids)).toHaveLength(3)
    expect(await entriesOf(gateway, messageId, 'feedback.overdue')).toHaveLength(1)
  })

  test('the database itself refuses a second notice', async () => {
    const { ids } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(35))
    await tellAt(gateway, END)
    const again = gateway.db.pool.query(
      `INSERT INTO hand_over (id, message_id, destination, kind, event, feedback_id, counted, items,
         state, due_at, created_at)
       SELECT id || 'x', message_id, destination, kind, event, feedback_id, counted, items, 'queued',
         now(), now() FROM hand_over WHERE event = $1 AND feedback_id = $2`,
      [OVERDUE, ids[0]],
    )
    await expect(again).rejects.toMatchObject({ constraint: 'hand_over_overdue' })
  })
})

describe('who is told nothing', () => {
  test('of a tenancy that ended, of feedback that is closed, withdrawn or expired', async () => {
    const ended = await feedbackFor(gateway, 'woonboog')
    const closed = await feedbackFor(gateway, 'woonboog')
    const lapsed = await feedbackFor(gateway, 'woonboog')
    gateway.hooks.woonboog.reply = () => ({ status: 500 })
    const gone = await feedbackFor(gateway, 'woonboog')
    const others = [ended, closed, lapsed, gone]
    for (const { ids } of others) await openSince(gateway, ids, earlier(35))
    await endTenancies(gateway, 'woonboog', ended.people)
    await step(closed.ids[0] ?? '', 'closed')
    await gateway.db.pool.query(
      `UPDATE route SET expires_at = now() - interval '1 second' FROM feedback f
       WHERE f.id = $1 AND route.tag = f.tag AND route.domain = f.domain`,
      lapsed.ids,
    )
    await gateway.db.pool.query(
      "UPDATE hand_over SET created_at = now() - interval '401 days' WHERE feedback_id = $1",
      gone.ids,
    )
    await until('the undelivered one has expired', async () => {
      await eraseExpired(gateway.context)
      const { rows } = await gateway.db.pool.query(
        "SELECT FROM hand_over WHERE feedback_id = $1 AND state = 'expired'",
        gone.ids,
      )
      return rows.length === 1
    })
    gateway.hooks.woonboog.reply = () => ({ status: 202, body: {} })
    await tellAt(gateway, END)
    expect(
      await noticesOf(
        gateway,
        others.flatMap(({ ids }) => ids),
      ),
    ).toEqual([])
  })

  test('of a person whom another company names too, until one is left', async () => {
    const { ids, people } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(35))
    const moved = people.map(one => ({ ...one, tenantRef: `moved-${one.tenantRef}` }))
    await gateway.clients.leefgoed.detect(detection(moved))
    expect(await tellAt(gateway, END)).toEqual([])
    await endTenancies(gateway, 'leefgoed', moved)
    expect(await tellAt(gateway, END)).toEqual(['woonboog'])
    expect(overdueAt('leefgoed', ids)).toEqual([])
  })

  test('each company of its own only', async () => {
    const own = await feedbackFor(gateway, 'woonboog', 2)
    const other = await feedbackFor(gateway, 'leefgoed')
    await openSince(gateway, [...own.ids, ...other.ids], earlier(35))
    expect((await tellAt(gateway, END)).toSorted()).toEqual(['leefgoed', 'woonboog'])
    await gateway.context.wakeUps.wake(['leefgoed', 'woonboog'])
    await until('both are told', () => {
      return (
        overdueAt('woonboog', own.ids).length === 2 && overdueAt('leefgoed', other.ids).length === 1
      )
    })
    const seen = overdueAt('leefgoed', other.ids)
      .map(it => it.raw)
      .join()
    for (const { tenantRef } of own.people) expect(seen).not.toContain(tenantRef)
    expect(seen).toContain(other.people[0]?.tenantRef)
  })
})

describe('what follows', () => {
  test('a notice that has not left is withdrawn once the feedback is closed', async () => {
    gateway.hooks.woonboog.reply = () => ({ status: 503, headers: { 'retry-after': '3600' } })
    const { ids, messageId } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(35))
    await tellAt(gateway, END)
    await step(ids[0] ?? '', 'closed')
    await until('it is withdrawn', async () => {
      await tellAt(gateway, END)
      return (await noticesOf(gateway, ids))[0]?.state === 'withdrawn'
    })
    expect(await noticesOf(gateway, ids)).toMatchObject([{ reason: 'feedback-closed' }])
    expect(await entriesOf(gateway, messageId, 'message.withdrawn')).toMatchObject([
      { reason: 'feedback-closed', counts: { items: 0 } },
    ])
    gateway.hooks.woonboog.reply = () => ({ status: 202, body: {} })
    await gateway.db.pool.query('DELETE FROM circuit')
  })

  test('progress goes on; the figures follow; its sender sees nothing of it', async () => {
    const { ids, messageId, tags } = await feedbackFor(gateway, 'woonboog', 3)
    const seen = await until('all has arrived', async () => {
      const view = await gateway.clients.vdab.message(messageId)
      return view.items.delivered === 3 && view
    })
    const figures = async () => {
      const rows = await readFollowUp(gateway.db.pool)
      return rows.find(row => row.party === 'woonboog' && row.protocol === 'wm-vdab')
    }
    const was = await figures()
    await openSince(gateway, ids, earlier(35))
    await tellAt(gateway, END)
    expect((await figures())?.overdue).toBe((was?.overdue ?? 0) + tags.length)
    await step(ids[0] ?? '', 'taken-up')
    await step(ids[1] ?? '', 'closed')
    expect(await figures()).toEqual({
      protocol: 'wm-vdab',
      party: 'woonboog',
      open: (was?.open ?? 0) - 2,
      takenUp: (was?.takenUp ?? 0) + 1,
      closed: (was?.closed ?? 0) + 1,
      overdue: (was?.overdue ?? 0) + 2,
    })
    await expect(step(ids[1] ?? '', 'taken-up')).rejects.toMatchObject({ code: 'HB-507' })
    // Taken up is not closed: it was told once, and is not told again.
    expect(await tellAt(gateway, midnight(60))).toEqual([])
    expect(await gateway.clients.vdab.message(messageId)).toEqual(seen)
  })

  test('a notice that was taken erases nothing of feedback that was not', async () => {
    gateway.hooks.woonboog.reply = ({ body }) => ({ status: body['type'] === OVERDUE ? 202 : 400 })
    const { ids } = await feedbackFor(gateway, 'woonboog')
    await openSince(gateway, ids, earlier(35))
    await tellAt(gateway, END)
    await gateway.context.wakeUps.wake(['woonboog'])
    await until('the notice is taken', () => overdueAt('woonboog', ids).length > 0)
    await gateway.db.pool.query(
      "UPDATE hand_over SET delivered_at = now() - interval '9 days' WHERE feedback_id = $1 AND event = $2",
      [ids[0], OVERDUE],
    )
    await until('the notice is erased', async () => {
      await eraseExpired(gateway.context)
      const { rows } = await gateway.db.pool.query(
        'SELECT FROM hand_over WHERE feedback_id = $1 AND event = $2 AND erased_at IS NOT NULL',
        [ids[0], OVERDUE],
      )
      return rows.length === 1
    })
    const { rows } = await gateway.db.pool.query('SELECT content FROM feedback WHERE id = $1', ids)
    expect(rows[0].content).toMatchObject({ reachability: 'hard-to-reach' })
    gateway.hooks.woonboog.reply = () => ({ status: 202, body: {} })
  })
})
