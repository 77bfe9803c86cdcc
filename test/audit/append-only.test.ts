import { recordEntries } from '../../src/audit/record.ts'
import { inTransaction, type Tx } from '../../src/db/pool.ts'
import { drafts, type TestLog, testLog } from './support.ts'

let log: TestLog
beforeAll(async () => {
  log = await testLog()
  await recordEntries(log.pool, drafts(300))
  await log.sequence()
  await recordEntries(log.pool, drafts(2, 300))
})
afterAll(() => log.close())

const CHANGES = [
  "UPDATE audit_entry SET code = 'HB-101' WHERE index = 7",
  'UPDATE audit_entry SET index = index + 1000',
  'DELETE FROM audit_entry WHERE index = 7',
  'DELETE FROM audit_entry WHERE false',
  'TRUNCATE audit_entry',
  "UPDATE audit_checkpoint SET note = ''",
  'DELETE FROM audit_checkpoint',
  'TRUNCATE audit_checkpoint',
  "UPDATE audit_tile SET hashes = decode(repeat('00', 32 * width), 'hex')",
  'UPDATE audit_tile SET hashes = substring(hashes FOR 32) WHERE width > 1',
  'UPDATE audit_tile SET hashes = hashes',
  "UPDATE audit_tile SET hashes = decode(repeat('00', 32), 'hex') || hashes WHERE width < 256",
  'UPDATE audit_tile SET level = 5 WHERE width = 1',
  'UPDATE audit_tile SET n = 99',
  'DELETE FROM audit_tile',
  'TRUNCATE audit_tile',
  "UPDATE audit_pending SET entry = '\\x00'",
  'TRUNCATE audit_pending',
  'DELETE FROM audit_head',
  'TRUNCATE audit_head',
  `MERGE INTO audit_entry e USING (VALUES (7)) v (i) ON e.index = v.i WHEN MATCHED THEN DELETE`,
  `INSERT INTO audit_checkpoint (size, previous, root, note, at)
     SELECT size, previous, root, 'other', at FROM audit_checkpoint
     ON CONFLICT (size) DO UPDATE SET note = excluded.note`,
]

describe('even the owner of the tables', () => {
  test.each(CHANGES)('cannot %s', async statement => {
    await expect(log.pool.query(statement)).rejects.toMatchObject({ code: '23001' })
  })

  test('would not get round the triggers as a replica either', async () => {
    const { rows } = await log.pool.query(
      `SELECT tgname, tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
       WHERE c.relname LIKE 'audit\\_%' AND NOT tgisinternal`,
    )
    // Those of the three partitions of the log are its own.
    expect(rows).toHaveLength(18)
    expect(rows.filter(row => row.tgenabled !== 'A')).toEqual([])
  })

  test('can widen a tile at its end, and only so', async () => {
    await inTransaction(log.pool, async tx => {
      const widened = await tx.query(
        "UPDATE audit_tile SET hashes = hashes || decode(repeat('ab', 32), 'hex') WHERE level = 0 AND width < 256",
      )
      expect(widened.rowCount).toBe(1)
      throw new Error('not for real')
    }).catch(error => expect(error.message).toBe('not for real'))
  })

  test('cannot sign two checkpoints of one size, or two after the same one', async () => {
    const again = (size: string, previous: string) =>
      log.pool.query(
        `INSERT INTO audit_checkpoint (size, previous, root, note, at)
         SELECT ${size}, ${previous}, root, note, at FROM audit_checkpoint LIMIT 1`,
      )
    await expect(again('size', 'previous')).rejects.toMatchObject({ code: '23505' })
    await expect(again('size + 1', 'previous')).rejects.toMatchObject({ code: '23505' })
    await expect(again('size', 'size')).rejects.toMatchObject({ code: '23514' })
  })
})

describe('the role of the program', () => {
  async function asProgram<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return inTransaction(log.pool, async tx => {
      await tx.query('GRANT huisbrug_app TO CURRENT_USER WITH SET TRUE')
      await tx.query('SET LOCAL ROLE huisbrug_app')
      return work(tx)
    })
  }

  test('may write and read evidence', async () => {
    await asProgram(async tx => {
      await recordEntries(tx, drafts(1, 500))
      const { rows } = await tx.query('SELECT count(*) AS entries FROM audit_entry')
      expect(rows[0].entries).toBe(300)
    })
  })

  test('may do everything that the sequencer does', async () => {
    const grants = await asProgram(async tx => {
      const { rows } = await tx.query(
        `SELECT has_table_privilege('audit_pending', 'DELETE') AND has_table_privilege('audit_entry', 'INSERT')
           AND has_table_privilege('audit_checkpoint', 'INSERT') AND has_table_privilege('audit_tile', 'INSERT')
           AND has_column_privilege('audit_tile', 'hashes', 'UPDATE')
           AND has_table_privilege('audit_head', 'UPDATE') AS enough`,
      )
      return rows[0].enough
    })
    expect(grants).toBe(true)
  })

  test('has no right to change or remove it, triggers or not', async () => {
    for (const table of ['audit_entry', 'audit_checkpoint', 'audit_tile'])
      for (const statement of [`DELETE FROM ${table}`, `TRUNCATE ${table}`])
        await expect(asProgram(tx => tx.query(statement))).rejects.toMatchObject({ code: '42501' })
    for (const statement of [
      "UPDATE audit_entry SET code = 'x'",
      "UPDATE audit_checkpoint SET note = 'x'",
      'UPDATE audit_tile SET n = 9',
      "UPDATE audit_pending SET code = 'x'",
    ])
      await expect(asProgram(tx => tx.query(statement))).rejects.toMatchObject({ code: '42501' })
  })

  test('cannot switch the triggers off', async () => {
    await expect(
      asProgram(tx => tx.query('ALTER TABLE audit_entry DISABLE TRIGGER ALL')),
    ).rejects.toMatchObject({
      code: '42501',
    })
  })
})

test('every table, column and function of the log is commented', async () => {
  const { rows } = await log.pool.query(
    `SELECT c.relname || '.' || a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relname LIKE 'audit\\_%' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
       AND col_description(c.oid, a.attnum) IS NULL
     UNION ALL SELECT relname FROM pg_class
     WHERE relname LIKE 'audit\\_%' AND relkind IN ('r', 'p') AND NOT relispartition AND obj_description(oid, 'pg_class') IS NULL
     UNION ALL SELECT proname FROM pg_proc
     WHERE proname LIKE 'audit\\_%' AND obj_description(oid, 'pg_proc') IS NULL`,
  )
  expect(rows).toEqual([])
})
