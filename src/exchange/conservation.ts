import { EVERYTHING, partyOf, type Scope, within } from '../access/scope.ts'
import type { Queryable } from '../db/pool.ts'

// What was delivered stays delivered while it is on its way once more, on request.
export const DELIVERED = `(h.state = 'delivered' OR h.delivered_at IS NOT NULL)`
export const PENDING = `(h.state IN ('queued', 'retrying', 'held') AND h.delivered_at IS NULL)`

/** Items of one protocol and UTC day of receipt; `none` where the protocol is not known. */
export interface Balance {
  protocol: string
  /** The party that sent them, where counted per party. */
  party?: string
  day: string
  received: number
  accepted: number
  refused: number
  delivered: number
  pending: number
  parked: number
  expired: number
  withdrawn: number
  balanced: boolean
}

/**
 * The conservation of items (invariant 5), counted from the rows in one statement and so at one
 * instant: received = accepted + refused, accepted = delivered + pending + parked + expired +
 * withdrawn. `received` is counted from the messages, its terms from the hand-overs.
 * @param which from and until, YYYY-MM-DD, both included; all days where absent. `perParty`: a line for
 *   each party that sent, not one for all. `scope`: of what a party sent alone
 */
export async function readBalances(
  db: Queryable,
  which: { from?: string; until?: string; perParty?: boolean; scope?: Scope } = {},
): Promise<Balance[]> {
  const { rows } = await db.query<Omit<Balance, 'balanced' | 'party'> & { party: string | null }>(
    `WITH m AS (
       SELECT id, protocol, received_day, accepted, refused, CASE WHEN $3 THEN party_id END AS party
       FROM message s
       WHERE ($1::date IS NULL OR received_day >= $1) AND ($2::date IS NULL OR received_day <= $2)
         AND ${within.sent('s', '$4')}),
     handed AS (
       SELECT h.message_id,
         coalesce(sum(h.items) FILTER (WHERE ${DELIVERED}), 0) AS delivered,
         coalesce(sum(h.items) FILTER (WHERE ${PENDING}), 0) AS pending,
         coalesce(sum(h.items) FILTER (WHERE state = 'parked'), 0) AS parked,
         coalesce(sum(h.items) FILTER (WHERE state = 'expired'), 0) AS expired,
         coalesce(sum(withdrawn + CASE WHEN state = 'withdrawn' THEN items ELSE 0 END), 0) AS withdrawn
       FROM hand_over h JOIN m ON m.id = h.message_id WHERE h.counted GROUP BY h.message_id)
     SELECT coalesce(m.protocol, 'none') AS protocol, m.party, m.received_day AS day,
       sum(m.accepted + m.refused)::bigint AS received, sum(m.accepted)::bigint AS accepted,
       sum(m.refused)::bigint AS refused, coalesce(sum(h.delivered), 0)::bigint AS delivered,
       coalesce(sum(h.pending), 0)::bigint AS pending, coalesce(sum(h.parked), 0)::bigint AS parked,
       coalesce(sum(h.expired), 0)::bigint AS expired, coalesce(sum(h.withdrawn), 0)::bigint AS withdrawn
     FROM m LEFT JOIN handed h ON h.message_id = m.id
     GROUP BY 1, 2, 3 ORDER BY 3 DESC, 1, 2`,
    [which.from, which.until, which.perParty ?? false, partyOf(which.scope ?? EVERYTHING)],
  )
  return rows.map(({ party, ...row }) => ({
    ...row,
    ...(party !== null && { party }),
    balanced: isBalanced(row),
  }))
}

function isBalanced(row: Omit<Balance, 'balanced' | 'party'>): boolean {
  const placed = row.delivered + row.pending + row.parked + row.expired + row.withdrawn
  return row.received === row.accepted + row.refused && row.accepted === placed
}
