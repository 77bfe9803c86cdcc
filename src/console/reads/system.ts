import { BATCH_ENTRIES } from '../../audit/batch.ts'
import type { Queryable } from '../../db/pool.ts'
import { readCircuits } from '../../delivery/circuit.ts'

const BATCHES_A_SECOND = 5
const SHOWN = 12

/** What waits for one destination, in hand-overs. */
export interface OutboxLine {
  destination: string
  queued: number
  retrying: number
  held: number
  parked: number
  /** When the oldest that may go was due. */
  due: Date | null
}

/** How busy the sequencer is. */
export interface Sequencing {
  waiting: number
  /** Seconds that the oldest entry waits. */
  oldest: number
  /** Entries of the last hour, and of its largest batch. */
  lastHour: number
  largest: number
  /** Entries that one batch takes, and that could go in an hour. */
  most: number
  capacity: number
}

/** A process that started or stopped, as the audit log has it. */
export interface ProcessLine {
  at: Date
  action: string
  roles: string[]
  version: string | undefined
}

/** The state of the machinery; nothing in it is about persons or messages. */
export async function readSystem(db: Queryable, now: Date) {
  const [outbox, circuits, sequencing, processes, versions, connections] = await Promise.all([
    db.query<OutboxLine>(OUTBOX),
    readCircuits(db),
    readSequencing(db, now),
    readProcesses(db),
    db.query<{ postgres: string; migration: string | null; size: number }>(VERSIONS),
    db.query<{ name: string; count: number }>(CONNECTIONS),
  ])
  return {
    outbox: outbox.rows,
    circuits,
    sequencing,
    processes,
    versions: versions.rows[0],
    connections: connections.rows,
  }
}

async function readSequencing(db: Queryable, now: Date): Promise<Sequencing> {
  const { rows } = await db.query<Omit<Sequencing, 'most' | 'capacity'>>(SEQUENCING, [now])
  const row = rows[0] ?? { waiting: 0, oldest: 0, lastHour: 0, largest: 0 }
  return { ...row, most: BATCH_ENTRIES, capacity: BATCH_ENTRIES * BATCHES_A_SECOND * 3_600 }
}

async function readProcesses(db: Queryable): Promise<ProcessLine[]> {
  const { rows } = await db.query<{ at: Date; action: string; details: string | null }>(PROCESSES, [
    SHOWN,
  ])
  return rows.map(({ at, action, details }) => {
    const { roles = [], version } = JSON.parse(details ?? '{}') as Partial<ProcessLine>
    return { at, action, roles, version }
  })
}

const OUTBOX = `
  SELECT coalesce(destination, '') AS destination,
    count(*) FILTER (WHERE state = 'queued')::int AS queued,
    count(*) FILTER (WHERE state = 'retrying')::int AS retrying,
    count(*) FILTER (WHERE state = 'held')::int AS held,
    count(*) FILTER (WHERE state = 'parked')::int AS parked,
    min(due_at) FILTER (WHERE state IN ('queued', 'retrying')) AS due
  FROM hand_over
  WHERE state NOT IN ('delivered', 'withdrawn', 'expired') AND kind <> 'probe' GROUP BY 1 ORDER BY 1`

const SEQUENCING = `
  SELECT (SELECT count(*)::int FROM audit_pending) AS waiting,
    (SELECT coalesce(greatest(0, extract(epoch FROM now() - min(created_at))), 0)::float8
     FROM audit_pending) AS oldest,
    coalesce(sum(c.size - c.previous), 0)::bigint AS "lastHour",
    coalesce(max(c.size - c.previous), 0)::bigint AS largest
  FROM (SELECT size, previous, at FROM audit_checkpoint ORDER BY size DESC LIMIT 20000) AS c
  WHERE c.at > $1::timestamptz - interval '1 hour'`

const PROCESSES = `
  SELECT e.at, e.action, d.details FROM audit_entry e LEFT JOIN audit_detail d USING (entry_id)
  WHERE e.kind IN (
    SELECT kind FROM audit_kind WHERE action IN ('program.started', 'program.stopped'))
  ORDER BY e.at DESC, e.index DESC LIMIT $1`

const VERSIONS = `
  SELECT current_setting('server_version') AS postgres, pg_database_size(current_database()) AS size,
    (SELECT max(name) FROM migrations.applied) AS migration`

const CONNECTIONS = `
  SELECT coalesce(nullif(application_name, ''), '?') AS name, count(*)::int AS count
  FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 1`
