import { readdirSync } from 'node:fs'
import type { Logger } from '../log.ts'
import { QuietClient } from './client.ts'
import type { Queryable } from './pool.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
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
    const { pending, unknown } = await migrationState(client)
    if (unknown.length > 0) throw new Error(newerDatabase(unknown))
    if (pending.length === 0) {
      // After a time in which the program was down; while it runs, it does so itself.
      await client.query('SELECT make_partitions()')
      return []
    }
    // Loaded when needed: it is a fifth of what a command on a database loads.
    const { applyMigrations } = await import('./apply-migrations.ts')
    const applied = await applyMigrations(client, migrationFiles())
    log.info('migrated the database', { applied })
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

function migrationNames(): string[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.sql'))
    .map(file => file.slice(0, -'.sql'.length))
    .sort()
}

function migrationFiles(): Map<string, URL> {
  return new Map(migrationNames().map(name => [name, new URL(`${name}.sql`, FOLDER)]))
}

function newerDatabase(unknown: string[]): string {
  return (
    `the database is newer than this program: it has ${unknown.join(', ')}. ` +
    'Start the version of the program that made these, or a newer one'
  )
}
