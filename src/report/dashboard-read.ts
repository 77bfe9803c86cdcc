import type { Queryable } from '../db/pool.ts'
import type { LeafCount } from './disclosure/types.ts'

/** A party over some months, `YYYY-MM`, the first and the last included. */
export interface PartyMonths {
  party: string
  first: string
  last: string
}

/** The agreements under which a party asked or was told something in those months. */
export async function readAgreementsOf(db: Queryable, asked: PartyMonths): Promise<string[]> {
  const { rows } = await db.query<{ protocol: string }>(
    `SELECT protocol FROM message WHERE party_id = $1 AND protocol IS NOT NULL
       AND received_day >= ($2 || '-01')::date AND received_day < ($3 || '-01')::date + interval '1 month'
     UNION SELECT protocol FROM feedback WHERE party_id = $1
       AND created_at >= ($2 || '-01')::timestamp AT TIME ZONE 'UTC'
       AND created_at < (($3 || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC'
     UNION SELECT protocol FROM period_close WHERE party_id = $1 AND period BETWEEN $2 AND $3
     UNION SELECT protocol FROM figure_reported WHERE party_id = $1 AND month BETWEEN $2 AND $3
     ORDER BY 1`,
    [asked.party, asked.first, asked.last],
  )
  return rows.map(({ protocol }) => protocol)
}

/** Items of the types that a pattern names, which a party sent under an agreement, by month. */
export function readSent(
  db: Queryable,
  asked: PartyMonths & { protocol: string; types: readonly string[] },
): Promise<LeafCount[]> {
  return leaves(
    db,
    `SELECT jsonb_build_object('party', party_id, 'month', to_char(received_day, 'YYYY-MM')) AS dims,
       sum(accepted)::int AS count
     FROM message WHERE party_id = $1 AND protocol = $4 AND type = ANY($5) AND accepted > 0
       AND received_day >= ($2 || '-01')::date AND received_day < ($3 || '-01')::date + interval '1 month'
     GROUP BY 1`,
    [asked.party, asked.first, asked.last, asked.protocol, asked.types],
  )
}

/** Feedback that a party received under an agreement, by month and by how far its follow-up is. */
export function readFollowUp(
  db: Queryable,
  asked: PartyMonths & { protocol: string },
): Promise<LeafCount[]> {
  return leaves(
    db,
    `SELECT jsonb_build_object('party', party_id,
         'month', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM'),
         'state', CASE WHEN status <> 'closed' AND overdue_at IS NOT NULL THEN 'overdue' ELSE status END)
         AS dims, count(*)::int AS count
     FROM feedback WHERE party_id = $1 AND protocol = $4
       AND created_at >= ($2 || '-01')::timestamp AT TIME ZONE 'UTC'
       AND created_at < (($3 || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC'
     GROUP BY 1`,
    [asked.party, asked.first, asked.last, asked.protocol],
  )
}

/** What became of the tenants of a month about whom there was feedback. */
interface EffectMonth {
  month: string
  told: number
  found: number
  again: number
}

/**
 * What sensitising brought a party under an agreement, from the figures by day: of the tenants about whom there
 * was feedback in those months, how many the recipient found after it and how many were reported again.
 * @param knowsFound whether answers are per person, without which nobody knows who was found
 */
export async function readSensitised(
  db: Queryable,
  {
    party,
    first,
    last,
    protocol,
    knowsFound,
  }: PartyMonths & { protocol: string; knowsFound: boolean },
): Promise<LeafCount[]> {
  const { rows } = await db.query<EffectMonth>(
    `SELECT month, told, least(told, again) AS again, least(told, coalesce(e.found_again, 0))::int AS found
     FROM (SELECT month, party_id, protocol, sum(told)::int AS told, sum(again)::int AS again
       FROM figure_reported WHERE party_id = $1 AND protocol = $4 AND month BETWEEN $2 AND $3
       GROUP BY 1, 2, 3) r
     LEFT JOIN figure_effect e USING (month, party_id, protocol) WHERE told > 0`,
    [party, first, last, protocol],
  )
  return rows.flatMap(row => leavesOfEffect(party, row, knowsFound))
}

/**
 * The four ways to be found or not and reported again or not, of which only the sums are known: any four that have
 * those sums, for no table shows more than those. Here as if neither said anything of the other.
 */
function leavesOfEffect(
  party: string,
  { month, told, found, again }: EffectMonth,
  knowsFound: boolean,
): LeafCount[] {
  const leaf = (dims: { found: string; again: string }, count: number): LeafCount => ({
    dims: { party, month, ...dims },
    count,
  })
  if (!knowsFound) {
    return [
      leaf({ found: 'unknown', again: 'again' }, again),
      leaf({ found: 'unknown', again: 'not-again' }, told - again),
    ]
  }
  const both = Math.max(Math.round((found * again) / told), found + again - told)
  return [
    leaf({ found: 'found', again: 'again' }, both),
    leaf({ found: 'found', again: 'not-again' }, found - both),
    leaf({ found: 'not-found', again: 'again' }, again - both),
    leaf({ found: 'not-found', again: 'not-again' }, told - found - again + both),
  ]
}

async function leaves(db: Queryable, text: string, values: unknown[]): Promise<LeafCount[]> {
  const { rows } = await db.query<LeafCount>(text, values)
  return rows
}
