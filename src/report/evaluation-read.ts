import type { Queryable } from '../db/pool.ts'

/** Days, both included, YYYY-MM-DD. */
export interface Days {
  from: string
  until: string
}

/** What an evaluation tells of the exchange itself: counts of messages, none of persons. */
export interface EvaluationFigures {
  months: { month: string; messages: number; refused: number }[]
  refusals: { code: string; messages: number }[]
  /** Hand-overs by the time that they took. */
  latency: { seconds10: number; minute: number; hour: number; day1: number; longer: number }
  /** The first and the last day of which figures are kept; empty where there are none. */
  counted: { first: string | null; last: string | null }
}

/** The figures by day of a party, summed: counted when a day is over, and kept for four hundred days. */
export async function readEvaluationFigures(
  db: Queryable,
  party: string,
  { from, until }: Days,
): Promise<EvaluationFigures> {
  const values = [party, from, until]
  const within = 'party_id = $1 AND day BETWEEN $2 AND $3'
  const months = await db.query<EvaluationFigures['months'][number]>(
    `SELECT to_char(day, 'YYYY-MM') AS month, sum(messages)::int AS messages,
       sum(refused_messages)::int AS refused
     FROM figure_outcome WHERE ${within} GROUP BY 1 ORDER BY 1`,
    values,
  )
  const refusals = await db.query<EvaluationFigures['refusals'][number]>(
    `SELECT code, sum(messages)::int AS messages FROM figure_refusal WHERE ${within}
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`,
    values,
  )
  const latency = await db.query<EvaluationFigures['latency']>(
    `SELECT coalesce(sum(seconds10), 0)::int AS seconds10, coalesce(sum(minute), 0)::int AS minute,
       coalesce(sum(hour), 0)::int AS hour, coalesce(sum(day1), 0)::int AS day1,
       coalesce(sum(longer), 0)::int AS longer
     FROM figure_latency WHERE ${within}`,
    values,
  )
  const counted = await db.query<EvaluationFigures['counted']>(
    `SELECT to_char(min(day), 'YYYY-MM-DD') AS first, to_char(max(day), 'YYYY-MM-DD') AS last
     FROM figure_day WHERE day BETWEEN $1 AND $2`,
    [from, until],
  )
  return {
    months: months.rows,
    refusals: refusals.rows,
    latency: latency.rows[0] ?? { seconds10: 0, minute: 0, hour: 0, day1: 0, longer: 0 },
    counted: counted.rows[0] ?? { first: null, last: null },
  }
}
