import { openPool, type Pool } from '../../src/db/pool.ts'

/** What of a detection request is kept, and where each table's rows of one message are found. */
const SOURCES = {
  message: 'SELECT * FROM message WHERE id = $1',
  hand_over: 'SELECT * FROM hand_over WHERE message_id = $1',
  idempotency: `SELECT * FROM idempotency WHERE response ->> 'messageId' = $1`,
  audit_pending: 'SELECT * FROM audit_entry WHERE message_id = $1',
  audit_subject: `SELECT s.* FROM audit_subject s JOIN audit_entry e USING (entry_id) WHERE e.message_id = $1`,
  detection_row: 'SELECT * FROM detection_row WHERE message_id = $1',
  period_member: `SELECT p.* FROM period_member p JOIN detection_row r ON r.message_id = $1 AND p.row_id = r.row_id
    AND p.subject_tag = r.subject_tag`,
  route: `SELECT t.* FROM route t JOIN message m ON m.id = $1 JOIN detection_row r ON r.message_id = m.id
    AND t.domain = m.domain AND t.tag = r.tag AND t.party_id = m.party_id`,
} as const
type Table = keyof typeof SOURCES
const TABLES = Object.keys(SOURCES) as Table[]

/** The rows that the product wrote for a message, in one statement that writes them again. */
interface Statement {
  name: string
  text: string
  values: unknown[]
}

/** Tables like the product's with nothing around them, and rows that it wrote. */
export interface BareInserts {
  /** Messages a second: each a transaction of one statement, over so many connections. */
  rate(): Promise<number>
  close(): Promise<void>
}

/**
 * Reads what the product wrote for some of its messages and writes the same rows again, in tables of the same
 * columns, checks and indexes, without triggers and foreign keys, empty at the start of each round.
 */
export async function openBareInserts(
  url: string,
  { messages, connections }: { messages: number; connections: number },
): Promise<BareInserts> {
  const pool = openPool(url, { max: connections, statementMs: 60_000 })
  for (const table of TABLES)
    await pool.query(`CREATE TABLE bare_${table} (LIKE ${table} INCLUDING ALL)`)
  const statements = await readStatements(pool, messages)
  return { rate: () => insertAll(pool, statements, connections), close: () => pool.end() }
}

/** Bytes of the rows that the product wrote for its newest message, in all tables. */
export async function bytesOfMessage(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(NEWEST, [1])
  let bytes = 0
  for (const source of Object.values(SOURCES)) {
    const sum = `SELECT coalesce(sum(pg_column_size(t)), 0)::int AS bytes FROM (${source}) AS t`
    bytes += (await pool.query<{ bytes: number }>(sum, [rows[0]?.id])).rows[0]?.bytes ?? 0
  }
  return bytes
}

const NEWEST = `SELECT id FROM message WHERE type = 'detection.request' ORDER BY received_at DESC LIMIT $1`

async function insertAll(pool: Pool, statements: Statement[], connections: number) {
  await pool.query(`TRUNCATE ${TABLES.map(table => `bare_${table}`).join()}`)
  // Open, so that no round pays for connecting.
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  const started = performance.now()
  let next = 0
  await Promise.all(
    clients.map(async client => {
      while (next < statements.length) await client.query(statements[next++]!)
      client.release()
    }),
  )
  return statements.length / ((performance.now() - started) / 1_000)
}

async function readStatements(pool: Pool, messages: number): Promise<Statement[]> {
  const types = await readColumns(pool)
  const { rows } = await pool.query<{ id: string }>(NEWEST, [messages])
  if (rows.length < messages) throw new Error('the product wrote fewer messages than that')
  const statements: Statement[] = []
  for (const { id } of rows) statements.push(await readStatement(pool, types, id))
  return statements
}

interface Column {
  table: Table
  name: string
  type: string
}

async function readColumns(pool: Pool): Promise<Map<Table, Column[]>> {
  const { rows } = await pool.query<Column>(
    `SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relname = ANY($1) AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
       AND NOT a.attisdropped AND a.attidentity = ''
     ORDER BY a.attnum`,
    [TABLES],
  )
  return Map.groupBy(rows, ({ table }) => table)
}

/** All rows of a message in one statement: many rows as arrays, one row as it is. */
async function readStatement(
  pool: Pool,
  types: Map<Table, Column[]>,
  id: string,
): Promise<Statement> {
  const values: unknown[] = []
  const inserts: string[] = []
  for (const table of TABLES) {
    const { rows } = await pool.query<Record<string, unknown>>(SOURCES[table], [id])
    if (rows.length === 0) throw new Error(`there is nothing in ${table} of a message`)
    const columns = (types.get(table) ?? []).filter(({ name }) => name in (rows[0] ?? {}))
    const names = columns.map(({ name }) => name).join(', ')
    const add = (value: unknown) => `$${values.push(value)}`
    const one = (name: string, type: string) => `${add(asText(rows[0]?.[name], type))}::${type}`
    const all = (name: string, type: string) => `${add(rows.map(row => row[name]))}::${type}[]`
    const made =
      rows.length === 1
        ? `VALUES (${columns.map(({ name, type }) => one(name, type)).join(', ')})`
        : `SELECT * FROM unnest(${columns.map(({ name, type }) => all(name, type)).join(', ')})`
    inserts.push(`INSERT INTO bare_${table} (${names}) ${made}`)
  }
  const last = inserts.pop()
  const before = inserts.map((insert, i) => `t${i} AS (${insert})`).join(', ')
  return { name: 'bare-inserts', text: `WITH ${before} ${last}`, values }
}

function asText(value: unknown, type: string): unknown {
  return type.startsWith('json') && value !== null ? JSON.stringify(value) : value
}
