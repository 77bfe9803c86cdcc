import { accessSync, constants, statfsSync } from 'node:fs'
import { migrationState } from './migrate.ts'
import type { Pool, Queryable } from './pool.ts'

/** One thing that was looked at; where it is not well, what to do. */
export interface Finding {
  name: string
  ok: boolean
  detail: string
  remedy: string
}

const OLDEST_MAJOR = 15
const MAX_CLOCK_DIFFERENCE_MS = 2_000
const MIN_FREE_BYTES = 512 * 1024 * 1024
// What each table of evidence must refuse; a tile may grow at its end, a pending entry may move on.
const APPEND_ONLY = {
  audit_pending: ['UPDATE'],
  audit_entry: ['UPDATE', 'DELETE'],
  audit_kind: ['UPDATE', 'DELETE'],
  audit_checkpoint: ['UPDATE', 'DELETE'],
  audit_tile: ['DELETE'],
  audit_head: ['DELETE'],
  audit_cosignature: ['UPDATE', 'DELETE'],
  audit_published: ['UPDATE', 'DELETE'],
  audit_timestamp: ['UPDATE', 'DELETE'],
  witness_state: ['DELETE'],
} as const

type Check = (pool: Pool) => Promise<Pick<Finding, 'ok' | 'detail'>>

const CHECKS: { name: string; remedy: string; check: Check }[] = [
  {
    name: 'server-version',
    remedy: `Use PostgreSQL ${OLDEST_MAJOR} or newer.`,
    check: checkVersion,
  },
  {
    name: 'encoding',
    remedy: "Make the database with ENCODING 'UTF8' and carry the data over.",
    check: checkEncoding,
  },
  {
    name: 'migrations',
    remedy: 'Run huisbrug migrate; for a newer database, start the program that made it.',
    check: checkMigrations,
  },
  {
    name: 'durability',
    remedy: 'Set fsync, full_page_writes and synchronous_commit to on in the server.',
    check: checkDurability,
  },
  {
    name: 'append-only',
    remedy: 'Find out who changed it, run huisbrug audit verify, and restore the triggers.',
    check: checkAppendOnly,
  },
  {
    name: 'partitions',
    remedy:
      'Run huisbrug migrate, which makes what is missing. Rows that none was made for are as safe and only ' +
      'slower: set the clocks right, and they go with their retention.',
    check: checkPartitions,
  },
  {
    name: 'clock',
    remedy: 'Let both machines follow a time server (NTP).',
    check: checkClock,
  },
  {
    name: 'writable',
    remedy: 'Free space on the server, or connect to the primary and not to a standby.',
    check: checkWritable,
  },
]

/**
 * Looks at the store: whether it answers, is what the program needs, keeps what it is given, and
 * still protects the evidence. Changes nothing.
 * @param dataDir the data folder, where the database is the embedded one
 */
export async function examineStore(pool: Pool, dataDir?: string): Promise<Finding[]> {
  const remedy = 'Start the server, and check HUISBRUG_DATABASE_URL and the network.'
  const connection = await examine(pool, { name: 'connection', remedy, check: checkConnection })
  if (!connection.ok) return [connection]
  const findings = [connection]
  for (const each of CHECKS) findings.push(await examine(pool, each))
  if (dataDir) findings.push(examineFolder(dataDir))
  return findings
}

async function examine(
  pool: Pool,
  { name, remedy, check }: { name: string; remedy: string; check: Check },
): Promise<Finding> {
  try {
    return { name, remedy, ...(await check(pool)) }
  } catch (error) {
    return { name, remedy, ok: false, detail: (error as Error).message }
  }
}

async function checkConnection(pool: Pool) {
  const { rows } = await pool.query('SELECT current_database() AS name, current_user AS role')
  return { ok: true, detail: `database ${rows[0].name} as ${rows[0].role}` }
}

async function checkVersion(pool: Pool) {
  const text = await setting(pool, 'server_version')
  const number = Number(await setting(pool, 'server_version_num'))
  return { ok: number >= OLDEST_MAJOR * 10_000, detail: `PostgreSQL ${text}` }
}

async function checkEncoding(pool: Pool) {
  const detail = await setting(pool, 'server_encoding')
  return { ok: detail === 'UTF8', detail }
}

async function checkMigrations(pool: Pool) {
  const { applied, pending, unknown } = await migrationState(pool)
  const parts = [`${applied.length} applied`]
  if (pending.length > 0) parts.push(`missing ${pending.join(', ')}`)
  if (unknown.length > 0) parts.push(`of a newer program ${unknown.join(', ')}`)
  return { ok: pending.length + unknown.length === 0, detail: parts.join('; ') }
}

