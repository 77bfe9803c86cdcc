import type { FourEyes } from '../../src/config.ts'
import { inTransaction } from '../../src/db/pool.ts'
import { Refusal } from '../../src/errors.ts'
import {
  type Act,
  decideApproval,
  forgetApprovals,
  listApprovals,
  withApproval,
} from '../../src/subject/approval.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { syntheticNumber } from '../support/people.ts'

const AT = new Date('2026-11-21T09:30:00.000Z')
const LATER = new Date(AT.getTime() + 60_000)
const ONE = { role: 'privacy-officer', client: 'ses_one' }
const TWO = { role: 'privacy-officer', client: 'ses_two' }
const TAG = Buffer.alloc(16, 7)

let database: TestDatabase
let turn = 0
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.close())

const act = (changes: Partial<Act> = {}): Act => ({
  operation: 'subject-usage',
  about: TAG,
  subjects: [TAG],
  reason: `vraag ${turn}`,
  by: ONE,
  at: AT,
  ...changes,
})

/** Does it as asked, with four eyes on searching; tells how often it was done and the code of a refusal. */
async function attempt(changes: Partial<Act> = {}, set: FourEyes[] = ['subject-usage']) {
  let done = 0
  const parts = { pool: database.pool, config: { fourEyes: new Set(set) } }
  const code = await withApproval(parts, act(changes), async () => {
    done += 1
  }).then(
    () => 'done',
    error => {
      if (!(error instanceof Refusal)) throw error
      return error.code
    },
  )
  return { code, done }
}

async function asked(changes: Partial<Act> = {}): Promise<string> {
  turn += 1
  expect(await attempt(changes)).toEqual({ code: 'HB-514', done: 0 })
  const waiting = await listApprovals(database.pool, AT)
  return waiting.find(it => it.reason === `vraag ${turn}`)?.id ?? ''
}

const decide = (id: string, decision: 'given' | 'refused' = 'given', by = TWO, at = LATER) =>
  decideApproval(database.pool, { id, decision, by, at })

test('without four eyes it is done at once', async () => {
  expect(await attempt({}, [])).toEqual({ code: 'done', done: 1 })
  expect(await attempt({}, ['subject-erase'])).toEqual({ code: 'done', done: 1 })
  expect(await listApprovals(database.pool, AT)).toEqual([])
})

test('once approved it is done once, also for two calls at the same moment', async () => {
  const id = await asked()
  // Asking for the same again finds what waits already.
  expect(await attempt()).toMatchObject({ code: 'HB-514' })
  expect((await listApprovals(database.pool, AT)).filter(it => it.id === id)).toHaveLength(1)
  expect((await attempt({ approval: id })).code).toBe('HB-514')
  await decide(id)
  const both = await Promise.all([attempt({ approval: id }), attempt({ approval: id })])
  expect(both.map(it => it.code).toSorted()).toEqual(['HB-420', 'done'])
  expect(both.reduce((sum, it) => sum + it.done, 0)).toBe(1)
  expect((await attempt({ approval: id })).code).toBe('HB-420')
  const { rows } = await database.pool.query('SELECT salt, digest FROM approval WHERE id = $1', [
    id,
  ])
  expect(rows).toEqual([{ salt: null, digest: null }])
})

test('it is good for that call only', async () => {
  const id = await asked()
  await decide(id)
  for (const changes of [
    { reason: 'iets anders' },
    { about: Buffer.alloc(16, 8) },
    { by: { role: 'operator', client: 'ses_one' } },
    { by: TWO },
    { at: new Date(AT.getTime() + 24 * 3_600_000) },
  ])
    expect((await attempt({ ...changes, approval: id })).code).toBe('HB-420')
  const other = { operation: 'subject-erase', approval: id } as const
  expect((await attempt(other, ['subject-erase'])).code).toBe('HB-420')
  // What fails uses nothing up.
  const parts = { pool: database.pool, config: { fourEyes: new Set<FourEyes>(['subject-usage']) } }
  const failing = withApproval(parts, act({ approval: id }), () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  // Who asked may have another session by now.
  const again = { by: { role: 'privacy-officer', client: 'ses_one_later' }, approval: id }
  expect(await attempt(again)).toEqual({ code: 'done', done: 1 })
})

test('nobody approves their own, nor twice, nor what lapsed or is unknown', async () => {
  const id = await asked()
  await expect(decide(id, 'given', ONE)).rejects.toMatchObject({ code: 'HB-422' })
  const late = new Date(AT.getTime() + 25 * 3_600_000)
  await expect(decide(id, 'given', TWO, late)).rejects.toMatchObject({ code: 'HB-420' })
  await expect(decide('req_01KAJ5J7WQ7Z3M8T5V9XK2B4CD')).rejects.toMatchObject({ code: 'HB-420' })
  const racing = await Promise.allSettled([decide(id, 'refused'), decide(id, 'refused')])
  expect(racing.map(it => it.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect((await attempt({ approval: id })).code).toBe('HB-421')
  // Asking anew after a refusal is a new request.
  expect((await attempt()).code).toBe('HB-514')
  expect((await listApprovals(database.pool, AT)).map(it => it.id)).not.toContain(id)
})

test('what waits names nobody, and an erasure forgets it', async () => {
  const id = await asked()
  const waiting = await listApprovals(database.pool, LATER)
  expect(waiting.find(it => it.id === id)).toEqual({
    id,
    operation: 'subject-usage',
    reason: `vraag ${turn}`,
    askedRole: 'privacy-officer',
    askedBy: 'ses_one',
    askedAt: AT.toISOString(),
    expiresAt: '2026-11-22T09:30:00.000Z',
  })
  const forget = (about: Buffer) => inTransaction(database.pool, tx => forgetApprovals(tx, about))
  expect(await forget(Buffer.alloc(16, 9))).toBe(0)
  expect(await forget(TAG)).toBeGreaterThan(0)
  await expect(decide(id)).rejects.toMatchObject({ code: 'HB-420' })
  const words = {
    id,
    decision: 'refused',
    reason: `over ${syntheticNumber(1)}`,
    by: TWO,
    at: AT,
  } as const
  await expect(decideApproval(database.pool, words)).rejects.toMatchObject({ code: 'HB-202' })
})

test('asking and deciding are entries; the person may see that it was asked', async () => {
  const { rows } = await database.pool.query<{ action: string; n: number; named: number }>(
    `SELECT p.action, count(DISTINCT p.id)::int AS n, count(s.entry_id)::int AS named
     FROM audit_pending p LEFT JOIN audit_subject s ON s.entry_id = p.entry_id
     GROUP BY 1 ORDER BY 1`,
  )
  expect(rows).toEqual([
    { action: 'approval.asked', n: rows[0]?.named, named: rows[0]?.named },
    { action: 'approval.given', n: 2, named: 0 },
    { action: 'approval.refused', n: 1, named: 0 },
  ])
})
