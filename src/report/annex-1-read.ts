import type { Queryable } from '../db/pool.ts'
import type { Annex1 } from './annex-1.ts'
import type { Annex1Line } from './annex-1-report.ts'

/** The reports of a housing company that count, of days within a period, the newest first. */
export async function readAnnex1Lines(
  db: Queryable,
  party: string,
  { from, until }: { from: string; until: string },
): Promise<Annex1Line[]> {
  const { rows } = await db.query<{
    referenceDate: string
    counts: Omit<Annex1, 'referenceDate'>
    reportedAt: Date
    replaced: number
  }>(
    `SELECT to_char(a.reference_date, 'YYYY-MM-DD') AS "referenceDate", a.counts,
       a.reported_at AS "reportedAt",
       (SELECT count(*)::int FROM annex_1 o WHERE o.party_id = a.party_id
          AND o.reference_date = a.reference_date AND o.replaced_by IS NOT NULL) AS replaced
     FROM annex_1 a WHERE a.party_id = $1 AND a.replaced_by IS NULL
       AND a.reference_date BETWEEN $2 AND $3
     ORDER BY a.reference_date DESC LIMIT 200`,
    [party, from, until],
  )
  return rows.map(({ referenceDate, counts, reportedAt, replaced }) => ({
    report: { referenceDate, ...counts },
    reportedAt,
    replaced,
  }))
}
