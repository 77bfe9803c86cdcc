import { readFileSync } from 'node:fs'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type pg from 'pg'

// Away from the tables of the program, whose every column carries a comment.
const LEDGER = { migrationTableSchema: 'migrations', migrationTableName: 'applied' }

/**
 * Applies those of these migrations that the database lacks, all in one transaction.
 * @param files place of each migration's SQL, by its name
 * @returns the names applied now
 */
export async function applyMigrations(
  client: pg.Client,
  files: ReadonlyMap<string, URL>,
): Promise<string[]> {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: poolOf(client) }) })
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => readMigrations(files) },
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

function readMigrations(files: ReadonlyMap<string, URL>): Record<string, Migration> {
  return Object.fromEntries(
    [...files].map(([name, file]) => {
      const text = readFileSync(file, 'utf8')
      return [name, { up: async db => void (await sql.raw(text).execute(db)) }]
    }),
  )
}
