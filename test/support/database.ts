import { openPool, type Pool } from '../../src/db/pool.ts'
import { newDatabaseName, runOnServer, testServer, urlOfDatabase } from './server.ts'

export interface TestDatabase {
  url: string
  pool: Pool
  /** Ends the pool and drops the database. */
  close(): Promise<void>
}

/** A fresh database with all migrations, of this test file alone: a copy of the run's template. */
export async function testDatabase(options: { max?: number } = {}): Promise<TestDatabase> {
  return createDatabase(testServer().template, options.max ?? 10)
}

/** A fresh database without any table. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0', 5)
}

async function createDatabase(template: string, max: number): Promise<TestDatabase> {
  const server = testServer()
  const name = newDatabaseName()
  await runOnServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${template}`)
  const url = urlOfDatabase(server.url, name)
  const pool = openPool(url, { max, name: 'huisbrug test' })
  const close = async () => {
    if (!pool.ending) await pool.end()
    await runOnServer(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
  return { url, pool, close }
}
