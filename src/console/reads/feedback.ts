import { partyOf, type Scope, within } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'

/** How the follow-up of feedback goes at one housing company, under one agreement. */
export interface ProgressLine {
  protocol: string
  party: string
  open: number
  takenUp: number
  /** Of those: past the time of the protocol, while the party still has the tenant. */
  overdue: number
  oldestOpen: Date | null
  /** Closed on the days that were asked for, and the median of the days that took. */
  closed: number
  median: number | null
}

/** Days of closing, YYYY-MM-DD, both included. */
export interface ClosedOn {
  from: string
  until: string
}

type Going = Omit<ProgressLine, 'closed' | 'median'>

/** Follow-up by agreement and party, most of what is late first; of one party its own alone. */
export async function readProgress(
  db: Queryable,
  scope: Scope,
  { from, until }: ClosedOn,
): Promise<ProgressLine[]> {
  const party = partyOf(scope)
  const [going, closed] = await Promise.all([
    db.query<Going>(GOING, [party]),
    db.query<Closing>(CLOSED, [party, from, until]),
  ])
  const key = (line: { protocol: string; party: string }) => `${line.protocol} ${line.party}`
  const closings = Map.groupBy(closed.rows, key)
  const open = new Map(going.rows.map(line => [key(line), line]))
  return [...new Set([...open.keys(), ...closings.keys()])]
    .map(id => toLine(open.get(id), closings.get(id) ?? []))
    .sort((a, b) => b.overdue - a.overdue || b.open - a.open || (key(a) < key(b) ? -1 : 1))
}

/** Feedback that took so many days to close. */
interface Closing {
  protocol: string
  party: string
  days: number
  closed: number
}

function toLine(going: Going | undefined, closings: readonly Closing[]): ProgressLine {
  const { protocol = '', party = '' } = going ?? closings[0] ?? {}
  const none = { open: 0, takenUp: 0, overdue: 0, oldestOpen: null }
  const closed = closings.reduce((total, one) => total + one.closed, 0)
  return { ...none, ...going, protocol, party, closed, median: medianOf(closings) }
}

/** The median of days, each as often as it was counted; null where nothing was (pure). */
export function medianOf(counts: readonly { days: number; closed: number }[]): number | null {
  const sorted = counts.toSorted((a, b) => a.days - b.days)
  const total = sorted.reduce((sum, one) => sum + one.closed, 0)
  if (total === 0) return null
  const at = (place: number) => {
    let left = place
    for (const { days, closed } of sorted) {
      if (left < closed) return days
      left -= closed
    }
    return 0
  }
  return (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2
}

const GOING = `
  SELECT protocol, receiver_id AS party,
    count(*) FILTER (WHERE status = 'open')::int AS open,
    count(*) FILTER (WHERE status = 'taken-up')::int AS "takenUp",
    count(*) FILTER (WHERE overdue_at IS NOT NULL AND EXISTS (
      SELECT FROM current_route r
      WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id))::int AS overdue,
    min(open_since) FILTER (WHERE status = 'open') AS "oldestOpen"
  FROM feedback f
  WHERE status <> 'closed' AND receiver_id IS NOT NULL AND ${within.feedback('f', '$1')}
  GROUP BY 1, 2`

const CLOSED = `
  SELECT protocol, party_id AS party, days, sum(closed)::int AS closed FROM figure_closing
  WHERE ($1::text IS NULL OR party_id = $1) AND day BETWEEN $2 AND $3 GROUP BY 1, 2, 3`

/** What became of the tenants about whom there was feedback in a stretch of months. */
export interface EffectLine {
  protocol: string
  party: string
  /** Tenants about whom there was feedback. */
  told: number
  /** Of those: found by the recipient in the request of the month after. */
  foundAgain: number
  /** Of those: no feedback about them in any later month. */
  notAgain: number
}

/** Months of feedback that are judged: a year, without the last two, of which later months are missing. */
export function monthsOfEffect(now: Date): { from: string; until: string } {
  const month = (before: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - before, 1))
      .toISOString()
      .slice(0, 7)
  return { from: month(13), until: month(2) }
}

/** What the sensitising brought, by agreement and party; for who sees all parties alone. */
export async function readEffect(
  db: Queryable,
  { from, until }: { from: string; until: string },
): Promise<EffectLine[]> {
  const { rows } = await db.query<EffectLine>(EFFECT, [from, until])
  return rows
}

const EFFECT = `
  WITH reported AS (
    SELECT protocol, party_id AS party, sum(told)::int AS told, sum(again)::int AS again
    FROM figure_reported WHERE month BETWEEN $1 AND $2 GROUP BY 1, 2),
  found AS (
    SELECT protocol, party_id AS party, sum(found_again)::int AS found
    FROM figure_effect WHERE month BETWEEN $1 AND $2 GROUP BY 1, 2)
  SELECT r.protocol, r.party, r.told, least(r.told, coalesce(f.found, 0)) AS "foundAgain",
    greatest(0, r.told - r.again) AS "notAgain"
  FROM reported r LEFT JOIN found f USING (protocol, party) WHERE r.told > 0 ORDER BY r.told DESC, 1, 2`
