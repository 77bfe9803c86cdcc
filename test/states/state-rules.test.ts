import { recordEntry } from '../../src/audit/record.ts'
import { inTransaction, type Tx } from '../../src/db/pool.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { seedRows } from '../support/seed.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await db.pool.query(
    `INSERT INTO party (id, kind, kbo, name, jwks)
     VALUES ('woonboog', 'housing-company', '0999000228', 'Woonboog', '{"keys": []}')`,
  )
})
afterAll(() => db.close())

const STATES = ['queued', 'retrying', 'held', 'delivered', 'parked', 'expired', 'withdrawn']

// Written by hand, beside the table in the migration: from each state to these and no other.
const STEPS: Readonly<Record<string, string>> = {
  new: 'queued held delivered',
  queued: 'retrying held delivered parked expired withdrawn',
  retrying: 'held delivered parked expired withdrawn',
  held: 'queued delivered expired withdrawn',
  parked: 'retrying delivered expired withdrawn',
  delivered: 'retrying',
  expired: 'delivered',
  withdrawn: '',
}

/** A way to each state by allowed steps. */
const WAY: Readonly<Record<string, string[]>> = {
  queued: ['queued'],
  retrying: ['queued', 'retrying'],
  held: ['held'],
  delivered: ['delivered'],
  parked: ['queued', 'parked'],
  expired: ['queued', 'expired'],
  withdrawn: ['queued', 'withdrawn'],
}

const allows = (was: string, state: string) => (STEPS[was] ?? '').split(' ').includes(state)
let number = 0
const nextId = () => `${number++}`

/** A message with one hand-over in that state. */
async function handOverIn(state: string): Promise<string> {
  const [first = '', ...others] = WAY[state] ?? []
  const id = nextId()
  await seedRows(db.pool, async tx => {
    await insertMessage(tx, id)
    await insertHandOver(tx, id, first)
    for (const next of others) await move(tx, id, next)
  })
  return id
}

const insertMessage = (tx: Tx, id: string, answer: string | null = null) =>
  tx.query(
    `INSERT INTO message (id, type, party_id, received_at, received_day, digest, accepted, refused,
       answer_state) VALUES ($1, 'feedback.reachability', 'woonboog', now(), current_date, 'd', 3, 0, $2)`,
    [id, answer],
  )
