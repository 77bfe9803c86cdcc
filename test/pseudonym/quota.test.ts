import fc from 'fast-check'
import { parseEntry } from '../../src/audit/entry.ts'
import { Refusal } from '../../src/errors.ts'
import { nextAllowanceAt, type QuotaOf, quotaLeft, takeQuota } from '../../src/pseudonym/quota.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const DAY_MS = 86_400_000
const domain = { name: 'wm-vdab/1/1', protocol: 'wm-vdab' }
const first = new Date('2026-01-15T10:00:00.000Z')
const later = (days: number) => new Date(first.getTime() + days * DAY_MS)
const quota: QuotaOf = {
  party: 'vdab',
  domain,
  allowance: { registerSize: 1_000, dailyAllowance: 20 },
  at: first,
}

let database: TestDatabase

beforeEach(async () => {
  database = await testDatabase({ max: 12 })
  await database.pool.query(
    `INSERT INTO party (id, kind, name, kbo, jwks) SELECT id, 'employment-service', id, '0316380841', '{}'
     FROM unnest(ARRAY['vdab', 'other']) AS id`,
  )
  await database.pool.query(
    `INSERT INTO domain (name, protocol, epoch, state, public_key)
     VALUES ('wm-vdab/1/1', 'wm-vdab', 1, 'opening', '\\x00'), ('wm-vdab/1/2', 'wm-vdab', 2, 'opening', '\\x00')`,
  )
})

afterEach(async () => {
  await database.close()
})

/** What is left after taking, or the code of the refusal. */
async function take(count: number, change: Partial<QuotaOf> = {}): Promise<number | string> {
  try {
    return await takeQuota(database.pool, { ...quota, ...change, count })
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

const left = (change: Partial<QuotaOf> = {}) => quotaLeft(database.pool, { ...quota, ...change })

describe('the quota of blind evaluations', () => {
  test('is the register with 5 % more, and a daily allowance', async () => {
    expect(await left()).toBe(1_070)
    expect(await take(1_000)).toBe(70)
    expect(await take(70)).toBe(0)
    expect(await take(1)).toBe('HB-602')
    expect(await left()).toBe(0)
  })

  test('rounds the margin down, without the errors of binary fractions', async () => {
    const of = (registerSize: number) => left({ allowance: { registerSize, dailyAllowance: 0 } })
    expect(await Promise.all([1, 19, 20, 119, 250_000].map(of))).toEqual([1, 19, 21, 124, 262_500])
  })

  test('is taken whole or not at all', async () => {
    expect(await take(1_071)).toBe('HB-602')
    expect(await left()).toBe(1_070)
    expect(await take(1_070)).toBe(0)
  })

  test('grows by one daily allowance a day, which does not pile up', async () => {
    expect(await take(1_070)).toBe(0)
    expect(await left({ at: later(1) })).toBe(20)
    expect(await left({ at: later(30) })).toBe(20)
    expect(await take(21, { at: later(30) })).toBe('HB-602')
    expect(await take(20, { at: later(30) })).toBe(0)
    expect(await left({ at: later(31) })).toBe(20)
  })

  test("keeps the register's part until it is used", async () => {
    expect(await take(500)).toBe(570)
    expect(await left({ at: later(9) })).toBe(570)
    expect(await take(560, { at: later(9) })).toBe(10)
    expect(await left({ at: later(10) })).toBe(20)
  })

  test('is of one party, in one key epoch', async () => {
    expect(await take(1_070)).toBe(0)
    expect(await left({ party: 'other' })).toBe(1_070)
    expect(await left({ domain: { ...domain, name: 'wm-vdab/1/2' } })).toBe(1_070)
  })

  test('is exact with many at once: 40 times 30 do not fit in 1,070', async () => {
    const taken = await Promise.all(Array.from({ length: 40 }, () => take(30)))
    expect(taken.filter(one => one !== 'HB-602')).toHaveLength(35)
    expect(await left()).toBe(20)
  })

  test('is exact with many at once around midnight', async () => {
    const midnight = nextAllowanceAt(first)
    const instants = [new Date(midnight.getTime() - 1), midnight]
    const takes = Array.from({ length: 60 }, (_, i) => take(30, { at: instants[i % 2]! }))
    const granted = (await Promise.all(takes)).filter(one => one !== 'HB-602')
    const { rows } = await database.pool.query('SELECT sum(used)::bigint AS used FROM quota_use')
    expect(rows[0].used).toBe(granted.length * 30)
    // The register's part once, and an allowance on either day.
    expect(rows[0].used).toBeLessThanOrEqual(1_050 + 2 * 20)
    expect(rows[0].used).toBeGreaterThan(1_050 - 30)
  })

  test('never gives more than the register with its margin and the allowances, in any order', async () => {
    const steps = fc.array(fc.record({ day: fc.nat(3), count: fc.integer({ min: 1, max: 40 }) }), {
      minLength: 10,
      maxLength: 20,
    })
    const allowance = { registerSize: 100, dailyAllowance: 10 }
    await fc.assert(
      fc.asyncProperty(steps, async list => {
        await database.pool.query('TRUNCATE quota_use')
        for (const { day, count } of list) {
          const before = await left({ allowance, at: later(day) })
          const result = await take(count, { allowance, at: later(day) })
          expect(result).toBe(count <= before ? before - count : 'HB-602')
        }
        const { rows } = await database.pool.query('SELECT used FROM quota_use ORDER BY used')
        const total = rows.reduce((sum, row) => sum + row.used, 0)
        expect(total).toBeLessThanOrEqual(105 + 10 * rows.length)
      }),
      { numRuns: 10 },
    )
  })
})

describe('a refusal for want of quota', () => {
  test('says when to go on', async () => {
    const refusal = await takeQuota(database.pool, { ...quota, count: 2_000 }).catch(error => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({ code: 'HB-602', status: 429, retryAfter: 14 * 3600 })
    expect(refusal.reasons[0].remedy).toContain('2026-01-16T00:00:00.000Z')
  })

  test.each([
    ['2026-01-15T00:00:00.000Z', '2026-01-16T00:00:00.000Z'],
    ['2026-01-15T23:59:59.999Z', '2026-01-16T00:00:00.000Z'],
    ['2026-12-31T12:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2028-02-28T12:00:00.000Z', '2028-02-29T00:00:00.000Z'],
  ])('at %s the next allowance is at %s', (at, next) => {
    expect(nextAllowanceAt(new Date(at)).toISOString()).toBe(next)
  })
})

describe('the evidence', () => {
  test('has an entry for what was used and for what was refused', async () => {
    await take(1_000)
    await take(100)
    const { rows } = await database.pool.query('SELECT entry FROM audit_pending')
    const entries = rows.map(row => parseEntry(row.entry))
    const shared = { actor: { party: 'vdab', role: 'party' }, reason: 'domain wm-vdab/1/1' }
    expect(entries).toHaveLength(2)
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...shared,
        action: 'quota.used',
        decision: 'allowed',
        counts: { elements: 1_000 },
      }),
    )
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...shared,
        action: 'quota.refused',
        decision: 'refused',
        code: 'HB-602',
        counts: { elements: 100 },
      }),
    )
  })

  test('and without it nothing is taken', async () => {
    await database.pool.query('ALTER TABLE audit_pending RENAME TO audit_gone')
    await expect(take(10)).rejects.toThrow()
    expect(await left()).toBe(1_070)
  })
})
