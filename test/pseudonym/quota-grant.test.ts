import fc from 'fast-check'
import { parseEntry } from '../../src/audit/entry.ts'
import { Refusal } from '../../src/errors.ts'
import {
  type GrantChange,
  GrantError,
  grantQuota,
  previewGrant,
} from '../../src/exchange/quota-grant.ts'
import { readQuotas } from '../../src/exchange/quotas.ts'
import {
  type Allowance,
  lockQuota,
  nextAllowanceAt,
  quotaLeft,
  takeQuota,
} from '../../src/pseudonym/quota.ts'
import type { TestDatabase } from '../support/database.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { emptyQuotas, FIRST, later, MORNING, quotaDatabase, SECOND, setWith } from './quota-kit.ts'

const ALLOWANCE: Allowance = { registerSize: 1_000, dailyAllowance: 20 }
const protocols = {
  current: () => setWith({ vdab: ALLOWANCE, woonboog: { registerSize: 50, dailyAllowance: 1 } }),
}
const by = { role: 'privacy-officer', client: 'session-1' }

let database: TestDatabase

beforeAll(async () => {
  database = await quotaDatabase()
})
afterAll(() => database?.close())
beforeEach(() => emptyQuotas(database))

const parts = () => ({ pool: database.pool, protocols })
const change = (more: Partial<GrantChange> = {}): GrantChange => ({
  ...{ party: 'vdab', domain: FIRST, reason: 'The register grew', by, at: MORNING },
  ...more,
})
const grant = (more: Partial<GrantChange> = {}) => grantQuota(parts(), change(more))
const quota = (more: { domain?: string; allowance?: Allowance; at?: Date } = {}) => ({
  party: 'vdab',
  domain: { name: more.domain ?? FIRST, protocol: 'wm-vdab' },
  allowance: more.allowance ?? ALLOWANCE,
  at: more.at ?? MORNING,
})
const left = (more = {}) => quotaLeft(database.pool, quota(more))

async function take(count: number, more = {}): Promise<number | string> {
  try {
    return await takeQuota(database.pool, { ...quota(more), count })
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'done',
    thrown => thrown,
  )
  return error instanceof GrantError ? error.code : String(error)
}

describe('the one extra grant of a key epoch', () => {
  test('adds once, over the whole epoch, and not to each day', async () => {
    expect(await take(1_070)).toBe(0)
    expect(await grant({ elements: 100 })).toMatchObject({ elements: 100, left: 100 })
    expect(await take(101)).toBe('HB-602')
    expect(await take(100)).toBe(0)
    expect(await left({ at: later(1) })).toBe(20)
  })

  test('is a tenth of the register where no number is named', async () => {
    expect(await previewGrant(parts(), change())).toMatchObject({ elements: 100, left: 1_170 })
    expect(await left()).toBe(1_070)
    expect(await grant()).toMatchObject({ elements: 100, left: 1_170 })
    expect(await left()).toBe(1_170)
  })

  test('is of one party, under one key', async () => {
    await grant()
    expect(await left({ domain: SECOND })).toBe(1_070)
    expect(await grant({ domain: SECOND })).toMatchObject({ elements: 100 })
    expect(await grant({ party: 'woonboog' })).toMatchObject({ elements: 5, left: 58 })
  })

  test('is refused a second time, also where many ask at once', async () => {
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(grant())))
    expect(codes.toSorted()).toEqual(['done', ...Array(7).fill('granted')])
    await expect(grant()).rejects.toThrow(/before: another one needs a new key epoch/)
    expect(await left()).toBe(1_170)
  })

  test.each<[string, Partial<GrantChange>]>([
    ['unknown', { party: 'nobody' }],
    ['unknown', { domain: 'wm-vdab/1/9' }],
    ['elements', { elements: 0 }],
    ['elements', { elements: -5 }],
    ['elements', { elements: 1.5 }],
    ['elements', { elements: Number.NaN }],
    ['elements', { elements: 1_001 }],
    ['reason', { reason: ' ' }],
    ['reason', { reason: 'x'.repeat(501) }],
    ['reason', { reason: `For ${syntheticNumber(3)}` }],
  ])('is refused as %s: %j', async (code, more) => {
    expect(await codeOf(grant(more))).toBe(code)
    expect(await codeOf(previewGrant(parts(), change(more)))).toBe(code)
    const { rows } = await database.pool.query('SELECT FROM quota_grant')
    expect(rows).toEqual([])
  })

  test('may be the whole register once more, and not under a closed key', async () => {
    expect(await grant({ elements: 1_000 })).toMatchObject({ left: 2_070 })
    await database.pool.query(`UPDATE domain SET state = 'closed' WHERE name = $1`, [SECOND])
    expect(await codeOf(grant({ domain: SECOND }))).toBe('closed')
  })

  test('is an entry with who, for whom and how many; the reason stays beside the log', async () => {
    await grant({ elements: 7, reason: 'The store was lost' })
    const { rows } = await database.pool.query('SELECT entry FROM audit_pending')
    expect(rows).toHaveLength(1)
    expect(parseEntry(rows[0].entry)).toMatchObject({
      action: 'quota.granted',
      actor: by,
      recipient: 'vdab',
      counts: { elements: 7 },
      reason: `domain ${FIRST}`,
    })
    expect(rows[0].entry.toString('utf8')).not.toContain('lost')
    const kept = await database.pool.query('SELECT details FROM audit_detail')
    expect(JSON.stringify(kept.rows)).toContain('The store was lost')
  })

  test('is not given without its entry', async () => {
    await database.pool.query('ALTER TABLE audit_pending RENAME TO audit_gone')
    await expect(grant()).rejects.toThrow()
    await database.pool.query('ALTER TABLE audit_gone RENAME TO audit_pending')
    expect(await left()).toBe(1_070)
  })
})

