import type { EventEmitter } from 'node:events'
import {
  assertSchemaCompatibility,
  type ConnectionOptions,
  type createPostgresBackend,
  createRedisBackend,
  LATEST_SCHEMA_VERSION,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  type Processor,
  runMigrations,
  SchemaMigrationRequiredError,
  withBackend,
} from 'bullmq'
import type pg from 'pg'
import { QuietClient } from '../db/client.ts'
import { isRedis, openCluster, type RedisManner, readRedisUrl } from './redis.ts'

/** All that a job carries. */
export interface WakeUp {
  destination: string
}

/** What the wake-ups use of a BullMQ queue, whatever keeps it. */
export interface WakeUpQueue {
  addBulk(
    jobs: { name: string; data: WakeUp; opts: { deduplication: { id: string } } }[],
  ): Promise<unknown>
  getJobCounts(...states: ('wait' | 'active' | 'delayed')[]): Promise<Record<string, number>>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
  disconnect(): Promise<void>
}

/** What the wake-ups use of a BullMQ worker. */
export interface WakeUpWorker {
  on(event: 'error', listener: (error: Error) => void): unknown
  pause(doNotWaitActive: boolean): Promise<void>
  close(force: boolean): Promise<void>
}

/** The queue engine: PostgreSQL or Redis. Everything else in this folder is the same for both. */
export interface Engine {
  readonly kind: 'postgresql' | 'redis'
  /** Makes what the engine needs before first use. */
  prepare(): Promise<void>
  openQueue(): WakeUpQueue
  openWorker(handler: Processor<WakeUp>, concurrency: number): WakeUpWorker
  /** Ends what queue and worker leave open. */
  close(): void
}

const QUEUE = 'forward'
const SCHEMA = 'bullmq'

// A job is done or dropped, never kept and never tried again: the record of what is due is elsewhere,
// and a job that is kept would swallow the next one with its id.
const JOB_OPTIONS = {
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
} as const
const QUEUE_OPTIONS = { defaultJobOptions: JOB_OPTIONS, streams: { events: { maxLen: 100 } } }

const WORKER_OPTIONS = {
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // A worker that is killed again and again must not use up its job.
  maxStalledCount: 1_000_000,
  lockDuration: 10_000,
  stalledInterval: 3_000,
  // BullMQ's own 15 s after a failed fetch would be the time to notice that the engine is back.
  runRetryDelay: 1_000,
}

/**
 * Redis where `queueUrl` names one, else PostgreSQL: that of `queueUrl`, or the program's own.
 * @param closing once aborted, nothing connects again
 */
export function chooseEngine(
  databaseUrl: string,
  queueUrl: string | undefined,
  closing: AbortSignal,
): Engine {
  const url = queueUrl ?? databaseUrl
  return isRedis(url) ? redisEngine(url, closing) : postgresEngine(url)
}

/**
 * Ready whenever it is asked. BullMQ's own looks once whether PostgreSQL answers and, where it is away just
 * then, keeps that failure for as long as the process runs. What the schema is `prepare` has looked at.
 */
class PatientConnection extends PostgresConnection {
  constructor(connection: PostgresConnectionOptions) {
    super(connection)
    // A connection that breaks between two statements would end the process: nobody listens.
    this.pool.on('connect', client => (client as unknown as EventEmitter).on('error', () => {}))
    // The one that listens has nobody who hears of its end at first, nor while it is closed.
    Object.assign(this, { pgModule: { Client: QuietClient } })
  }

  override async waitUntilReady(): Promise<void> {}
}

const openPatiently: typeof createPostgresBackend = (
  name,
  options,
  { withBlockingConnection } = {},
) => {
  const connection = new PatientConnection(options.connection as PostgresConnectionOptions)
  const own = withBlockingConnection ? name : undefined
  return new PostgresQueueBackend(connection, name, options, true, own)
}

function postgresEngine(url: string): Engine {
  const { Queue, Worker } = withBackend(openPatiently)
  const connection = (name: string) => ({
    connectionString: url,
    schema: SCHEMA,
    max: 3,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: `huisbrug ${name}`,
  })
  return {
    kind: 'postgresql',
    prepare: () => migrateQueue(url),
    openQueue: () =>
      new Queue<WakeUp>(QUEUE, { connection: connection('queue'), ...QUEUE_OPTIONS }),
    openWorker: (handler, concurrency) =>
      new Worker<WakeUp>(QUEUE, handler, {
        connection: connection('worker'),
        concurrency,
        ...WORKER_OPTIONS,
      }),
    close: () => {},
  }
}

function redisEngine(url: string, closing: AbortSignal): Engine {
  const { Queue, Worker } = withBackend(createRedisBackend)
  // The braces keep all keys in one slot of a Redis cluster.
  const prefix = '{huisbrug}'
  const { connection, close } = redisConnections(url, closing)
  return {
    kind: 'redis',
    prepare: async () => {},
    openQueue: () =>
      new Queue<WakeUp>(QUEUE, {
        // Whoever wakes is told at once that Redis is away.
        connection: connection({ maxRetriesPerRequest: 1, enableOfflineQueue: false }),
        prefix,
        ...QUEUE_OPTIONS,
      }),
    openWorker: (handler, concurrency) =>
      new Worker<WakeUp>(QUEUE, handler, {
        connection: connection({ maxRetriesPerRequest: null }),
        prefix,
        concurrency,
        ...WORKER_OPTIONS,
      }),
    close,
  }
}

/** How BullMQ connects: to one server by itself, to a cluster by what is opened and ended here. */
function redisConnections(url: string, closing: AbortSignal) {
  const again = (times: number) => (closing.aborted ? null : Math.min(times * 200, 2_000))
  const place = readRedisUrl(url)
  const opened: { disconnect(): void }[] = []
  const connection = (own: RedisManner): ConnectionOptions => {
    const options = { ...own, connectTimeout: 5_000, reconnectOnError: isNoPrimary }
    if (!place.isCluster) return { ...options, url, retryStrategy: again }
    const cluster = openCluster(place, { options, again })
    opened.push(cluster)
    return cluster
  }
  return { connection, close: () => opened.forEach(one => void one.disconnect()) }
}

// After a failover a connection may be left with a server that only follows now: its address leads to
// the new one. 2: connect again, and repeat what was refused.
function isNoPrimary(error: Error): 2 | false {
  return /^(READONLY|MASTERDOWN)/.test(error.message) && 2
}

/**
 * Makes or brings up to date BullMQ's tables in their own schema. Does nothing where they are, so a
 * role without the right to make them will do from then on.
 */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const client = new QuietClient({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    if ((await schemaVersion(client)) < LATEST_SCHEMA_VERSION) await runMigrations(client, SCHEMA)
  } finally {
    await client.end()
  }
}

async function schemaVersion(client: pg.Client): Promise<number> {
  try {
    return await assertSchemaCompatibility(client, SCHEMA)
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0
    throw error
  }
}
