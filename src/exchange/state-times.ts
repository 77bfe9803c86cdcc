import type { Queryable } from '../db/pool.ts'

/** How long hand-overs were in a state that they left, in seconds. */
export interface StateTime {
  protocol: string
  /** UTC day on which they left it. */
  day: string
  state: string
  count: number
  median: number
  p95: number
}

/**
 * The time that hand-overs of messages spent in each state, by protocol and UTC day on which they left it.
 * @param days from and until, YYYY-MM-DD, both included
 */
export async function readStateTimes(
  db: Queryable,
  days: { from: string; until: string },
): Promise<StateTime[]> {
  const { rows } = await db.query<StateTime>(SQL, [days.from, days.until])
  return rows
}

// The first state began with the hand-over, each next one with the step before.
const SQL = `
  WITH left_state AS (
    SELECT coalesce(m.protocol, 'none') AS protocol, t.was AS state, t.at,
      extract(epoch FROM t.at - coalesce(
        (SELECT p.at FROM transition p WHERE p.hand_over_id = t.hand_over_id AND p.id < t.id
         ORDER BY p.id DESC LIMIT 1), h.created_at)) AS seconds
    FROM transition t JOIN hand_over h ON h.id = t.hand_over_id AND h.counted
      JOIN message m ON m.id = h.message_id
    WHERE t.at >= ($1::date)::timestamp AT TIME ZONE 'UTC'
      AND t.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC')
  SELECT protocol, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, state, count(*)::int AS count,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(seconds, 0))::float8 AS median,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(seconds, 0))::float8 AS p95
  FROM left_state GROUP BY 1, 2, 3 ORDER BY 2 DESC, 1, 3`
