import { readdirSync, readFileSync } from 'node:fs'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type pg from 'pg'
import type { Logger } from '../log.ts'
import { QuietClient } from './client.ts'
import type { Queryable } from './pool.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
// Away from the tables of the program, whose every column carries a comment.
const LEDGER = { migrationTableSchema: 'migrations', migrationTableName: 'applied' }
// Any number of our own: processes that start together migrate one after the other.
const LOCK = 4_825_001

/**
 * Brings a database to the newest migration this program has: plain SQL files in order of their
 * number, all in one transaction, under a lock that lets several processes start at once.
 * @param databaseUrl a PostgreSQL URL whose role owns the database
 * @returns the names applied now, such as `0001_access`
 * @throws Error where the database is newer than the program, or naming the migration that failed
 */
export async function migrate(databaseUrl: string, log: Logger): Promise<string[]> {
  // No statement timeout: a migration may take as long as it needs.
  const client = new QuietClient({
    connectionString: databaseUrl,
    application_name: 'huisbrug migrate',
    connectionTimeoutMillis: 10_000,
  })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    const { unknown } = await migrationState(client)
    if (unknown.length > 0) throw new Error(newerDatabase(unknown))
    const applied = await applyAll(client)
    if (applied.length > 0) log.info('migrated the database', { applied })
    return applied
  } finally {
    await client.end()
  }
}

export interface MigrationState {
  applied: string[]
  /** Of this program, not yet in the database. */
  pending: string[]
  /** In the database, not of this program: a newer one made them. */
  unknown: string[]
}

/** Compares the migrations of this program with those in the database. */
export async function migrationState(db: Queryable): Promise<MigrationState> {
  const own = migrationNames()
  const ledger = await db.query("SELECT to_regclass('migrations.applied') AS found")
  const { rows } = ledger.rows[0].found
    ? await db.query<{ name: string }>('SELECT name FROM migrations.applied ORDER BY name')
    : { rows: [] }
  const applied = rows.map(row => row.name)
  return {
    applied,
    pending: own.filter(name => !applied.includes(name)),
    unknown: applied.filter(name => !own.includes(name)),
  }
}

async function applyAll(client: pg.Client): Promise<string[]> {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: poolOf(client) }) })
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => readMigrations() },
    ...LEDGER,
    migrationLockTableName: 'lock',
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  const failed = results.find(result => result.status === 'Error')
  if (failed) throw new Error(`migration ${failed.migrationName} failed`, { cause: error })
  if (error) throw error
  return results.map(result => result.migrationName)
}

/** Kysely on the one connection that holds the lock. */
function poolOf(client: pg.Client) {
  const query = client.query.bind(client)
  const connection = { query, release: () => {} }
  return { connect: async () => connection, end: async () => {}, options: {} }
}

function migrationNames(): string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.sql'))
    .map(file => file.slice(0, -'.sql'.length))
    .sort()
}

function readMigrations(): Record<string, Migration> {
  return Object.fromEntries(
    migrationNames().map(name => {
      const text = readFileSync(new URL(`${name}.sql`, FOLDER), 'utf8')
      return [name, { up: async db => void (await sql.raw(text).execute(db)) }]
    }),
  )
}

function newerDatabase(unknown: string[]): string {
  return (
    `the database is newer than this program: it has ${unknown.join(', ')}. ` +
    'Start the version of the program that made these, or a newer one'
  )
}
