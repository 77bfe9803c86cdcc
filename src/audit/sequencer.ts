import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { Pool, Queryable, Tx } from '../db/pool.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { BATCH_ENTRIES, type Leader, sequenceBatch, takeLead } from './batch.ts'
import { assertContinuous } from './continuity.ts'
import { openLogSigner } from './log-key.ts'
import type { PublishedCheckpoints } from './published.ts'

/** How often a leader looks for pending entries, and a stand-by for the lead. */
const BATCH_EVERY_MS = 200
const TRY_EVERY_MS = 500
// Advisory lock of the lead: 'HB' and a number of our own, one per database.
const LOCK = [0x4842, 1]
// A leader that is silent for this long is cut off by the server, so that another one can go on.
const SILENT_LEADER_MS = 5_000

/** What a sequencer needs. `clock` gives the time that is written beside a checkpoint. */
export interface SequencerParts {
  pool: Pool
  keys: KeyStore
  config: Pick<Config, 'logOrigin'>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  clock: () => Date
  /** Where what is signed is kept outside the database. */
  published?: PublishedCheckpoints
  /** Where each batch is counted, those that found nothing too. */
  metrics?: Pick<Metrics, 'sequenced'>
}

/** A running sequencer. `close` sequences what is pending if it leads, and hands the lead over. */
export interface Sequencer {
  close(): Promise<void>
}

/**
 * Starts a sequencer: it leads, or stands by until the leader is gone. It goes on after every
 * error, and signs nothing while the log does not fit its head or what was published.
 */
export function startSequencer(parts: SequencerParts): Sequencer {
  const stop = new AbortController()
  const ended = run(parts, stop.signal)
  return {
    async close() {
      stop.abort()
      await ended
    },
  }
}

/**
 * Sequences all that is pending now, for tests and commands.
 * @returns the number of entries, or undefined where another sequencer leads
 */
export async function sequenceOnce(
  parts: Omit<SequencerParts, 'log'>,
): Promise<number | undefined> {
  return withSession(parts.pool, async db => {
    if (!(await tryLock(db))) return undefined
    const leader = await lead(db, parts)
    let total = 0
    for (let added = -1; added !== 0; total += added)
      added = await sequenceBatch(leader, parts.clock())
    await unlock(db)
    return total
  })
}

/** How many entries wait for their place in the log. */
export async function countPending(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM audit_pending')
  return rows[0]?.count ?? 0
}

async function run(parts: SequencerParts, signal: AbortSignal): Promise<void> {
  let lastTrouble = ''
  while (!signal.aborted) {
    try {
      await withSession(parts.pool, db => standByAndLead(db, parts, signal))
      lastTrouble = ''
    } catch (error) {
      const trouble = describe(error)
      if (trouble !== lastTrouble)
        parts.log.error('the sequencer stopped and tries again', { trouble })
      lastTrouble = trouble
    }
    await rest(TRY_EVERY_MS, signal)
  }
}

async function standByAndLead(db: Tx, parts: SequencerParts, signal: AbortSignal): Promise<void> {
  while (!(await tryLock(db))) {
    await rest(TRY_EVERY_MS, signal)
    if (signal.aborted) return
  }
  const leader = await lead(db, parts)
  parts.log.info('the sequencer leads', { epoch: leader.epoch, size: leader.tree.frontier.size })
  let added = 0
  // The last round, after the signal, takes along what was recorded just before.
  for (let last = false; !last || added === BATCH_ENTRIES; ) {
    last = signal.aborted
    const started = performance.now()
    added = await sequenceBatch(leader, parts.clock())
    const seconds = (performance.now() - started) / 1_000
    parts.metrics?.sequenced({ entries: added, seconds })
    if (added < BATCH_ENTRIES) await rest(started + BATCH_EVERY_MS - performance.now(), signal)
  }
  await unlock(db)
}

/** Takes the lead, where the log contains all that was published of it. */
async function lead(db: Tx, parts: Omit<SequencerParts, 'log'>): Promise<Leader> {
  const { keys, config, published } = parts
  if (published) await assertContinuous({ ...parts, published })
  return takeLead(db, await openLogSigner(keys, config.logOrigin), published)
}

/** Runs work on a connection of its own, which is closed afterwards: its lock goes with it. */
async function withSession<T>(pool: Pool, work: (db: Tx) => Promise<T>): Promise<T> {
  const db = await pool.connect()
  // A connection that breaks between two statements fails the next one; that is soon enough.
  db.on('error', () => {})
  try {
    await db.query(
      `SELECT set_config(name, $1, false)
       FROM unnest(ARRAY['idle_session_timeout', 'idle_in_transaction_session_timeout']) AS name`,
      [String(SILENT_LEADER_MS)],
    )
    return await work(db)
  } finally {
    db.release(true)
  }
}

async function tryLock(db: Tx): Promise<boolean> {
  const { rows } = await db.query('SELECT pg_try_advisory_lock($1, $2) AS locked', LOCK)
  return rows[0].locked
}

async function unlock(db: Tx): Promise<void> {
  await db.query('SELECT pg_advisory_unlock($1, $2)', LOCK)
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await pause(Math.max(0, milliseconds), undefined, { signal }).catch(() => {})
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error ? `${error.code}: ${error.message}` : error.message
}
