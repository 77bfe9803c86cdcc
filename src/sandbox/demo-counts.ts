import type pg from 'pg'
import { QuietClient } from '../db/client.ts'

/** What the gateway's database says at the end, over everything in it. */
export interface FinalCounts {
  /** Tenants in detection requests that were accepted. */
  accepted: number
  /** Tenants in detection requests that were refused while the protocol was in force. */
  refused: number
  /** Tenants in detection requests that were refused because it was not. */
  refusedBeforeProtocol: number
  /** Tenants in requests that VDAB took. */
  forwarded: number
  /** The sum of VDAB's answers, before rounding. */
  found: number
  /** Tenants whom VDAB gave feedback about. */
  feedback: number
  /** Hand-overs that their recipient took: requests by VDAB, events by housing companies. */
  delivered: number
  /** Feedback on which the housing company reported progress. */
  acknowledged: number
  parked: number
  /** Hand-overs that are on their way or held. */
  pending: number
  /** Audit entries that have no place in the log yet. */
  unsequenced: number
}

// Phase 1, no decree, not signed, not yet begun.
const NOT_IN_FORCE = ['HB-302', 'HB-303', 'HB-304', 'HB-305']

const SQL = `
  SELECT
    (SELECT coalesce(sum(accepted), 0)::int FROM message WHERE type = 'detection.request') AS accepted,
    (SELECT coalesce(sum(refused), 0)::int FROM message
     WHERE type = 'detection.request' AND NOT coalesce(code = ANY($1), false)) AS refused,
    (SELECT coalesce(sum(refused), 0)::int FROM message
     WHERE type = 'detection.request' AND code = ANY($1)) AS "refusedBeforeProtocol",
    (SELECT coalesce(sum(items), 0)::int FROM hand_over
     WHERE kind = 'request' AND state = 'delivered') AS forwarded,
    (SELECT coalesce(sum(found), 0)::int FROM message
     WHERE type = 'detection.answer' AND accepted > 0) AS found,
    (SELECT count(*)::int FROM feedback) AS feedback,
    (SELECT count(*)::int FROM feedback WHERE status <> 'open') AS acknowledged,
    (SELECT count(*)::int FROM hand_over
     WHERE state = 'delivered' AND kind NOT IN ('register', 'probe') AND with_id IS NULL) AS delivered,
    (SELECT count(*)::int FROM hand_over WHERE state = 'parked') AS parked,
    (SELECT count(*)::int FROM hand_over WHERE state IN ('queued', 'retrying', 'held')) AS pending,
    (SELECT count(*)::int FROM audit_pending) AS unsequenced`

/** Counts in the gateway's database, in one statement and so at one instant. */
export async function readFinalCounts(client: Pick<pg.Client, 'query'>): Promise<FinalCounts> {
  const { rows } = await client.query<FinalCounts>(SQL, [NOT_IN_FORCE])
  const [counts] = rows
  if (!counts) throw new Error('the database counts nothing')
  return counts
}

/** Connects to the gateway's database; for counting and for the leak scan only. */
export async function connectDatabase(url: string): Promise<pg.Client> {
  const client = new QuietClient({ connectionString: url, application_name: 'huisbrug demo' })
  await client.connect()
  return client
}
