import type { Queryable } from '../db/pool.ts'
import { type AttentionKind, type Found, isKind } from './kinds.ts'

/** Attempts without access in an hour from which someone should know of it. */
export const REFUSED_BURST = 100
const SOON_DAYS = 7

/** What waits for a person: exceptions by kind, and what is parked by destination. */
export async function lookAtExceptions(db: Queryable): Promise<Found[]> {
  const { rows } = await db.query<{ kind: string; count: number; since: Date }>(
    `SELECT kind, count(*)::int AS count, max(opened_at) AS since FROM exception
     WHERE closed_at IS NULL AND reviewed_at IS NULL GROUP BY kind`,
  )
  return rows.map(({ kind, ...row }) => ({
    kind: isKind(kind) ? kind : ('exception-other' as const),
    about: isKind(kind) ? '' : kind,
    ...row,
  }))
}

export async function lookAtParked(db: Queryable): Promise<Found[]> {
  const { rows } = await db.query<{ about: string; count: number; since: Date }>(
    `SELECT destination AS about, count(*)::int AS count, max(state_since) AS since FROM hand_over
     WHERE state = 'parked' AND kind <> 'probe' AND destination IS NOT NULL GROUP BY destination`,
  )
  return rows.map(row => ({ kind: 'parked', ...row }))
}

/** Destinations that have not answered for an hour. */
export async function lookAtCircuits(db: Queryable): Promise<Found[]> {
  const { rows } = await db.query<{ about: string; channel: string; since: Date }>(
    `SELECT party_id AS about, channel, failing_since AS since FROM circuit
     WHERE paused_until IS NOT NULL AND failing_since < now() - interval '1 hour'`,
  )
  return rows.map(({ channel, ...row }) => ({
    kind: channel === 'webhook' ? ('webhook-failing' as const) : ('calls-failing' as const),
    count: 1,
    ...row,
  }))
}

/** Many attempts without access in the last hour: of machines and of people alike. */
export async function lookAtRefusedAccess(db: Queryable, at: Date): Promise<Found[]> {
  const { rows } = await db.query<{ count: number }>(REFUSED, [at])
  const count = rows[0]?.count ?? 0
  return count < REFUSED_BURST ? [] : [{ kind: 'access-refused', about: '', count }]
}

// By kind of entry and time, as the pages of the log read it; refusals are counted by the minute.
const REFUSED = `
  SELECT coalesce(sum((convert_from(e.entry, 'UTF8')::jsonb #>> '{counts,attempts}')::int), 0)::int AS count
  FROM audit_kind k CROSS JOIN LATERAL (
    SELECT entry FROM audit_entry a
    WHERE a.kind = k.kind AND a.at > $1::timestamptz - interval '1 hour' AND a.at <= $1
    ORDER BY a.at DESC, a.index DESC LIMIT 2000) AS e
  WHERE k.action = 'access.refused'`

interface Requests {
  overdue: number
  lastDue: string | null
  due: number
  lastSoon: string | null
}

/** Requests of persons that have to be answered within a week, or should have been. */
export async function lookAtPersonRequests(db: Queryable, at: Date): Promise<Found[]> {
  const { rows } = await db.query<Requests>(
    `SELECT count(*) FILTER (WHERE due_on < today)::int AS overdue,
       max(due_on) FILTER (WHERE due_on < today)::text AS "lastDue",
       count(*) FILTER (WHERE due_on >= today)::int AS due,
       max(due_on) FILTER (WHERE due_on >= today)::text AS "lastSoon"
     FROM subject_request, (SELECT ($1::timestamptz AT TIME ZONE 'Europe/Brussels')::date AS today) AS t
     WHERE closed_at IS NULL AND due_on < today + $2::int`,
    [at, SOON_DAYS],
  )
  const { overdue = 0, lastDue = null, due = 0, lastSoon = null } = rows[0] ?? {}
  return [
    ...counted('person-request-overdue', overdue, lastDue, 1),
    ...counted('person-request-due', due, lastSoon, 1 - SOON_DAYS),
  ]
}

/** @param after days from the day of the newest until it became so */
function counted(kind: AttentionKind, count: number, day: string | null, after: number): Found[] {
  if (count === 0 || !day) return []
  const since = new Date(Date.parse(`${day}T00:00:00Z`) + after * 86_400_000)
  return [{ kind, about: '', count, since }]
}
