import { randomBytes } from 'node:crypto'
import { saltedDigest, subjectRoot } from '../../src/audit/commitment.ts'
import { columnsOf, parseEntry } from '../../src/audit/entry.ts'
import { recordEntries, recordEntry } from '../../src/audit/record.ts'
import { inTransaction } from '../../src/db/pool.ts'
import { acceptedDraft, drafts, sha256, type TestLog, testLog } from './support.ts'

let log: TestLog
beforeAll(async () => {
  log = await testLog()
})
afterAll(() => log.close())
beforeEach(() =>
  log.pool.query('DELETE FROM audit_pending; DELETE FROM audit_detail; DELETE FROM audit_subject'),
)

async function countAll(): Promise<number[]> {
  const { rows } = await log.pool.query(
    `SELECT (SELECT count(*) FROM audit_pending) AS pending, (SELECT count(*) FROM audit_detail) AS details,
       (SELECT count(*) FROM audit_subject) AS subjects`,
  )
  return [rows[0].pending, rows[0].details, rows[0].subjects]
}

test('an entry waits with its exact bytes, its columns, and the commitment that the caller got', async () => {
  const { id, commitment } = await recordEntry(log.pool, acceptedDraft(5, { code: 'HB-304' }))
  const { rows } = await log.pool.query('SELECT *, message_id AS "messageId" FROM audit_pending')
  expect(rows).toHaveLength(1)
  const entry = parseEntry(rows[0].entry)
  expect(entry.id).toBe(id)
  expect(rows[0].entry_id.toString('base64url')).toBe(id)
  expect(sha256(Buffer.of(0), rows[0].entry).toString('base64url')).toBe(commitment)
  const { at, ...columns } = columnsOf(entry)
  expect(rows[0]).toMatchObject(columns)
  expect(rows[0].at.toISOString()).toBe(at)
})

test('many entries keep their order, in one statement', async () => {
  let statements = 0
  await inTransaction(log.pool, async tx => {
    const counting = {
      query: (...args: unknown[]) => {
        statements++
        return (tx.query as (...args: unknown[]) => unknown).apply(tx, args)
      },
    }
    const recorded = await recordEntries(counting as typeof tx, drafts(500))
    const { rows } = await tx.query('SELECT entry_id FROM audit_pending ORDER BY id')
    expect(rows.map(row => row.entry_id.toString('base64url'))).toEqual(
      recorded.map(({ id }) => id),
    )
  })
  expect(statements).toBe(1)
  expect(await countAll()).toEqual([500, 0, 0])
})

test('a thousand subjects and details go along in one statement and give the root in the entry', async () => {
  const subjects = Array.from({ length: 1_000 }, () => randomBytes(16))
  const details = { grant: 'extra', because: 'a stated reason' }
  const [first, second] = await recordEntries(log.pool, [
    acceptedDraft(1, { subjects, details }),
    acceptedDraft(2, { subjects: subjects.slice(0, 2) }),
  ])
  expect(await countAll()).toEqual([2, 1, 1_002])
  const { rows } = await log.pool.query(
    'SELECT * FROM audit_subject WHERE entry_id = $1 ORDER BY position',
    [Buffer.from(first!.id, 'base64url')],
  )
  expect(rows.map(row => row.subject_tag)).toEqual(subjects)
  const root = subjectRoot(rows.map(row => saltedDigest(row.salt, row.subject_tag)))
  const pending = await log.pool.query('SELECT entry FROM audit_pending ORDER BY id')
  const entry = parseEntry(pending.rows[0].entry)
  expect(entry.subjects).toEqual({ count: 1_000, root: root.toString('base64url') })
  const kept = await log.pool.query('SELECT * FROM audit_detail')
  expect(kept.rows[0].entry_id.toString('base64url')).toBe(first!.id)
  expect(saltedDigest(kept.rows[0].salt, kept.rows[0].details).toString('base64url')).toBe(
    entry.details,
  )
  expect(JSON.parse(kept.rows[0].details)).toEqual(details)
  expect(parseEntry(pending.rows[1].entry).id).toBe(second!.id)
})

test('a transaction that is rolled back leaves nothing', async () => {
  const subjects = [randomBytes(16)]
  const work = inTransaction(log.pool, async tx => {
    await recordEntry(tx, acceptedDraft(1, { subjects, details: { a: 1 } }))
    throw new Error('changed my mind')
  })
  await expect(work).rejects.toThrow('changed my mind')
  expect(await countAll()).toEqual([0, 0, 0])
  expect(await log.sequence()).toBe(0)
})

test('one entry that is too large refuses all, and the transaction with them', async () => {
  const large = acceptedDraft(2, { fields: Array.from({ length: 8_000 }, (_, i) => `field-${i}`) })
  const work = inTransaction(log.pool, tx => recordEntries(tx, [acceptedDraft(1), large]))
  await expect(work).rejects.toMatchObject({ code: 'entry-too-large' })
  expect(await countAll()).toEqual([0, 0, 0])
})

test('no entries are no statement', async () => {
  expect(await recordEntries(log.pool, [])).toEqual([])
  expect(await countAll()).toEqual([0, 0, 0])
})
