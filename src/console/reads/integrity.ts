import { queryEntries } from '../../audit/query.ts'
import { readStampState } from '../../audit/timestamp-store.ts'
import { readPublishing, readStandings } from '../../audit/witness-store.ts'
import type { Queryable } from '../../db/pool.ts'

const SHOWN = 10

/** A signed checkpoint, and who cosigned it. */
export interface CheckpointLine {
  size: number
  /** Entries since the one before. */
  added: number
  at: Date
  witnesses: string[]
}

/** A full check of the log, as its entry has it. */
export interface CheckLine {
  at: Date
  by: string
  index: number
  isIntact: boolean
  counts: Record<string, number>
}

/** A timestamp of an authority on a checkpoint. */
export interface StampLine {
  day: string
  size: number
  stampedAt: Date
  authority: string
  chain: boolean
}

/** What vouches for the log: the newest of each, and how it goes with the witnesses. */
export async function readIntegrity(db: Queryable) {
  const [checkpoints, publishing, witnesses, stampState, stamps, checks, recoveries] =
    await Promise.all([
      rowsOf<CheckpointLine>(db, CHECKPOINTS),
      readPublishing(db),
      readStandings(db),
      readStampState(db),
      rowsOf<StampLine>(db, STAMPS),
      readChecks(db),
      rowsOf<{ kept: number; at: Date }>(db, RECOVERIES),
    ])
  const { published, waits, required, missingSince } = publishing
  const publishes = { published, waits, required, missingSince }
  return { checkpoints, publishes, witnesses, stampState, stamps, checks, recoveries }
}

async function rowsOf<T extends object>(db: Queryable, statement: string): Promise<T[]> {
  const { rows } = await db.query<T>(statement, [SHOWN])
  return rows
}

async function readChecks(db: Queryable): Promise<CheckLine[]> {
  const { items } = await queryEntries(db, { action: 'console.verified' }, { limit: SHOWN })
  return items.map(({ index, entry }) => ({
    index,
    at: new Date(entry.at),
    by: entry.actor.role,
    isIntact: entry.reason === 'intact',
    counts: entry.counts ?? {},
  }))
}

const CHECKPOINTS = `
  SELECT c.size, c.size - c.previous AS added, c.at, ARRAY(
    SELECT s.witness FROM audit_cosignature s WHERE s.size = c.size ORDER BY s.witness) AS witnesses
  FROM audit_checkpoint c ORDER BY c.size DESC LIMIT $1`

const STAMPS = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day, size, stamped_at AS "stampedAt", authority, chain
  FROM audit_timestamp ORDER BY day DESC LIMIT $1`

const RECOVERIES = 'SELECT kept, at FROM audit_recovery ORDER BY number DESC LIMIT $1'
