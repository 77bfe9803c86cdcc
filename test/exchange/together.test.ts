import { inPipeline, inTransaction, type Pool } from '../../src/db/pool.ts'
import { Questions, type Settled, Shared, Together } from '../../src/db/together.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'

describe('work for many at once', () => {
  test('those who come while a turn is under way share the next, each with a result of its own', async () => {
    const turns: number[][] = []
    const work = async (those: number[]): Promise<Settled<string>[]> => {
      turns.push(those)
      await new Promise(resolve => setTimeout(resolve, 5))
      return those.map(one => (one === 3 ? { error: new Error('three') } : { value: `${one}` }))
    }
    const together = new Together(work, { most: 4 })
    const all = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(one => together.do(one)))
    expect(turns).toEqual([[1], [2, 3, 4, 5], [6]])
    expect(all.map(one => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
      '1',
      '2',
      'three',
      '4',
      '5',
      '6',
    ])
  })

  test('what a turn throws all of it get, and the next goes on', async () => {
    let away = true
    const together = new Together<number, number>(
      async those => {
        if (away) throw new Error('away')
        return those.map(value => ({ value }))
      },
      { most: 10 },
    )
    const first = await Promise.allSettled([together.do(1)])
    away = false
    expect([first[0]?.status, await together.do(2)]).toEqual(['rejected', 2])
  })
})

describe('one answer for all who ask for the same', () => {
  test('while it is looked for; who asks after it changed has it looked for anew', async () => {
    const found: ((value: number) => void)[] = []
    const find = () => new Promise<number>(resolve => found.push(resolve))
    const shared = new Shared<number>()
    const [first, second, other] = [
      shared.ask('a', find),
      shared.ask('a', find),
      shared.ask('b', find),
    ]
    shared.forget('a')
    const after = shared.ask('a', find)
    expect(found.length).toBe(3)
    for (const [at, resolve] of found.entries()) resolve(at)
    expect(await Promise.all([first, second, other, after])).toEqual([0, 0, 1, 2])
    void shared.ask('a', find)
    expect(found.length).toBe(4)
  })

  test('one that fails is looked for again', async () => {
    const shared = new Shared<number>()
    const failing = shared.ask('a', () => Promise.reject(new Error('away')))
    await expect(failing).rejects.toThrow('away')
    expect(await shared.ask('a', async () => 1)).toBe(1)
  })
})

describe('questions of many callers', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await testDatabase()
  })
  afterAll(() => db.close())

  test('of every kind go out together, on one connection; one that fails fails alone', async () => {
    let connections = 0
    const pool = {
      connect: () => {
        connections += 1
        return db.pool.connect()
      },
    } as unknown as Pool
    const questions = new Questions(pool)
    const ask = (sql: string) =>
      questions.kind<number, number>(
        async (tx, those) => {
          const { rows } = await tx.query<{ n: number }>(sql, [those])
          return rows.map(({ n }) => ({ value: n }))
        },
        { most: 100 },
      )
    const double = ask('SELECT 2 * n AS n FROM unnest($1::int[]) AS a (n)')
    const square = ask('SELECT n * n AS n FROM unnest($1::int[]) AS a (n)')
    const broken = ask('SELECT n / 0 AS n FROM unnest($1::int[]) AS a (n)')
    const all = await Promise.allSettled([double(3), square(3), broken(3), double(4), square(5)])
    expect(all.map(it => (it.status === 'fulfilled' ? it.value : it.reason.code))).toEqual([
      ...[6, 9, '22012', 8, 25],
    ])
    expect(connections).toBe(1)
    expect(await double(5)).toBe(10)
  })

  test('get the reason where there is no connection, and are answered once there is', async () => {
    let away = true
    const pool = {
      connect: () => (away ? Promise.reject(new Error('away')) : db.pool.connect()),
    } as unknown as Pool
    const one = new Questions(pool).kind<number, number>(
      async (tx, those) => {
        await tx.query('SELECT 1')
        return those.map(value => ({ value }))
      },
      { most: 1 },
    )
    await expect(one(1)).rejects.toThrow('away')
    away = false
    expect(await one(2)).toBe(2)
  })
})

describe('statements of one transaction that are sent at once', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await testDatabase()
    await db.pool.query('CREATE TABLE step (n int PRIMARY KEY)')
  })
  afterAll(() => db.close())
  const insert = 'INSERT INTO step VALUES ($1)'
  const steps = async () => (await db.pool.query('SELECT n FROM step ORDER BY n')).rows

  test('are done in that order', async () => {
    await inTransaction(db.pool, tx =>
      inPipeline(
        tx.query(insert, [1]),
        tx.query('UPDATE step SET n = n + 1'),
        tx.query(insert, [1]),
      ),
    )
    expect(await steps()).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('throw what the first of them threw, and nothing comes after the ROLLBACK', async () => {
    const work = inTransaction(db.pool, tx =>
      inPipeline(
        tx.query(insert, [3]),
        tx.query(insert, [1]),
        // What goes on after its first statement is waited for as well.
        tx.query('SELECT 1').then(
          () => tx.query(insert, [4]),
          () => tx.query(insert, [5]),
        ),
      ),
    )
    await expect(work).rejects.toMatchObject({ code: '23505' })
    expect(await steps()).toEqual([{ n: 1 }, { n: 2 }])
    const { rows } = await db.pool.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM pg_stat_activity
       WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    )
    expect(rows).toEqual([{ open: 0 }])
  })
})

