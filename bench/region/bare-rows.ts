import type { Pool } from '../../src/db/pool.ts'

/** All rows of a table, column by column: bytes as they are, anything else as the text of it. */
export interface Rows {
  table: string
  columns: { name: string; type: string }[]
  values: unknown[][]
}

/** What a list leaves behind for each tenant, message and hand-over. */
const WRITTEN = [
  ...['message', 'idempotency', 'volume_use', 'period_member', 'detection_row', 'route'],
  ...['hand_over', 'transition', 'attempt', 'period_close', 'audit_subject', 'audit_detail'],
]
const ENTRIES = ['audit_entry']

/** The tables of those names that there are. */
export async function writtenTables(pool: Pool): Promise<{ others: string[]; entries: string[] }> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`,
  )
  const present = new Set(rows.map(({ name }) => name))
  return {
    others: WRITTEN.filter(name => present.has(name)),
    entries: ENTRIES.filter(name => present.has(name)),
  }
}

/** Reads tables, and makes one of the same columns and indexes for each in schema `bare`. */
export async function readRows(pool: Pool, tables: readonly string[]): Promise<Rows[]> {
  await pool.query('CREATE SCHEMA IF NOT EXISTS bare')
  const all: Rows[] = []
  for (const table of tables) {
    await pool.query(`CREATE TABLE bare.${table} (LIKE public.${table} INCLUDING ALL)`)
    const { rows: columns } = await pool.query<{ name: string; type: string }>(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       ORDER BY attnum`,
      [`public.${table}`],
    )
    const read = columns.map(({ name, type }) => (type === 'bytea' ? name : `${name}::text`))
    const { rows } = await pool.query<unknown[]>({
      text: `SELECT ${read.join()} FROM public.${table}`,
      rowMode: 'array',
    })
    all.push({ table, columns, values: rows })
  }
  return all
}

/** Puts them in, set-based: as many transactions as there were messages, a few at once. */
export async function insertAll(pool: Pool, all: readonly Rows[], batches: number): Promise<void> {
  let next = 0
  const work = async () => {
    const client = await pool.connect()
    try {
      for (let batch = next++; batch < batches; batch = next++) {
        await client.query('BEGIN')
        for (const rows of all) {
          const part = partOf(rows.values, batch, batches)
          if (part.length > 0) await client.query(statementOf(rows), columnsOf(rows, part))
        }
        await client.query('COMMIT')
      }
    } finally {
      client.release()
    }
  }
  await Promise.all(Array.from({ length: pool.options.max ?? 1 }, work))
}

function partOf<T>(values: readonly T[], part: number, parts: number): T[] {
  const upTo = (n: number) => Math.floor((values.length * n) / parts)
  return values.slice(upTo(part), upTo(part + 1))
}

function columnsOf({ columns }: Rows, rows: readonly unknown[][]): unknown[][] {
  return columns.map((_, column) => rows.map(row => row[column]))
}

function statementOf({ table, columns }: Rows): string {
  const names = columns.map(({ name }) => `"${name}"`).join()
  const given = columns.map(({ type }, i) => `$${i + 1}::${type === 'bytea' ? 'bytea' : 'text'}[]`)
  const read = columns.map(({ name, type }) =>
    type === 'bytea' ? `"${name}"` : `"${name}"::${type}`,
  )
  return `INSERT INTO bare.${table} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${read.join()} FROM unnest(${given.join()}) AS t (${names})`
}
