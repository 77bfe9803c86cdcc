import { setTimeout as sleep } from 'node:timers/promises'
import { isStoreAway } from './away.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from './pool.ts'

const LOOK_EVERY_MS = 1_000
const LOOK_WITHIN_MS = 2_000
/** A replica that is further behind is not read until it has caught up. */
export const MOST_BEHIND_MS = 10_000
const REMEMBERED = 600
// What took too long there takes as long on the primary; what would write is a fault of ours.
const NOT_AGAIN = new Set(['57014', '25006'])

/** How it stands with the replica. */
export interface Replica {
  isRead: boolean
  /** Seconds that it is behind at most; undefined where that is not known. */
  seconds: number | undefined
  /** Why the primary is read instead. */
  fault?: 'away' | 'behind' | 'no replica of the primary'
}

type Asked = [text: string, values?: unknown[]]

interface Mark {
  at: number
  lsn: number
}

interface Place {
  lsn: number | null
  system: string
}

/**
 * Where what may be some seconds old is read: a replica of the primary that follows by streaming, or the
 * primary itself where there is none, where it is away or more than ten seconds behind. How far behind is
 * measured: each second it is noted how far the log of the primary is; what of it the replica has replayed
 * tells until when it holds all that was committed.
 */
export class Reading {
  readonly #primary: Pool
  readonly #replica: Pool | undefined
  readonly #mostBehindMs: number
  readonly #closing = new AbortController()
  readonly #underway = new Set<(gone: Error) => void>()
  readonly #looking: Promise<void> | undefined
  #marks: Mark[] = []
  #standing: Replica = { isRead: false, seconds: undefined, fault: 'away' }

  /** @param replica a pool on the replica, which `close` ends; absent: there is none */
  constructor(primary: Pool, replica?: Pool, mostBehindMs = MOST_BEHIND_MS) {
    this.#primary = primary
    this.#mostBehindMs = mostBehindMs
    this.#replica = replica
    if (replica) this.#looking = this.#keepLooking(replica)
  }

  /** How it stands with the replica; undefined where there is none. */
  get standing(): Replica | undefined {
    return this.#replica && this.#standing
  }

  /** One statement that changes nothing. */
  readonly query: Queryable['query'] = ((...args: Asked) =>
    this.#read(pool => pool.query(...args))) as unknown as Queryable['query']

  /** Several statements that change nothing, in one transaction; done again where the replica goes away. */
  within<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#read(pool => inTransaction(pool, work))
  }

  /** For what is read in many steps and must not go back in time: once on the primary, it stays there. */
  onward(): Queryable {
    let isOver = !this.#standing.isRead
    const query = (...args: Asked) =>
      this.#read(pool => {
        isOver ||= pool === this.#primary
        return pool.query(...args)
      }, isOver)
    return { query: query as unknown as Queryable['query'] }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#looking
    await this.#replica?.end()
  }

  async #read<T>(work: (pool: Pool) => Promise<T>, onPrimary = false): Promise<T> {
    if (!this.#replica || onPrimary || !this.#standing.isRead) return work(this.#primary)
    try {
      return await this.#whileThere(work(this.#replica))
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (NOT_AGAIN.has(code) || !(error instanceof Gone || isStoreAway(error))) throw error
      return work(this.#primary)
    }
  }

  /** The result, unless the replica goes away meanwhile: nobody waits for its silence. */
  async #whileThere<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    this.#underway.add(reject)
    try {
      return await Promise.race([work, promise])
    } finally {
      this.#underway.delete(reject)
      work.catch(() => {})
    }
  }

  async #keepLooking(replica: Pool): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      this.#standing = await this.#look(replica).catch(() => AWAY)
      if (this.#standing.fault === 'away') for (const tell of this.#underway) tell(new Gone())
      await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  async #look(replica: Pool): Promise<Replica> {
    // Before it is asked: all that was committed by now is within what it answers.
    const at = performance.now()
    const [ahead] = (await ask(this.#primary, 'pg_current_wal_flush_lsn()')).rows
    const [there] = (await ask(replica, REPLAYED)).rows
    if (there?.lsn == null || ahead?.lsn == null || there.system !== ahead.system)
      return { isRead: false, seconds: undefined, fault: 'no replica of the primary' }
    this.#marks = [...this.#marks, { at, lsn: ahead.lsn }].slice(-REMEMBERED)
    const { lsn } = there
    const reached = this.#marks.findLast(mark => mark.lsn <= lsn) ?? this.#marks[0]
    const behind = performance.now() - (reached?.at ?? at)
    const hasReached = this.#marks.some(mark => mark.lsn <= lsn)
    const isRead = hasReached && behind <= this.#mostBehindMs
    return { isRead, seconds: behind / 1000, ...(!isRead && { fault: 'behind' as const }) }
  }
}

class Gone extends Error {}

const AWAY: Replica = { isRead: false, seconds: undefined, fault: 'away' }

const REPLAYED = 'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END'

function ask(pool: Pool, lsn: string) {
  return pool.query<Place>({
    text: `SELECT pg_wal_lsn_diff(${lsn}, '0/0')::bigint AS lsn,
      (SELECT system_identifier::text FROM pg_control_system()) AS system`,
    query_timeout: LOOK_WITHIN_MS,
  } as { text: string })
}
