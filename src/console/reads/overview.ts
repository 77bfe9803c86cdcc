import type { Queryable } from '../../db/pool.ts'

// An answer waits until the number of its period is released: that is as agreed.
const IS_AMISS = `coalesce(reason, '') NOT IN ('period-open', 'with-release')`

/** Counts of what waits for something, of all protocols together. */
export interface Waiting {
  parked: number
  held: number
  /** Answers that wait until their period closes, as they should. */
  awaitingPeriod: number
  retrying: number
  feedbackOpen: number
  feedbackTakenUp: number
  feedbackClosed: number
  oldestOpenFeedback: Date | null
}

/** Hand-overs that wait, and feedback by its progress. Hand-overs are counted, not items. */
export async function readWaiting(db: Queryable): Promise<Waiting> {
  const { rows } = await db.query<Waiting>(
    `SELECT
       (SELECT count(*) FROM hand_over WHERE state = 'parked') AS parked,
       (SELECT count(*) FROM hand_over
        WHERE state = 'held' AND ${IS_AMISS}) AS held,
       (SELECT count(*) FROM hand_over
        WHERE state = 'held' AND NOT (${IS_AMISS})) AS "awaitingPeriod",
       (SELECT count(*) FROM hand_over WHERE state = 'retrying') AS retrying,
       count(*) FILTER (WHERE status = 'open') AS "feedbackOpen",
       count(*) FILTER (WHERE status = 'taken-up') AS "feedbackTakenUp",
       count(*) FILTER (WHERE status = 'closed') AS "feedbackClosed",
       min(created_at) FILTER (WHERE status = 'open') AS "oldestOpenFeedback"
     FROM feedback`,
  )
  if (!rows[0]) throw new Error('an aggregate gave no row')
  return rows[0]
}

/** A message of which something waits for a person. */
export interface ParkedLine {
  messageId: string
  type: string
  protocol: string | null
  items: number
  since: Date
}

const OLDEST = 5

/** The messages that are parked, the longest first; the first five. */
export async function readOldestParked(db: Queryable): Promise<ParkedLine[]> {
  const { rows } = await db.query<ParkedLine>(
    `SELECT m.id AS "messageId", m.type, m.protocol, sum(h.items)::int AS items,
       min(h.state_since) AS since
     FROM hand_over h JOIN message m ON m.id = h.message_id WHERE h.state = 'parked'
     GROUP BY m.id ORDER BY since, m.id LIMIT ${OLDEST}`,
  )
  return rows
}

/**
 * Open exceptions by kind, and by the parties between which they are, the longest open first; that of a
 * party that is disabled only while something waits for it.
 */
export async function readOpenExceptions(
  db: Queryable,
): Promise<{ kind: string; parties: string[]; count: number; since: Date }[]> {
  const { rows } = await db.query(
    `SELECT kind, parties, count(*) AS count, min(opened_at) AS since FROM exception
     WHERE closed_at IS NULL AND (kind <> 'party-disabled' OR EXISTS (
       SELECT FROM hand_over h
       WHERE h.destination = parties[1] AND h.state IN ('queued', 'retrying')))
     GROUP BY kind, parties ORDER BY since`,
  )
  return rows
}

/** How often a party had the same person as another, and how often the other one was left. */
export interface Contest {
  party: string
  involved: number
  left: number
}

/**
 * Two current routes over the last 365 days, by party, most often the one that had to give way first:
 * who names persons that are not its tenants shows here.
 */
export async function readContests(db: Queryable, now: Date): Promise<Contest[]> {
  const { rows } = await db.query<Contest>(
    `SELECT party, count(*)::int AS involved,
       count(*) FILTER (WHERE settled_to <> party)::int AS left
     FROM exception, unnest(parties) AS party
     WHERE kind = 'two-current-routes' AND opened_at > $1::timestamptz - interval '365 days'
     GROUP BY party ORDER BY 3 DESC, 2 DESC, 1`,
    [now],
  )
  return rows
}

/** Messages received in one hour. */
export interface Hour {
  at: Date
  accepted: number
  refused: number
}

/** Messages per hour over the 24 hours up to and with the running one, empty hours too. */
export async function readHours(db: Queryable, now: Date): Promise<Hour[]> {
  const { rows } = await db.query<Hour>(
    `WITH hour AS (
       SELECT generate_series(date_trunc('hour', $1::timestamptz) - interval '23 hours',
                              date_trunc('hour', $1::timestamptz), interval '1 hour') AS at),
     counted AS (
       SELECT date_trunc('hour', received_at) AS at,
         count(*) FILTER (WHERE accepted > 0) AS accepted,
         count(*) FILTER (WHERE accepted = 0) AS refused
       FROM message
       WHERE received_day >= ($1::timestamptz AT TIME ZONE 'UTC')::date - 1 GROUP BY 1)
     SELECT h.at, coalesce(c.accepted, 0) AS accepted, coalesce(c.refused, 0) AS refused
     FROM hour h LEFT JOIN counted c ON c.at = h.at ORDER BY h.at`,
    [now],
  )
  return rows
}
