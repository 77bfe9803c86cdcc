import fc from 'fast-check'
import { rateLimitHeaders, refill, standingOf } from '../../src/access/limit-bucket.ts'
import { AddressLimits, PartyLimits } from '../../src/access/limits.ts'
import { Refusal } from '../../src/errors.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const limit = { perSecond: 5, burst: 20 }
let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

const granted = (standings: { granted: boolean }[]) => standings.filter(it => it.granted).length
const times = <T>(count: number, act: () => T) => Array.from({ length: count }, act)

describe('a bucket', () => {
  test('never holds more than its burst, and time that goes back adds nothing', () => {
    const amount = fc.double({ min: 0, max: 20, noNaN: true })
    const seconds = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(amount, seconds, (level, passed) => {
        const after = refill(level, passed, limit)
        expect(after).toBeLessThanOrEqual(limit.burst)
        expect(after).toBeGreaterThanOrEqual(passed > 0 ? level : level)
        if (passed <= 0) expect(after).toBe(level)
      }),
    )
  })

  test('gives those who ask at once as many as there are, the others a time to come back', () => {
    const standings = times(5, () => 0).map((_, turn) =>
      standingOf(limit, { turn, granted: 3, level: 0.5 }),
    )
    expect(standings.map(it => it.granted)).toEqual([true, true, true, false, false])
    expect(standings.map(it => it.left)).toEqual([2, 1, 0, 0, 0])
    expect(standings[4]!.retryAfter).toBe(1)
    expect(standingOf(limit, { turn: 30, granted: 0, level: 0 }).retryAfter).toBe(7)
  })

  test('is told as draft 8 of the IETF has it', () => {
    const standing = standingOf(limit, { turn: 0, granted: 1, level: 12.7 })
    expect(rateLimitHeaders(standing)).toEqual({
      'RateLimit-Policy': '"party";q=20;w=4',
      RateLimit: '"party";r=12;t=2',
    })
  })
})

describe('the bucket of a party', () => {
  test('is one for all processes, whatever they ask at once', async () => {
    const processes = times(4, () => new PartyLimits({ pool: db.pool, limit }))
    const from = performance.now()
    const standings = await Promise.all(
      processes.flatMap(limits => times(30, () => limits.take('shared'))),
    )
    const most = limit.burst + ((performance.now() - from) / 1000) * limit.perSecond
    expect(granted(standings)).toBeGreaterThanOrEqual(limit.burst)
    expect(granted(standings)).toBeLessThanOrEqual(most + 1)
    const refused = standings.filter(it => !it.granted)
    for (const { left, retryAfter } of refused) {
      expect(left).toBe(0)
      expect(retryAfter).toBeGreaterThanOrEqual(1)
    }
  })

  test('fills again with time, and that of another party is another', async () => {
    const limits = new PartyLimits({ pool: db.pool, limit })
    await Promise.all(times(25, () => limits.take('filling')))
    expect((await limits.take('filling')).granted).toBe(false)
    expect(granted(await Promise.all(times(20, () => limits.take('another'))))).toBe(20)
    await db.pool.query(
      "UPDATE limit_bucket SET at = at - interval '2 seconds' WHERE name = 'filling'",
    )
    const standings = await Promise.all(times(20, () => limits.take('filling')))
    expect(granted(standings)).toBeGreaterThanOrEqual(10)
    expect(granted(standings)).toBeLessThanOrEqual(11)
  })

  test('is not stuck where the clock of the server went back', async () => {
    const limits = new PartyLimits({ pool: db.pool, limit })
    await limits.take('jump')
    await db.pool.query("UPDATE limit_bucket SET at = at + interval '1 day' WHERE name = 'jump'")
    expect((await limits.take('jump')).left).toBe(18)
    await db.pool.query("UPDATE limit_bucket SET at = at - interval '9 s' WHERE name = 'jump'")
    expect((await limits.take('jump')).left).toBe(19)
  })

  test('costs one statement for all that wait, and lets nobody in that cannot be counted', async () => {
    let asked = 0
    const pool = {
      connect: async () => {
        const client = await db.pool.connect()
        return {
          query: (...all: unknown[]) => {
            asked += 1
            return (client.query as (...some: unknown[]) => unknown)(...all)
          },
          release: (lost?: Error) => client.release(lost),
        }
      },
    }
    const limits = new PartyLimits({ pool: pool as never, limit: { perSecond: 1, burst: 1000 } })
    await Promise.all(times(200, () => limits.take('many')))
    expect(asked).toBeLessThan(5)
    await db.pool.query('ALTER TABLE limit_bucket RENAME TO limit_gone')
    const tries = await Promise.allSettled(times(3, () => limits.take('many')))
    await db.pool.query('ALTER TABLE limit_gone RENAME TO limit_bucket')
    expect(tries.map(it => it.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect((await limits.take('many')).granted).toBe(true)
  })
})

describe('the bucket of an address', () => {
  const refusalOf = (work: () => void) => {
    try {
      work()
      return undefined
    } catch (error) {
      return error as Refusal
    }
  }

  test('is its own, and fills with time', () => {
    let now = 0
    const limits = new AddressLimits({ limit, now: () => now })
    for (let count = 0; count < 20; count++) limits.take('192.0.2.1')
    const refusal = refusalOf(() => limits.take('192.0.2.1'))
    expect(refusal).toBeInstanceOf(Refusal)
    expect([refusal?.code, refusal?.retryAfter]).toEqual(['HB-601', 1])
    limits.take('192.0.2.2')
    now += 1
    for (let count = 0; count < 5; count++) limits.take('192.0.2.1')
    expect(refusalOf(() => limits.take('192.0.2.1'))).toBeDefined()
  })

  test('is one for a network of IPv6, where an address is nothing', () => {
    const limits = new AddressLimits({ limit, now: () => 0 })
    for (let count = 0; count < 20; count++) limits.take(`2001:db8:0:${count}::1`)
    expect(refusalOf(() => limits.take('2001:db8::ffff'))).toBeDefined()
    limits.take('2001:db8:1::1')
  })

  test('does not make the number of addresses a way to fill the memory', () => {
    const limits = new AddressLimits({ limit, now: () => 0 })
    for (let count = 0; count < 30_000; count++) {
      limits.take(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`)
    }
    expect(limits.size).toBe(10_000)
  })
})