describe('many evaluations at once, with a grant in between', () => {
  test('around midnight: never too many, never refused while enough is left', async () => {
    const midnight = nextAllowanceAt(MORNING)
    const instants = [new Date(midnight.getTime() - 1), midnight]
    const count = 30
    const takes = Array.from({ length: 80 }, (_, i) => async () => {
      const at = instants[i % 2]!
      return i === 40 ? grant({ elements: 300, at }) : take(count, { at })
    })
    const results = await Promise.all(takes.map(run => run()))
    const taken = results.filter(one => typeof one === 'number').length * count
    const { rows } = await database.pool.query<{ day: Date; used: number }>(
      'SELECT day, used FROM quota_use',
    )
    expect(rows.reduce((sum, row) => sum + row.used, 0)).toBe(taken)
    expect(taken).toBeLessThanOrEqual(1_050 + 300 + 2 * 20)
    // What is left on either day does not hold one more.
    for (const at of instants) {
      const rest = await left({ at })
      expect(await take(rest + 1, { at })).toBe('HB-602')
      if (rest > 0) expect(await take(rest, { at })).toBe(0)
    }
  })

  /** What another process does under the lock of the quota, and what waits for it meanwhile. */
  async function whileLocked<T>(sql: string, wait: () => Promise<T>): Promise<T> {
    const client = await database.pool.connect()
    try {
      await client.query('BEGIN')
      await lockQuota(client, 'vdab', FIRST)
      await client.query(sql)
      const waiting = wait()
      await until('something waits for the lock', async () => {
        const { rows } = await database.pool.query(
          `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
           WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`,
        )
        return rows.length > 0
      })
      await client.query('COMMIT')
      return await waiting
    } finally {
      client.release(true)
    }
  }

  test('a grant waits for an evaluation under way, and knows what that used', async () => {
    const used = `INSERT INTO quota_use (party_id, domain, day, used)
      VALUES ('vdab', '${FIRST}', '2026-01-15', 70)`
    expect(await whileLocked(used, () => grant())).toMatchObject({ left: 1_100 })
    const { rows } = await database.pool.query('SELECT used_before FROM quota_grant')
    expect(rows).toEqual([{ used_before: 70 }])
  })

  test('an evaluation waits for a grant under way, and has it', async () => {
    const granted = `INSERT INTO quota_grant VALUES ('vdab', '${FIRST}', 30, 0, 'Growth', now(), 'operator')`
    expect(await whileLocked(granted, () => take(1_100))).toBe(0)
  })

  test('in any order each answer is that of a simple count', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({ day: fc.nat(2), count: fc.integer({ min: 1, max: 60 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ day: fc.nat(2), extra: fc.integer({ min: 1, max: 100 }) }),
      },
    )
    const allowance = { registerSize: 100, dailyAllowance: 10 }
    const small = {
      pool: database.pool,
      protocols: { current: () => setWith({ vdab: allowance }) },
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 20 }), async steps => {
        await database.pool.query('TRUNCATE quota_use, quota_grant')
        const used = [0, 0, 0]
        let extra = 0
        for (const one of steps) {
          const at = later(one.day)
          if ('extra' in one) {
            const wanted = change({ elements: one.extra, at })
            expect(await codeOf(grantQuota(small, wanted))).toBe(extra === 0 ? 'done' : 'granted')
            extra ||= one.extra
            continue
          }
          const others = used.reduce((sum, n, day) => sum + (day === one.day ? 0 : n), 0)
          const most = Math.max(0, 105 + extra - others) + 10
          const fits = used[one.day]! + one.count <= most
          const result = await take(one.count, { allowance, at })
          if (fits) used[one.day]! += one.count
          expect(result).toBe(fits ? most - used[one.day]! : 'HB-602')
        }
      }),
      { numRuns: 15 },
    )
  })

  test('at once, in random sizes: the sum fits, and each refusal was larger than the rest', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 20, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(300), async (counts, extra) => {
        await database.pool.query('TRUNCATE quota_use, quota_grant')
        const allowance = { registerSize: 800, dailyAllowance: 20 }
        const small = {
          pool: database.pool,
          protocols: { current: () => setWith({ vdab: allowance }) },
        }
        const [results] = await Promise.all([
          Promise.all(counts.map(count => take(count, { allowance }))),
          extra > 0 ? grantQuota(small, change({ elements: extra })) : undefined,
        ])
        const taken = counts.reduce((sum, n, i) => (results[i] === 'HB-602' ? sum : sum + n), 0)
        expect(taken).toBeLessThanOrEqual(840 + 20 + extra)
        const rest = await left({ allowance })
        expect(rest).toBe(840 + 20 + extra - taken)
        // Before the grant less was left; without one each refused request is larger than the rest.
        const refused = counts.filter((_, i) => results[i] === 'HB-602')
        if (extra === 0) for (const count of refused) expect(count).toBeGreaterThan(rest)
        else if (refused.length === 0) expect(taken).toBe(counts.reduce((sum, n) => sum + n, 0))
      }),
      { numRuns: 12 },
    )
  })
})

