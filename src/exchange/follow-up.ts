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

/** Follow-up per protocol and party, most of what is late first. Numbers only: no person, no reference. */
export async function readFollowUp(db: Queryable): Promise<FollowUp[]> {
  const { rows } = await db.query<FollowUp>(
    `SELECT protocol, receiver_id AS party,
       count(*) FILTER (WHERE status = 'open')::int AS open,
       count(*) FILTER (WHERE status = 'taken-up')::int AS "takenUp",
       count(*) FILTER (WHERE status = 'closed')::int AS closed,
       count(*) FILTER (WHERE overdue_at IS NOT NULL AND status <> 'closed' AND EXISTS (
         SELECT FROM current_route r
         WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id))::int AS overdue
     FROM feedback f WHERE receiver_id IS NOT NULL GROUP BY 1, 2 ORDER BY overdue DESC, 1, 2`,
  )
  return rows
}