const insertHandOver = (tx: Tx, id: string, state: string) =>
  tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, items, state, due_at, created_at)
     VALUES ($1, $1, 'woonboog', 'event', 3, $2, now(), now())`,
    [id, state],
  )
const move = (tx: Tx, id: string, state: string) =>
  tx.query('UPDATE hand_over SET state = $2, reason = $3 WHERE id = $1', [id, state, `to-${state}`])

const stateOf = async (id: string) =>
  (await db.pool.query('SELECT state FROM hand_over WHERE id = $1', [id])).rows[0]?.state

describe('a hand-over', () => {
  test.each(STATES)('starts as %s only where that is a first state', async state => {
    const id = nextId()
    const insert = seedRows(db.pool, async tx => {
      await insertMessage(tx, id)
      await insertHandOver(tx, id, state)
    })
    if (allows('new', state)) await insert
    else
      await expect(insert).rejects.toThrow(
        `a step of hand-over from new to ${state} is not allowed`,
      )
    expect(await stateOf(id)).toBe(allows('new', state) ? state : undefined)
  })

  const pairs = STATES.flatMap(was => STATES.filter(to => to !== was).map(to => [was, to] as const))
  test.each(pairs)('from %s to %s: as the table says', async (was, to) => {
    const id = await handOverIn(was)
    const step = seedRows(db.pool, tx => move(tx, id, to))
    if (allows(was, to)) await step
    else
      await expect(step).rejects.toThrow(`a step of hand-over from ${was} to ${to} is not allowed`)
    expect(await stateOf(id)).toBe(allows(was, to) ? to : was)
  })

  test('the table of the database is that of this test, and each row says what happened', async () => {
    const { rows } = await db.pool.query<{ was: string; states: string[]; told: boolean }>(
      `SELECT was, array_agg(state ORDER BY state) AS states, bool_and(length(meaning) > 10) AS told
       FROM state_rule WHERE subject = 'hand-over' GROUP BY was`,
    )
    const here = Object.entries(STEPS).filter(([, to]) => to !== '')
    expect(Object.fromEntries(rows.map(row => [row.was, row.states]))).toEqual(
      Object.fromEntries(here.map(([was, to]) => [was, to.split(' ').toSorted()])),
    )
    expect(rows.every(row => row.told)).toBe(true)
  })

  test('each step is noted with the time and why, so that the time in each state is known', async () => {
    const id = await handOverIn('queued')
    await seedRows(db.pool, tx => move(tx, id, 'retrying'))
    await seedRows(db.pool, tx => move(tx, id, 'parked'))
    const { rows } = await db.pool.query(
      `SELECT t.was, t.state, t.code, t.at >= h.created_at AS later,
         t.id <> max(t.id) OVER () OR t.at = h.state_since AS since
       FROM transition t JOIN hand_over h ON h.id = t.hand_over_id WHERE h.id = $1 ORDER BY t.id`,
      [id],
    )
    const common = { later: true, since: true }
    expect(rows).toEqual([
      { was: 'queued', state: 'retrying', code: 'to-retrying', ...common },
      { was: 'retrying', state: 'parked', code: 'to-parked', ...common },
    ])
  })

  test('what changes no state is no step', async () => {
    const id = await handOverIn('queued')
    await db.pool.query("UPDATE hand_over SET state = 'queued', attempts = 1 WHERE id = $1", [id])
    const { rows } = await db.pool.query('SELECT FROM transition WHERE hand_over_id = $1', [id])
    expect(rows).toHaveLength(0)
  })

  test.each(['items = items + 1', 'items = items - 1', 'withdrawn = 1'])(
    'neither gains nor loses items: %s',
    async change => {
      const id = await handOverIn('queued')
      const update = seedRows(db.pool, tx =>
        tx.query(`UPDATE hand_over SET ${change} WHERE id = $1`, [id]),
      )
      await expect(update).rejects.toThrow('neither gains nor loses items')
      await seedRows(db.pool, tx =>
        tx.query(
          'UPDATE hand_over SET items = items - 1, withdrawn = withdrawn + 1 WHERE id = $1',
          [id],
        ),
      )
    },
  )

  test.each(['counted = false', "message_id = '0'"])(
    'what it counts for is fixed: %s',
    async change => {
      const id = await handOverIn('queued')
      const update = db.pool.query(`UPDATE hand_over SET ${change} WHERE id = $1`, [id])
      await expect(update).rejects.toThrow('what hand_over counts is fixed')
    },
  )
})

describe('a message', () => {
  test.each(['accepted = 4', 'refused = 1', "protocol = 'another'", "received_day = '2020-01-01'"])(
    'what it counts is fixed: %s',
    async change => {
      const id = await handOverIn('queued')
      const update = seedRows(db.pool, tx =>
        tx.query(`UPDATE message SET ${change} WHERE id = $1`, [id]),
      )
      await expect(update).rejects.toThrow('what message counts is fixed')
    },
  )

  const ANSWERS: Readonly<Record<string, string[]>> = {
    none: [],
    awaiting: ['answered', 'expired', 'none'],
    answered: [],
    expired: [],
  }
  const states = Object.keys(ANSWERS)
  const pairs = states.flatMap(was => states.filter(to => to !== was).map(to => [was, to] as const))
  const column = (state: string) => (state === 'none' ? null : state)
  test.each(pairs)('its interaction from %s to %s: as the table says', async (was, to) => {
    const id = nextId()
    const set = (tx: Tx, state: string) =>
      tx.query('UPDATE message SET answer_state = $2 WHERE id = $1', [id, column(state)])
    await seedRows(db.pool, async tx => {
      await insertMessage(tx, id, was === 'none' ? null : 'awaiting')
      if (was !== 'none' && was !== 'awaiting') await set(tx, was)
    })
    const step = seedRows(db.pool, tx => set(tx, to))
    if (ANSWERS[was]?.includes(to)) await step
    else
      await expect(step).rejects.toThrow(
        `a step of interaction from ${was} to ${to} is not allowed`,
      )
  })
})

describe('evidence', () => {
  const entry = { action: 'message.parked', at: new Date(), actor: { role: 'gateway' } } as const

  test('no step commits without an entry in its transaction, and with one it does', async () => {
    const id = await handOverIn('queued')
    const without = inTransaction(db.pool, tx => move(tx, id, 'parked'))
    await expect(without).rejects.toThrow('a step of hand_over without an entry of the audit log')
    expect(await stateOf(id)).toBe('queued')
    await inTransaction(db.pool, async tx => {
      await move(tx, id, 'parked')
      await recordEntry(tx, entry)
    })
    expect(await stateOf(id)).toBe('parked')
  })

  test('nor does a message or a hand-over begin', async () => {
    const id = nextId()
    await expect(inTransaction(db.pool, tx => insertMessage(tx, id))).rejects.toThrow(
      'a step of message without an entry',
    )
    const other = await handOverIn('queued')
    const begin = db.pool.query(
      `INSERT INTO hand_over (id, message_id, destination, kind, items, state, due_at, created_at)
       VALUES ('more', $1, 'woonboog', 'event', 1, 'queued', now(), now())`,
      [other],
    )
    await expect(begin).rejects.toThrow('a step of hand_over without an entry')
  })

  test('an entry of an earlier transaction on the same connection does not count', async () => {
    const id = await handOverIn('queued')
    const client = await db.pool.connect()
    try {
      await recordEntry(client, entry)
      await expect(move(client as unknown as Tx, id, 'parked')).rejects.toThrow('without an entry')
    } finally {
      client.release()
    }
  })

  test('nor does one that was rolled back to a savepoint', async () => {
    const id = await handOverIn('queued')
    const step = inTransaction(db.pool, async tx => {
      await move(tx, id, 'parked')
      await tx.query('SAVEPOINT before')
      await recordEntry(tx, entry)
      await tx.query('ROLLBACK TO SAVEPOINT before')
    })
    await expect(step).rejects.toThrow('without an entry')
  })
})
