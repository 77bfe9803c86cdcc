import pg from 'pg'
import { isConnectionLost } from './away.ts'
import { QuietClient } from './client.ts'

export type Pool = pg.Pool
/** A connection inside a transaction, or the pool itself for a single statement. */
export type Tx = pg.PoolClient
export type Queryable = Pick<pg.PoolClient, 'query'>

const APP_ROLE = 'huisbrug_app'

// Counts and indexes stay far below 2^53; a bigint column as a string would only invite mistakes.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
// A date is a calendar day, not an instant in the zone of this process.
pg.types.setTypeParser(pg.types.builtins.DATE, text => text)

/**
 * The role the program works under, made by the migrations: it may read and write, but not change
 * evidence. Undefined where the server did not let them make it; then the triggers stand alone.
 */
export async function findAppRole(databaseUrl: string): Promise<string | undefined> {
  const client = new QuietClient({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(`SET ROLE ${APP_ROLE}`)
    return APP_ROLE
  } catch {
    return undefined
  } finally {
    await client.end()
  }
}

const STATEMENT_MS = 20_000
// A server that says nothing more, also not that it gave up, is taken for gone: below the 30 s that a
// caller waits for its answer.
const SILENCE_MS = 2_000
// Until a connection is free or made: who waits longer is told to come back.
const CONNECT_MS = 5_000

// A host that is cut off says nothing more: the server ends its sessions, with the locks that they hold, within
// half a minute, and not in the two hours that are usual.
const NOTICE_SILENCE = [
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=20000',
]
  .map(setting => `-c ${setting}`)
  .join(' ')

export interface PoolOptions {
  max?: number
  name?: string
  role?: string | undefined
  /** Longest a statement may take, in milliseconds (20,000). */
  statementMs?: number
}

/**
 * Opens a pool: statements run in UTC, and give up after 20 s, 2 s later also where the server is
 * silent; a connection is there within 5 s or not at all.
 */
export function openPool(databaseUrl: string, options: PoolOptions = {}): Pool {
  const statementMs = options.statementMs ?? STATEMENT_MS
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 20,
    application_name: options.name ?? 'huisbrug',
    options: `-c TimeZone=UTC ${NOTICE_SILENCE}${options.role ? ` -c role=${options.role}` : ''}`,
    statement_timeout: statementMs,
    query_timeout: statementMs + SILENCE_MS,
    connectionTimeoutMillis: CONNECT_MS,
    // Statements that are sent without waiting for the one before go out at once: see inPipeline.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // A connection that breaks, idle or between two statements, is replaced by the pool; what is done on it
  // fails. Without a listener it would end the process.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}

/**
 * Begins a transaction of named statements that look rows up one by one: each is planned once a connection, when a table
 * may be empty still, and used when it has millions of rows.
 */
export const BEGIN_BY_INDEX =
  'BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off'

// Deadlock and serialization failure: PostgreSQL undid the transaction so that it can be run again.
const RUN_AGAIN = new Set(['40P01', '40001'])
const MAX_RUNS = 3

/**
 * Runs `work` in one transaction: commits its result, or rolls back and rethrows. Where PostgreSQL
 * broke a deadlock by ending it, `work` runs again, so it keeps its effects to the transaction.
 * @param begin what it begins with: BEGIN, and settings of the transaction after it
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (tx: Tx) => Promise<T>,
  begin = 'BEGIN',
): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await runTransaction(pool, work, begin)
    } catch (error) {
      const { code } = error as { code?: string }
      if (run >= MAX_RUNS || !RUN_AGAIN.has(code ?? '')) throw error
    }
  }
}

async function runTransaction<T>(
  pool: Pool,
  work: (tx: Tx) => Promise<T>,
  begin: string,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    broken = isConnectionLost(error) ? (error as Error) : await rollBack(client)
    throw error
  } finally {
    client.release(broken)
  }
}

/**
 * Waits for statements that were sent one right after the other in a transaction: the database does them in that
 * order, and is not waited for in between.
 * @returns the result of each, in order
 * @throws what the first of them threw, once all have ended: nothing of them comes after a ROLLBACK
 */
export async function inPipeline<T extends readonly unknown[]>(
  ...sent: { readonly [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const settled = await Promise.allSettled(sent)
  for (const it of settled) if (it.status === 'rejected') throw it.reason
  return settled.map(it => (it as PromiseFulfilledResult<unknown>).value) as unknown as T
}

/** The error where the connection is of no more use. */
async function rollBack(client: Tx): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK')
    return undefined
  } catch (error) {
    return error as Error
  }
}
