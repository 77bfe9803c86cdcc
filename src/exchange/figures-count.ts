import type { Queryable } from '../db/pool.ts'
import { DELIVERED, PENDING } from './conservation.ts'

/** Which messages are counted, by their receipt: `from` included, `until` not; per hour or UTC day. */
export interface Counted {
  from: Date
  until: Date
  unit: 'hour' | 'day'
}

/** Of what is counted: when it was received, under which protocol (`none`: not known), who sent it. */
interface Place {
  at: Date
  protocol: string
  party: string
}

/** Messages, and what became of their items. */
export interface OutcomeCount extends Place {
  messages: number
  refusedMessages: number
  refused: number
  delivered: number
  pending: number
  parked: number
  expired: number
  withdrawn: number
}

export interface RefusalCount extends Place {
  code: string
  messages: number
  items: number
}

/** The classes of the time from receipt to delivery, each without those before it. */
export const LATENCIES = ['seconds10', 'minute', 'hour', 'day1', 'longer'] as const

/** Hand-overs by the time they took; those that had to wait by agreement are left out. */
export type LatencyCount = Place & { recipient: string } & Record<
    (typeof LATENCIES)[number],
    number
  >

/** Messages and what became of their items, from the rows. */
export async function countOutcomes(db: Queryable, counted: Counted): Promise<OutcomeCount[]> {
  const { rows } = await db.query<OutcomeCount>(OUTCOMES, valuesOf(counted))
  return rows
}

/** Why something was refused, from the rows. */
export async function countRefusals(db: Queryable, counted: Counted): Promise<RefusalCount[]> {
  const { rows } = await db.query<RefusalCount>(REFUSALS, valuesOf(counted))
  return rows
}

/** How long deliveries took, from the rows. */
export async function countLatencies(db: Queryable, counted: Counted): Promise<LatencyCount[]> {
  const { rows } = await db.query<LatencyCount>(LATENCY, valuesOf(counted))
  return rows
}

/** Tenants about whom there was feedback, by the month they count in. */
export type ReportedCount = Omit<Place, 'at'> & { month: string; told: number; again: number }

/** About how many tenants there was feedback, and about how many again, from the rows. */
export async function countReported(
  db: Queryable,
  { from, until }: Counted,
): Promise<ReportedCount[]> {
  const { rows } = await db.query<ReportedCount>(REPORTED, [from, until])
  return rows
}

function valuesOf({ from, until, unit }: Counted): unknown[] {
  return [from, until, unit]
}

// The index is by day; hours are picked from those days.
const MESSAGES = `
  SELECT id, date_trunc($3, received_at) AS at, coalesce(protocol, 'none') AS protocol,
    party_id AS party, received_at, accepted, refused, code
  FROM message
  WHERE received_day >= ($1::timestamptz AT TIME ZONE 'UTC')::date
    AND received_day <= ($2::timestamptz AT TIME ZONE 'UTC')::date
    AND received_at >= $1 AND received_at < $2`

const OUTCOMES = `
  WITH m AS (${MESSAGES}),
  handed AS (
    SELECT h.message_id,
      sum(h.items) FILTER (WHERE ${DELIVERED}) AS delivered,
      sum(h.items) FILTER (WHERE ${PENDING}) AS pending,
      sum(h.items) FILTER (WHERE h.state = 'parked' AND h.delivered_at IS NULL) AS parked,
      sum(h.items) FILTER (WHERE h.state = 'expired') AS expired,
      sum(h.withdrawn + CASE WHEN h.state = 'withdrawn' THEN h.items ELSE 0 END) AS withdrawn
    FROM hand_over h JOIN m ON m.id = h.message_id WHERE h.counted GROUP BY 1)
  SELECT m.at, m.protocol, m.party, count(*)::bigint AS messages,
    (count(*) FILTER (WHERE m.accepted = 0))::bigint AS "refusedMessages",
    sum(m.refused)::bigint AS refused,
    coalesce(sum(h.delivered), 0)::bigint AS delivered, coalesce(sum(h.pending), 0)::bigint AS pending,
    coalesce(sum(h.parked), 0)::bigint AS parked, coalesce(sum(h.expired), 0)::bigint AS expired,
    coalesce(sum(h.withdrawn), 0)::bigint AS withdrawn
  FROM m LEFT JOIN handed h ON h.message_id = m.id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

const REFUSALS = `
  WITH m AS (${MESSAGES})
  SELECT at, protocol, party, coalesce(code, 'none') AS code, count(*)::bigint AS messages,
    sum(refused)::bigint AS items
  FROM m WHERE refused > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`

// What was ever held had to wait: for the end of its period, an objection window, a suspension.
const LATENCY = `
  WITH m AS (${MESSAGES}),
  took AS (
    SELECT m.at, m.protocol, m.party, h.destination AS recipient,
      extract(epoch FROM h.delivered_at - m.received_at) AS seconds
    FROM m JOIN hand_over h ON h.message_id = m.id
    WHERE m.accepted > 0 AND h.counted AND h.delivered_at IS NOT NULL AND h.destination IS NOT NULL
      AND h.kind <> 'register' AND NOT EXISTS (
        SELECT FROM transition t WHERE t.hand_over_id = h.id AND t.was = 'held'))
  SELECT at, protocol, party, recipient,
    (count(*) FILTER (WHERE seconds <= 10))::bigint AS seconds10,
    (count(*) FILTER (WHERE seconds > 10 AND seconds <= 60))::bigint AS minute,
    (count(*) FILTER (WHERE seconds > 60 AND seconds <= 3600))::bigint AS hour,
    (count(*) FILTER (WHERE seconds > 3600 AND seconds <= 86400))::bigint AS day1,
    (count(*) FILTER (WHERE seconds > 86400))::bigint AS longer
  FROM took GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`

// The feedback before is looked up by its tag; under a new key the same tenant counts anew.
const REPORTED = `
  WITH reported AS (
    SELECT DISTINCT ON (f.domain, f.tag) f.domain, f.tag, f.protocol, f.receiver_id AS party, f.created_at,
      to_char(f.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month
    FROM message m JOIN feedback f ON f.message_id = m.id
    WHERE m.received_day >= ($1::timestamptz AT TIME ZONE 'UTC')::date
      AND m.received_day <= ($2::timestamptz AT TIME ZONE 'UTC')::date
      AND m.received_at >= $1 AND m.received_at < $2
      AND f.receiver_id IS NOT NULL AND f.tag IS NOT NULL
    ORDER BY f.domain, f.tag, f.created_at),
  known AS (
    SELECT r.*, b.month AS before FROM reported r LEFT JOIN LATERAL (
      SELECT to_char(f.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month FROM feedback f
      WHERE f.domain = r.domain AND f.tag = r.tag AND f.receiver_id IS NOT NULL
        AND f.created_at < r.created_at ORDER BY f.created_at DESC LIMIT 1) b ON true)
  SELECT month, protocol, party, sum(told)::bigint AS told, sum(again)::bigint AS again FROM (
    SELECT month, protocol, party, 1 AS told, 0 AS again FROM known
    WHERE before IS NULL OR before < month
    UNION ALL
    SELECT before, protocol, party, 0, 1 FROM known WHERE before < month) AS each
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`
