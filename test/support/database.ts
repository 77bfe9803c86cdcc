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
  await runOnServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`)
  const url = urlOfDatabase(server.url, name)
  const pool = openPool(url, { max, name: 'huisbrug test' })
  const close = async () => {
    if (!pool.ending) await pool.end()
    await dropDatabase(server.url, name)
  }
  return { url, pool, close }
}

const DROP_TRIES = 50

// The server's own autovacuum may be at work in it, which an ordinary role cannot end: it soon is.
async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await runOnServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      return
    } catch (error) {
      if ((error as { code?: string }).code !== '42501' || tries >= DROP_TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
