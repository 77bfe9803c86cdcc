import { EVERYTHING } from '../../src/access/scope.ts'
import { parseEntry } from '../../src/audit/entry.ts'
import { listExceptions, reviewException } from '../../src/exchange/exceptions.ts'
import { grantQuota } from '../../src/exchange/quota-grant.ts'
import { readQuotas } from '../../src/exchange/quotas.ts'
import { takeQuota } from '../../src/pseudonym/quota.ts'
import type { TestDatabase } from '../support/database.ts'
import {
  emptyQuotas,
  FIRST,
  later,
  MORNING,
  quotaDatabase,
  reportReady,
  SECOND,
  setWith,
} from './quota-kit.ts'

const ALLOWANCE = { registerSize: 1_000, dailyAllowance: 20 }
const protocols = { current: () => setWith({ vdab: ALLOWANCE, woonboog: ALLOWANCE }) }
const by = { role: 'privacy-officer' }

let database: TestDatabase

beforeAll(async () => {
  database = await quotaDatabase()
})
afterAll(() => database?.close())
beforeEach(() => emptyQuotas(database))

const parts = () => ({ pool: database.pool, protocols })
const take = (count: number, at = MORNING, party = 'vdab', name: string = FIRST) =>
  takeQuota(database.pool, {
    ...{ party, domain: { name, protocol: 'wm-vdab' }, allowance: ALLOWANCE, at, count },
  })

async function bursts(): Promise<unknown[]> {
  const { rows } = await database.pool.query(
    `SELECT parties[1] AS party_id, domain, opened_at FROM exception
     WHERE kind = 'quota-burst' AND closed_at IS NULL ORDER BY opened_at`,
  )
  return rows
}

async function entries(action: string) {
  const { rows } = await database.pool.query(
    'SELECT entry FROM audit_pending WHERE action = $1 ORDER BY at',
    [action],
  )
  return rows.map(row => parseEntry(row.entry))
}

describe('no burst', () => {
  test('preparing a register, in one go or over weeks, with retries and the whole margin', async () => {
    for (const count of [300, 200]) await take(count)
    await take(500, later(9))
    for (const count of [50, 20]) await take(count, later(20))
    await take(20, later(30))
    expect(await bursts()).toEqual([])
  })

  test('preparing for a rotation, on the day on which the former epoch has its own use', async () => {
    await take(900)
    await reportReady(database)
    await take(20, later(60))
    await take(1_000, later(60), 'vdab', SECOND)
    expect(await bursts()).toEqual([])
  })

  test('the daily allowance to the last element, once the register is ready', async () => {
    await take(600)
    await reportReady(database)
    for (const days of [0, 1, 2]) {
      await take(7, later(days))
      await take(13, later(days))
    }
    expect(await bursts()).toEqual([])
  })

  test('what a privacy officer granted, after that', async () => {
    await take(600)
    await reportReady(database)
    await grantQuota(parts(), {
      ...{ party: 'vdab', domain: FIRST, elements: 400, reason: 'Register grew', by, at: later(1) },
    })
    await take(400, later(3))
    await take(20, later(3))
    expect(await bursts()).toEqual([])
    await take(1, later(3))
    expect(await bursts()).toHaveLength(1)
  })

  test('a refused request, however large', async () => {
    await take(600)
    await reportReady(database)
    await expect(take(5_000, later(1))).rejects.toThrow()
    expect(await bursts()).toEqual([])
  })

  test('a housing company that prepares its own register under an epoch that is current', async () => {
    await reportReady(database)
    await take(500, later(40), 'woonboog')
    await take(500, later(46), 'woonboog')
    expect(await bursts()).toEqual([])
  })
})

describe('a burst', () => {
  test('is one element more than the daily allowance: an exception and an entry, nothing stops', async () => {
    await take(600)
    await reportReady(database)
    await take(20, later(1))
    expect(await bursts()).toEqual([])
    expect(await take(1, later(1))).toBe(1_050 - 600 + 20 - 21)
    expect(await bursts()).toEqual([{ party_id: 'vdab', domain: FIRST, opened_at: later(1) }])
    expect(await entries('quota.burst')).toMatchObject([
      {
        actor: { party: 'vdab', role: 'party' },
        counts: { elements: 21, allowance: 20 },
        reason: `domain ${FIRST}`,
      },
    ])
    await take(100, later(1))
    expect(await entries('quota.used')).toHaveLength(4)
  })

  test('is told once a day, also of many requests at once, and again on another day', async () => {
    await take(300)
    await reportReady(database)
    await Promise.all(Array.from({ length: 20 }, () => take(15, later(2))))
    expect(await bursts()).toHaveLength(1)
    await take(150, later(3))
    expect(await bursts()).toHaveLength(2)
    expect(await entries('quota.burst')).toHaveLength(2)
  })

  test('also on the day of the report itself: what was used before does not count', async () => {
    await take(600)
    await reportReady(database)
    await take(21)
    expect(await entries('quota.burst')).toMatchObject([{ counts: { elements: 21 } }])
  })

  test('of a housing company: more than a week after its first element', async () => {
    await reportReady(database)
    await take(500, later(40), 'woonboog')
    await take(20, later(47), 'woonboog')
    expect(await bursts()).toEqual([])
    await take(1, later(47), 'woonboog')
    expect(await bursts()).toMatchObject([{ party_id: 'woonboog' }])
  })

  test('is closed by who looks at it, as an entry; the next one opens anew', async () => {
    await take(300)
    await reportReady(database)
    await take(100, later(1))
    await take(100, later(2))
    const [quota] = await readQuotas(parts(), later(2))
    expect(quota?.bursts).toEqual([later(1), later(2)])
    const [first] = await listExceptions(database.pool, {}, EVERYTHING, 1)
    const finding = 'Asked: a new office joined'
    const review = { id: first?.id ?? 0, alike: true, until: later(3), finding, by, at: later(3) }
    expect(await reviewException(database.pool, review)).toBe(2)
    expect(await bursts()).toEqual([])
    expect(await entries('quota.reviewed')).toMatchObject([
      { actor: by, recipient: 'vdab', counts: { days: 2 } },
    ])
    await take(100, later(4))
    expect(await bursts()).toHaveLength(1)
  })
})
