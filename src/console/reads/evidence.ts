import { latestCheckpoint } from '../../audit/query.ts'
import type { Queryable } from '../../db/pool.ts'

/** How far the audit log is. */
export interface LogState {
  checkpoint: { size: number; at: Date } | undefined
  /** Entries without a place in the log yet, and those that wait for longer than a minute. */
  pending: { count: number; late: number }
}

/** The last checkpoint and what waits for the next. Lateness goes by the clock of the database. */
export async function readLogState(db: Queryable): Promise<LogState> {
  const [checkpoint, pending] = await Promise.all([latestCheckpoint(db), countPending(db)])
  return { checkpoint: checkpoint && { size: checkpoint.size, at: checkpoint.at }, pending }
}

async function countPending(db: Queryable): Promise<LogState['pending']> {
  const { rows } = await db.query<LogState['pending']>(
    `SELECT count(*) AS count,
       count(*) FILTER (WHERE created_at < clock_timestamp() - interval '1 minute') AS late
     FROM audit_pending`,
  )
  return rows[0] ?? { count: 0, late: 0 }
}

/** Tiles of hashes that the log consists of. */
export async function countTiles(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM audit_tile')
  return rows[0]?.count ?? 0
}
