import type { Queryable } from '../db/pool.ts'
import type { Timestamp } from './timestamp.ts'

/** A timestamp of a published checkpoint as it is kept. */
export interface KeptTimestamp extends Timestamp {
  /** UTC day on which it was asked for. */
  day: string
  size: number
  /** The note whose SHA-256 is stamped. */
  note: string
}

/** Whether there is one of this UTC day. */
export async function hasStamp(db: Queryable, day: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM audit_timestamp WHERE day = $1) AS found',
    [day],
  )
  return rows[0]!.found
}

/** Keeps the one of a day, and that all is well. */
export async function keepStamp(db: Queryable, stamp: KeptTimestamp): Promise<void> {
  const { day, size, note, token, at, authority, chain } = stamp
  await db.query(
    `WITH kept AS (
       INSERT INTO audit_timestamp (day, size, note, token, stamped_at, authority, chain)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
     )
     UPDATE audit_publishing SET stamp_fault = NULL, stamp_fault_since = NULL`,
    [day, size, note, token, at, authority, chain],
  )
}

/** Notes why there is none today; says whether that is something new. */
export async function noteStampFault(db: Queryable, fault: string, at: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE audit_publishing SET stamp_fault = $1,
       stamp_fault_since = coalesce(stamp_fault_since, $2)
     WHERE stamp_fault IS DISTINCT FROM $1`,
    [fault, at],
  )
  return rowCount === 1
}

/** All of them, newest first. */
export async function listStamps(db: Queryable): Promise<KeptTimestamp[]> {
  const { rows } = await db.query<KeptTimestamp>(
    `SELECT day, size, note, token, stamped_at AS at, authority, chain
     FROM audit_timestamp ORDER BY day DESC`,
  )
  return rows
}

/** Notes whether an authority is asked each day. */
export async function noteStamps(db: Queryable, stamps: boolean): Promise<void> {
  await db.query('UPDATE audit_publishing SET stamps = $1 WHERE stamps <> $1', [stamps])
}

/** How it goes with the timestamps. */
export async function readStampState(
  db: Queryable,
): Promise<{ stamps: boolean; fault: string | null; since: Date | null; last: string | null }> {
  const { rows } = await db.query(
    `SELECT stamps, stamp_fault AS fault, stamp_fault_since AS since,
       (SELECT max(day) FROM audit_timestamp) AS last
     FROM audit_publishing`,
  )
  return rows[0]
}
