import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sequenceBatch, takeLead } from '../../src/audit/batch.ts'
import { loadLogSigner, loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { PublishedCheckpoints } from '../../src/audit/published.ts'
import { latestCheckpoint } from '../../src/audit/query.ts'
import { recordEntries, recordEntry } from '../../src/audit/record.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { inTransaction, type Tx } from '../../src/db/pool.ts'
import { acceptedDraft, drafts, ORIGIN, type TestLog, testLog } from './support.ts'

let log: TestLog
let folder: string
let published: PublishedCheckpoints

beforeAll(async () => {
  log = await testLog()
})
afterAll(() => log.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-published-'))
  published = new PublishedCheckpoints(folder)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A connection that is killed at its n-th statement: before the server sees it, or once it is done. */
async function dyingAt(
  n: number,
  when: 'before' | 'after',
): Promise<{ db: Tx; died: () => boolean }> {
  const db = await log.pool.connect()
  const { rows } = await db.query('SELECT pg_backend_pid() AS pid')
  const query = db.query.bind(db) as (...args: unknown[]) => Promise<unknown>
  let at = 0
  const dying = async (...args: unknown[]) => {
    at++
    if (at === n && when === 'before') await kill(rows[0].pid)
    const result = await query(...args)
    if (at !== n) return result
    await kill(rows[0].pid)
    throw new Error('killed')
  }
  return { db: Object.assign(db, { query: dying }), died: () => at >= n }
}

async function kill(pid: number): Promise<void> {
  await log.pool.query('SELECT pg_terminate_backend($1, 5000)', [pid])
}

/** Entries written and not in the log, in it twice, or in it as they were not written. */
async function countOf(commitments: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await log.pool.query<{ leaf: Buffer }>('SELECT leaf FROM audit_entry')
  const placed = Map.groupBy(rows, row => row.leaf.toString('base64url'))
  return new Map(commitments.map(it => [it, placed.get(it)?.length ?? 0]))
}

async function expectSound(): Promise<void> {
  const report = await verifyLog(log.pool, await loadLogVerifierKey(log.keys, ORIGIN))
  expect(report.problems).toEqual([])
}

test.each(['before', 'after'] as const)(
  'a sequencer that is killed %s any of its statements loses, doubles and forks nothing',
  async when => {
    const signer = await loadLogSigner(log.keys, ORIGIN)
    const written: string[] = []
    const seen = new Map<number, string>()
    let killed = 0
    for (let n = 1, ended = false; !ended; n++) {
      const recorded = await recordEntries(log.pool, drafts(3, n * 10))
      written.push(...recorded.map(it => it.commitment))
      const { db, died } = await dyingAt(n, when)
      const work = async () => {
        const leader = await takeLead(db, signer, published)
        await sequenceBatch(leader, new Date())
      }
      await work().catch(() => {})
      ended = !died()
      killed += died() ? 1 : 0
      db.release(true)
      await log.sequence()
      const { rows } = await log.pool.query('SELECT size, root FROM audit_checkpoint')
      for (const { size, root } of rows) {
        expect(seen.get(size) ?? root.toString('hex')).toBe(root.toString('hex'))
        seen.set(size, root.toString('hex'))
      }
    }
    // Taking the lead and one batch, statement by statement: fewer would mean that it was not all of them.
    expect(killed).toBeGreaterThanOrEqual(9)
    expect(new Set((await countOf(written)).values())).toEqual(new Set([1]))
    await expectSound()
  },
)

test('what was signed is on the disk before anything else is, also where the leader died in between', async () => {
  const signer = await loadLogSigner(log.keys, ORIGIN)
  await recordEntries(log.pool, drafts(2))
  await log.sequence()
  expect(existsSync(join(folder, 'published'))).toBe(false)
  const db = await log.pool.connect()
  const leader = await takeLead(db, signer, published)
  const before = await latestCheckpoint(log.pool)
  expect((await published.read())[0]?.note).toBe(before?.note)
  await recordEntries(log.pool, drafts(2, 2))
  await sequenceBatch(leader, new Date())
  db.release()
  const [kept, ...others] = await new PublishedCheckpoints(folder).read()
  expect(kept).toMatchObject({ size: (before?.size ?? 0) + 2, origin: ORIGIN })
  expect(others).toEqual([])
  // An earlier one, given out late by another process, takes nothing back.
  await new PublishedCheckpoints(folder).keep(before!.note)
  expect((await new PublishedCheckpoints(folder).read())[0]?.size).toBe(kept?.size)
  expect(readdirSync(join(folder, 'published')).every(name => !name.endsWith('.new'))).toBe(true)
})

test('a head that was changed under a leader is not signed: it would be a fork', async () => {
  const db = await log.pool.connect()
  const leader = await takeLead(db, await loadLogSigner(log.keys, ORIGIN))
  const { rows } = await log.pool.query('SELECT root FROM audit_head')
  await log.pool.query("UPDATE audit_head SET root = sha256('other')")
  await recordEntry(log.pool, acceptedDraft())
  const signed = await latestCheckpoint(log.pool)
  await expect(sequenceBatch(leader, new Date())).rejects.toMatchObject({
    code: 'head-does-not-fit',
  })
  await expect(log.sequence()).rejects.toMatchObject({ code: 'head-does-not-fit' })
  expect(await latestCheckpoint(log.pool)).toEqual(signed)
  await log.pool.query('UPDATE audit_head SET root = $1', [rows[0].root])
  db.release()
  await log.sequence()
  await expectSound()
})

test('an entry that does not fit 65,535 bytes takes its transaction with it', async () => {
  const fields = Array.from({ length: 3_000 }, (_, i) => `field-with-a-long-name-${i}`)
  const work = inTransaction(log.pool, async tx => {
    await recordEntry(tx, acceptedDraft(1))
    await recordEntry(tx, acceptedDraft(2, { fields }))
  })
  await expect(work).rejects.toMatchObject({ code: 'entry-too-large' })
  expect(await log.sequence()).toBe(0)
  // The database holds the same line, whoever writes.
  const bytes = Buffer.alloc(65_536, 32)
  const raw = log.pool.query(
    `INSERT INTO audit_pending (entry_id, entry, at, action, actor) VALUES ($1, $2, now(), 'x', 'x')`,
    [Buffer.alloc(16), bytes],
  )
  await expect(raw).rejects.toMatchObject({ code: '23514' })
  // One byte less than too many goes the whole way.
  const room = 65_535 - 900
  await recordEntry(log.pool, acceptedDraft(1, { fields: ['f'.repeat(room)] }))
  expect(await log.sequence()).toBe(1)
  await expectSound()
})