describe('a refusal for want of quota', () => {
  const remedyOf = async (count: number, more = {}) => {
    const refusal = await takeQuota(database.pool, { ...quota(more), count }).catch(error => error)
    expect(refusal).toMatchObject({ code: 'HB-602', retryAfter: 14 * 3600 })
    return refusal.reasons[0].remedy as string
  }

  test('says what fits now and from midnight, and tells of the grant', async () => {
    await take(1_060)
    expect(await remedyOf(11)).toBe(
      'Ask for at most 10 now. Go on from 2026-01-16T00:00:00.000Z with at most 20. ' +
        'Or ask the privacy officer for the one extra grant of this key epoch.',
    )
  })

  test('does not tell of a grant that was given', async () => {
    await grant({ elements: 5 })
    await take(1_075)
    expect(await remedyOf(1)).toBe(
      'Go on from 2026-01-16T00:00:00.000Z with at most 20. ' +
        'The one extra grant of this key epoch was given already.',
    )
  })

  test('does not promise what a protocol without a daily allowance never gives', async () => {
    const allowance = { registerSize: 100, dailyAllowance: 0 }
    await take(105, { allowance })
    expect(await remedyOf(1, { allowance })).toContain('Nothing is added at 2026-01-16T00:00')
  })
})

describe('the list of quotas', () => {
  test('has every party with one, under every key, closed ones last', async () => {
    await take(70)
    await take(30, { at: later(1) })
    await grant({ elements: 9, at: later(1) })
    await database.pool.query(`UPDATE domain SET state = 'closed' WHERE name = $1`, [SECOND])
    const quotas = await readQuotas(parts(), later(1))
    expect(quotas.map(it => [it.party, it.domain, it.used, it.today, it.left])).toEqual([
      ['vdab', FIRST, 100, 30, 1_050 + 9 - 70 + 20 - 30],
      ['woonboog', FIRST, 0, 0, 53],
      ['vdab', SECOND, 0, 0, 0],
      ['woonboog', SECOND, 0, 0, 0],
    ])
    expect(quotas[0]).toMatchObject({
      grant: { elements: 9, by: 'privacy-officer', reason: 'The register grew', at: later(1) },
      bursts: [],
    })
  })

  test('has the subject index for who sends blindly, with its largest register', async () => {
    await database.pool.query(
      `INSERT INTO published_key (domain, public_key, entry_id) VALUES ('subject', $1, $2)`,
      [Buffer.alloc(32, 1), Buffer.alloc(16, 1)],
    )
    const subject = (await readQuotas(parts(), MORNING)).filter(it => it.domain === 'subject')
    expect(subject).toMatchObject([{ party: 'woonboog', protocol: 'wm-vdab', left: 53 }])
    expect(await grant({ party: 'woonboog', domain: 'subject' })).toMatchObject({ left: 58 })
  })
})
