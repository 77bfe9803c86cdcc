import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** The PostgreSQL of this test run, as global-setup.ts tells it to the workers. */
export interface TestServer {
  url: string
  template: string
}

const VARIABLE = 'HUISBRUG_TEST_SERVER'

export function announceServer(server: TestServer): void {
  process.env[VARIABLE] = JSON.stringify(server)
}

/** @throws Error where the run has no PostgreSQL: it was started without global-setup.ts */
export function testServer(): TestServer {
  const text = process.env[VARIABLE]
  if (!text)
    throw new Error('run the tests with npm test: test/support/global-setup.ts starts PostgreSQL')
  return JSON.parse(text) as TestServer
}

/** `huisbrug_test_<seconds since 1970>_<random>`: a later run can tell what an earlier one left. */
export function newDatabaseName(): string {
  return `huisbrug_test_${Math.floor(Date.now() / 1000)}_${randomBytes(5).toString('hex')}`
}

export function urlOfDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

/** Runs statements one by one on the server's own database. */
export async function runOnServer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Drops the databases that runs of more than an hour ago left on a server of yours. */
export async function dropLeftovers(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datname ~ '^huisbrug_test_[0-9]+_[0-9a-f]+$'",
    )
    const old = rows.filter(row => Number(row.datname.split('_')[2]) < Date.now() / 1000 - 3600)
    for (const row of old) await client.query(`DROP DATABASE IF EXISTS ${row.datname} WITH (FORCE)`)
  } finally {
    await client.end()
  }
}
