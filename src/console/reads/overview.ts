import { EVERYTHING, partyOf, type Scope, within } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'

// An answer waits until the number of its period is released: that is as agreed.
const IS_AMISS = `coalesce(h.reason, '') NOT IN ('period-open', 'with-release')`

/** Counts of what waits for something, of all protocols together. */
export interface Waiting {
  parked: number
  held: number
  /** Answers that wait until their period closes, as they should. */
  awaitingPeriod: number
  retrying: number
  oldestOpenFeedback: Date | null
}

/** Hand-overs that wait. Hand-overs are counted, not items. */
export async function readWaiting(db: Queryable, scope: Scope): Promise<Waiting> {
  const { rows } = await db.query<Waiting>(
    `SELECT
       count(*) FILTER (WHERE h.state = 'parked') AS parked,
       count(*) FILTER (WHERE h.state = 'held' AND ${IS_AMISS}) AS held,
       count(*) FILTER (WHERE h.state = 'held' AND NOT (${IS_AMISS})) AS "awaitingPeriod",
       count(*) FILTER (WHERE h.state = 'retrying') AS retrying,
       (SELECT min(created_at) FROM feedback f
        WHERE f.status <> 'closed' AND f.status = 'open' AND ${within.feedback('f', '$1')})
         AS "oldestOpenFeedback"
     FROM hand_over h LEFT JOIN message m ON $1::text IS NOT NULL AND m.id = h.message_id
     WHERE h.state IN ('parked', 'held', 'retrying')
       AND h.state NOT IN ('delivered', 'withdrawn', 'expired') AND ${within.handOver('h', 'm', '$1')}`,
    [partyOf(scope)],
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
export async function readOldestParked(
  db: Queryable,
  scope: Scope = EVERYTHING,
): Promise<ParkedLine[]> {
  const { rows } = await db.query<ParkedLine>(
    `SELECT m.id AS "messageId", m.type, m.protocol, sum(h.items)::int AS items,
       min(h.state_since) AS since
     FROM hand_over h JOIN message m ON m.id = h.message_id
     WHERE h.state = 'parked' AND ${within.handOver('h', 'm', '$1')}
     GROUP BY m.id ORDER BY since, m.id LIMIT ${OLDEST}`,
    [partyOf(scope)],
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
    `WITH contested AS (
       SELECT parties, settled_to, count(*) AS times FROM exception
       WHERE kind = 'two-current-routes' AND opened_at > $1::timestamptz - interval '365 days'
       GROUP BY 1, 2)
     SELECT party, sum(times)::int AS involved,
       coalesce(sum(times) FILTER (WHERE settled_to <> party), 0)::int AS left
     FROM contested, unnest(parties) AS party GROUP BY party ORDER BY 3 DESC, 2 DESC, 1`,
    [now],
  )
  return rows
}