describe('messages that are ready at the same moment', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await testGateway({ roles: 'api' })
    await openDomain(gateway)
    // Each party signs in, and what a process makes at first use is there.
    for (const [at, company] of COMPANIES.entries())
      await gateway.clients[company].detect(detection(tenants(at, 1)))
  })
  afterAll(() => gateway.close())

  /** Sends while nothing can be stored, so that all but the first wait for one transaction. */
  async function sendTogether(sends: (() => Promise<unknown>)[]) {
    const holder = await gateway.db.pool.connect()
    const lock = "hashtextextended('huisbrug restriction', 0)"
    await holder.query(`SELECT pg_advisory_lock(${lock})`)
    const [first, ...others] = sends
    const sent = [first?.()]
    await until('the first waits', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
      )
      return rows.length > 0
    })
    sent.push(...others.map(send => send()))
    await new Promise(resolve => setTimeout(resolve, 1_500))
    await holder.query(`SELECT pg_advisory_unlock(${lock})`)
    holder.release()
    return Promise.allSettled(sent)
  }

  const count = async (sql: string) => (await gateway.db.pool.query(sql)).rows.length

  test('share a transaction; one that is refused does not touch the others', async () => {
    const before = await count('SELECT FROM message')
    const send = (company: (typeof COMPANIES)[number], from: number, size = 1) => {
      return () => gateway.clients[company].detect(detection(tenants(from, size)))
    }
    const results = await sendTogether([
      send('woonboog', 100),
      ...[110, 120, 130].map(from => send('leefgoed', from, 3)),
      // One person in two messages of one company, and one who was sent before.
      send('de-noorderkempen', 200),
      send('de-noorderkempen', 200),
      send('leefgoed', COMPANIES.indexOf('leefgoed')),
      // The same persons at another company are hers as well.
      send('woonboog', 110, 3),
    ])
    const codes = results.map(one => (one.status === 'fulfilled' ? '202' : one.reason.code))
    expect(codes.slice(0, 4)).toEqual(['202', '202', '202', '202'])
    expect(codes.slice(4, 6).toSorted()).toEqual(['202', 'HB-404'])
    expect(codes.slice(6)).toEqual(['HB-404', '202'])
    expect(await count('SELECT FROM message')).toBe(before + 8)
    expect((await readBalances(gateway.db.pool)).filter(it => !it.balanced)).toEqual([])
  }, 60_000)

  test('one transaction holds many, each with its evidence and its outcome', async () => {
    // Woonboog: whose persons were sent twice just now goes alone for a while.
    const sends = Array.from({ length: 12 }, (_, at) => () => {
      return gateway.clients.woonboog.detect(detection(tenants(300 + at, 1)))
    })
    const results = await sendTogether(sends)
    const ids = results.flatMap(one =>
      one.status === 'fulfilled' ? [(one.value as { messageId: string }).messageId] : [],
    )
    expect(ids).toHaveLength(12)
    const { rows } = await gateway.db.pool.query<{ together: number; entries: number }>(
      `SELECT max(n)::int AS together, sum(entries)::int AS entries FROM (
         SELECT m.xmin::text, count(DISTINCT m.id) AS n, count(DISTINCT p.entry_id) AS entries
         FROM message m JOIN audit_pending p ON p.message_id = m.id AND p.xmin = m.xmin
         JOIN idempotency i ON i.xmin = m.xmin AND i.response ->> 'messageId' = m.id
         WHERE m.id = ANY($1) GROUP BY m.xmin::text) t`,
      [ids],
    )
    expect(rows[0]?.entries).toBe(12)
    expect(rows[0]?.together).toBeGreaterThan(5)
  }, 60_000)

  test('a person who is restricted while they wait is refused alone, and all else goes on', async () => {
    const { messageId } = await gateway.clients.leefgoed.detect(detection(tenants(400, 1)))
    const send = (from: number, size: number) => {
      return () => gateway.clients.woonboog.detect(detection(tenants(from, size)))
    }
    const [before, restricted, mixed, after] = await sendTogether([
      send(500, 1),
      () =>
        gateway.db.pool.query(
          `INSERT INTO restriction (subject_tag, since, case_ref)
           SELECT subject_tag, now(), 'R-1' FROM detection_row WHERE message_id = $1`,
          [messageId],
        ),
      send(399, 3),
      send(510, 2),
    ])
    expect(restricted).toMatchObject({ value: { rowCount: 1 } })
    expect([before, after]).toMatchObject([
      { value: { accepted: 1, refused: [] } },
      { value: { accepted: 2, refused: [] } },
    ])
    expect(mixed).toMatchObject({
      value: { accepted: 2, refused: [{ index: 1, code: 'HB-408', pointer: '/tenants/1' }] },
    })
    const stored = (mixed as PromiseFulfilledResult<{ messageId: string }>).value.messageId
    const { rows } = await gateway.db.pool.query(
      `SELECT m.accepted, m.refused, h.items FROM message m JOIN hand_over h ON h.message_id = m.id
       WHERE m.id = $1`,
      [stored],
    )
    expect(rows).toEqual([{ accepted: 2, refused: 1, items: 2 }])
    expect((await readBalances(gateway.db.pool)).filter(it => !it.balanced)).toEqual([])
  }, 60_000)
})
