import type { Queryable } from '../db/pool.ts'
import type { Cosignature } from './cosignature.ts'

/** How checkpoints are published now. */
export interface Publishing {
  /** The newest signed checkpoint; absent while the log is empty. */
  newest: { size: number; note: string } | undefined
  /** What is published, and how many cosignatures it has. */
  published: { size: number; cosigned: number } | undefined
  /** Since when a checkpoint has fewer cosignatures than required. */
  missingSince: Date | undefined
  /** Whether witnesses are asked first, how many must have cosigned, and whom. */
  waits: boolean
  required: number
  asked: string[]
}

/** How it goes with a witness, as it is kept. */
export interface WitnessStanding {
  name: string
  /** Last checkpoint that it cosigned, and when. */
  size: number | null
  cosignedAt: Date | null
  /** Why it gives none now, and since when. */
  fault: string | null
  failingSince: Date | null
  /** What it said that only another history of this log explains. */
  alarm: string | null
  alarmAt: Date | null
}

/** What a witness said of one checkpoint. */
export interface WitnessResult {
  name: string
  cosignature?: Cosignature
  fault?: string
  alarm?: string
}

/**
 * From now on only what is in audit_published is published. What was published until now without
 * witnesses stays so: a log that was seen larger does not become smaller.
 */
export async function startWaiting(
  db: Queryable,
  required: number,
  witnesses: readonly string[],
): Promise<void> {
  await db.query(
    `WITH before AS (SELECT waits FROM audit_publishing),
     kept AS (
       INSERT INTO audit_published (size, cosigned, note, at)
       SELECT size, 0, note, at FROM audit_checkpoint
       WHERE NOT (SELECT waits FROM before) AND size = (SELECT max(size) FROM audit_checkpoint)
       ON CONFLICT DO NOTHING
     ), gone AS (
       UPDATE audit_witness SET asked = false WHERE name <> ALL ($2)
     ), asked AS (
       INSERT INTO audit_witness (name, asked) SELECT name, true FROM unnest($2::text[]) AS name
       ON CONFLICT (name) DO UPDATE SET asked = true
     )
     UPDATE audit_publishing SET waits = true, required = $1`,
    [required, witnesses],
  )
}

/** From now on the newest checkpoint is published at once. */
export async function stopWaiting(db: Queryable): Promise<void> {
  await db.query(
    'UPDATE audit_publishing SET waits = false, required = 0, missing_since = NULL WHERE waits',
  )
}

/** What is signed and what is published, of one instant. */
export async function readPublishing(db: Queryable): Promise<Publishing> {
  const { rows } = await db.query(
    `SELECT c.size, c.note, p.size AS published, p.cosigned, s.missing_since AS missing, s.waits,
       s.required, ARRAY(SELECT name FROM audit_witness WHERE asked) AS asked
     FROM audit_publishing s
     LEFT JOIN LATERAL (
       SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1) c ON true
     LEFT JOIN LATERAL (
       SELECT size, cosigned FROM audit_published ORDER BY size DESC, cosigned DESC LIMIT 1) p ON true`,
  )
  const row = rows[0]
  return {
    newest: row?.note ? { size: row.size, note: row.note } : undefined,
    published: row?.published != null ? { size: row.published, cosigned: row.cosigned } : undefined,
    missingSince: row?.missing ?? undefined,
    waits: row?.waits ?? false,
    required: row?.required ?? 0,
    asked: row?.asked ?? [],
  }
}

/** The lines of cosignatures that were kept of a checkpoint, of witnesses with these names. */
export async function readCosignatureLines(
  db: Queryable,
  size: number,
  witnesses: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(
    'SELECT line FROM audit_cosignature WHERE size = $1 AND witness = ANY ($2) ORDER BY witness',
    [size, witnesses],
  )
  return rows.map(row => row.line)
}

/** How it goes with the witnesses that are asked, by name. */
export async function readStandings(db: Queryable): Promise<WitnessStanding[]> {
  const { rows } = await db.query<WitnessStanding>(
    `SELECT name, size, cosigned_at AS "cosignedAt", fault, failing_since AS "failingSince",
       alarm, alarm_at AS "alarmAt"
     FROM audit_witness WHERE asked ORDER BY name`,
  )
  return rows
}

/** Keeps what witnesses said of the checkpoint of `size`. */
export async function keepResults(
  db: Queryable,
  size: number,
  results: readonly WitnessResult[],
  at: Date,
): Promise<void> {
  const pick = <T>(of: (result: WitnessResult) => T) => results.map(of)
  await db.query(
    `WITH said AS (
       SELECT * FROM unnest($2::text[], $3::text[], $4::float8[], $5::text[], $6::text[])
         AS said (name, line, seconds, fault, alarm)
     ), kept AS (
       INSERT INTO audit_cosignature (size, witness, line, signed_at, at)
       SELECT $1, name, line, to_timestamp(seconds), $7 FROM said WHERE line IS NOT NULL
       ON CONFLICT DO NOTHING
     )
     UPDATE audit_witness w SET
       size = CASE WHEN s.line IS NULL THEN w.size ELSE $1 END,
       cosigned_at = CASE WHEN s.line IS NULL THEN w.cosigned_at ELSE $7 END,
       fault = s.fault,
       failing_since = CASE WHEN s.fault IS NOT NULL THEN coalesce(w.failing_since, $7) END,
       alarm = CASE WHEN s.line IS NULL THEN coalesce(s.alarm, w.alarm) END,
       alarm_at = CASE WHEN s.line IS NULL AND coalesce(s.alarm, w.alarm) IS NOT NULL
         THEN coalesce(w.alarm_at, $7) END
     FROM said s WHERE w.name = s.name`,
    [
      size,
      pick(it => it.name),
      pick(it => it.cosignature?.line ?? null),
      pick(it => it.cosignature?.time ?? null),
      pick(it => it.fault ?? null),
      pick(it => it.alarm ?? null),
      at,
    ],
  )
}

/** Publishes a checkpoint with the cosignatures in its note, and says whether these are enough. */
export async function publishCheckpoint(
  db: Queryable,
  published: { size: number; cosigned: number; note: string; at: Date },
): Promise<void> {
  const { size, cosigned, note, at } = published
  await db.query(
    `INSERT INTO audit_published (size, cosigned, note, at) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [size, cosigned, note, at],
  )
}

/** Notes since when there are too few cosignatures, or that there are enough (undefined). */
export async function noteMissing(db: Queryable, since: Date | undefined): Promise<void> {
  await db.query('UPDATE audit_publishing SET missing_since = $1', [since ?? null])
}
