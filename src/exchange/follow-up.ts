import { EVERYTHING, partyOf, type Scope, within } from '../access/scope.ts'
import type { Queryable } from '../db/pool.ts'

/** How far the follow-up of feedback is at one party, in numbers of feedback. */
export interface FollowUp {
  protocol: string
  /** The party that reports the progress: a housing company, or who else receives events. */
  party: string
  open: number
  takenUp: number
  closed: number
  /** Of what is open or taken up: late, while the party still has the person. */
  overdue: number
}

/**
 * Follow-up per protocol and party, most of what is late first. Numbers only: no person, no reference.
 * What is closed was counted as it was, so that only what is not is read.
 */
export async function readFollowUp(db: Queryable, scope: Scope = EVERYTHING): Promise<FollowUp[]> {
  const { rows } = await db.query<FollowUp>(FOLLOW_UP, [partyOf(scope)])
  return rows
}

const FOLLOW_UP = `
  WITH going AS (
    SELECT protocol, receiver_id AS party,
      count(*) FILTER (WHERE status = 'open')::int AS open,
      count(*) FILTER (WHERE status = 'taken-up')::int AS taken_up,
      count(*) FILTER (WHERE overdue_at IS NOT NULL AND EXISTS (
        SELECT FROM current_route r
        WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id))::int AS overdue
    FROM feedback f
    WHERE status <> 'closed' AND receiver_id IS NOT NULL AND ${within.feedback('f', '$1')}
    GROUP BY 1, 2),
  closed AS (
    SELECT protocol, party_id AS party, sum(closed)::int AS closed FROM figure_closing
    WHERE $1::text IS NULL OR party_id = $1 GROUP BY 1, 2)
  SELECT protocol, party, coalesce(g.open, 0) AS open, coalesce(g.taken_up, 0) AS "takenUp",
    coalesce(c.closed, 0) AS closed, coalesce(g.overdue, 0) AS overdue
  FROM going g FULL JOIN closed c USING (protocol, party) ORDER BY overdue DESC, 1, 2`
