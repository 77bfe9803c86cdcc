import { join } from 'node:path'
import { startEmbedded } from '../../src/db/embedded.ts'
import { runningPostmaster } from '../../src/db/embedded-postmaster.ts'
import { openPool, type Pool } from '../../src/db/pool.ts'
import { createLogger } from '../../src/log.ts'
import { assertDurable } from '../scratch.ts'
import { familySeconds } from './processes.ts'

/** A PostgreSQL as the program brings it, on a folder of its own. */
export interface Database {
  /** Its first database; make others with `create`. */
  url: string
  /** Makes a database, empty or a copy of another that nobody is connected to; gives its address. */
  create(name: string, template?: string): Promise<string>
  /** Drops a database, also where someone is still connected to it. */
  drop(name: string): Promise<void>
  /** Processor time of all its processes since it started, in seconds. */
  seconds(): number
  close(): Promise<void>
}

/**
 * Starts the embedded PostgreSQL on `<folder>/postgres`: the settings of the product, durable.
 * @throws Error where `fsync` or `synchronous_commit` is off
 */
export async function openDatabase(folder: string): Promise<Database> {
  const server = await startEmbedded(folder, createLogger('error'))
  const postmaster = runningPostmaster(join(folder, 'postgres'))
  if (!postmaster) throw new Error('the embedded PostgreSQL is not to be found')
  await withPool(server.url, assertDurable)
  return {
    url: server.url,
    create: async (name, template) => {
      const copied = template ? ` TEMPLATE ${template} STRATEGY file_copy` : ''
      await run(server.url, `CREATE DATABASE ${name}${copied}`)
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    },
    drop: name => run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    seconds: () => familySeconds(postmaster.pid),
    close: () => server.stop(),
  }
}

async function run(url: string, statement: string): Promise<void> {
  await withPool(url, pool => pool.query(statement))
}

async function withPool(url: string, work: (pool: Pool) => Promise<unknown>): Promise<void> {
  const pool = openPool(url, { max: 1, statementMs: 600_000 })
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
}