async function checkDurability(pool: Pool) {
  const names = ['fsync', 'full_page_writes', 'synchronous_commit']
  const values = await Promise.all(names.map(name => setting(pool, name)))
  const detail = names.map((name, i) => `${name} ${values[i]}`).join(', ')
  return { ok: !values.includes('off'), detail }
}

/** Tries to change nothing at all: the triggers (or the grants) refuse the statement itself. */
async function checkAppendOnly(pool: Pool) {
  const open: string[] = []
  for (const [table, statements] of Object.entries(APPEND_ONLY)) {
    for (const statement of statements) {
      if (!(await isRefused(pool, table, statement))) open.push(`${table}: ${statement}`)
    }
    if (!(await refusesTruncate(pool, table))) open.push(`${table}: TRUNCATE`)
  }
  const tables = Object.keys(APPEND_ONLY)
  return {
    ok: open.length === 0,
    detail:
      open.length > 0 ? `can be done: ${open.join(', ')}` : `${tables.length} tables protected`,
  }
}

async function isRefused(pool: Pool, table: string, statement: 'UPDATE' | 'DELETE') {
  const { rows } = await pool.query(
    `SELECT quote_ident(attname) AS attname FROM pg_attribute
      WHERE attrelid = to_regclass($1) AND attnum > 0 AND attidentity = '' AND attgenerated = ''
      ORDER BY attnum LIMIT 1`,
    [table],
  )
  const column = rows[0]?.attname
  const text =
    statement === 'UPDATE' ? `UPDATE ${table} SET ${column} = ${column}` : `DELETE FROM ${table}`
  try {
    await pool.query(`${text} WHERE false`)
    return false
  } catch (error) {
    const { code } = error as { code?: string }
    // restrict_violation of a trigger, insufficient_privilege of a grant
    if (code === '23001' || code === '42501') return true
    throw error
  }
}

/** By the catalogue: trying would lock the table. Bit 32 of tgtype is TRUNCATE, "A" always fires. */
async function refusesTruncate(pool: Pool, table: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM pg_trigger
      WHERE tgrelid = to_regclass($1) AND tgtype & 32 = 32 AND tgenabled IN ('A', 'O')`,
    [table],
  )
  return rowCount !== 0
}

/** Whether there are partitions for the times to come, and nothing fell beside them. */
async function checkPartitions(pool: Pool) {
  const { rows } = await pool.query<{ fault: string }>('SELECT partition_faults() AS fault')
  const detail = rows.map(({ fault }) => fault).join('; ') || 'made ahead, and nothing beside them'
  return { ok: rows.length === 0, detail }
}

async function checkClock(pool: Pool) {
  const before = Date.now()
  const { rows } = await pool.query('SELECT clock_timestamp() AS now')
  const after = Date.now()
  // Its answer was made at some time in between.
  const difference = Math.round(rows[0].now.getTime() - (before + after) / 2)
  const ok = Math.abs(difference) <= MAX_CLOCK_DIFFERENCE_MS + (after - before) / 2
  return { ok, detail: `the server is ${difference} ms from this process` }
}

async function checkWritable(pool: Pool) {
  const client = await pool.connect()
  try {
    await writeNothing(client)
    return { ok: true, detail: 'a transaction that writes commits' }
  } finally {
    client.release(true)
  }
}

async function writeNothing(client: Queryable): Promise<void> {
  await client.query('BEGIN')
  await client.query('CREATE TEMP TABLE huisbrug_doctor (one int) ON COMMIT DROP')
  await client.query('INSERT INTO huisbrug_doctor VALUES (1)')
  await client.query('COMMIT')
}

function examineFolder(dataDir: string): Finding {
  const remedy = 'Give this user write access to the data folder, and free space on its disk.'
  try {
    accessSync(dataDir, constants.W_OK)
    const { bavail, bsize } = statfsSync(dataDir)
    const detail = `${Math.floor((bavail * bsize) / 1024 / 1024)} MiB free`
    return { name: 'data-folder', ok: bavail * bsize >= MIN_FREE_BYTES, detail, remedy }
  } catch (error) {
    return { name: 'data-folder', ok: false, detail: (error as Error).message, remedy }
  }
}

async function setting(db: Queryable, name: string): Promise<string> {
  const { rows } = await db.query('SELECT current_setting($1) AS value', [name])
  return rows[0].value
}
