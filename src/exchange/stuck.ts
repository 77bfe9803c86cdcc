import type { Context } from '../context.ts'
import type { Queryable } from '../db/pool.ts'
import { CHANNEL_OF } from '../delivery/circuit.ts'
import { suspendedBetween } from '../protocol/pause.ts'
import { decideKind, readKinds } from './halt.ts'

/** Minutes that something may be due, free or over before it counts as stuck: each takes a second. */
export const STUCK_MINUTES = 10
/** An outbox that needs longer than this for what is due, at its speed of now, does not drain. */
export const DRAIN_MINUTES = 60
// Longer than any schedule of retries, and than any lease: a clock jumped.
const LONGEST_WAIT = "interval '15 days'"
const LONGEST_LEASE = "interval '1 hour'"
const LONG = `interval '${STUCK_MINUTES} minutes'`
// Twice what a clock of one process may be off from that of another.
const SETTLING_MS = 2 * 60_000
const MOST = 20_001

/**
 * What is older than its state allows. `due`: nobody tries it; `claimed`: the worker that had it is
 * gone and no other took it; `far`: due or claimed longer than anything is; `held`: nothing holds it;
 * `awaiting`: its answer was due.
 */
export interface Stuck {
  kind: 'due' | 'claimed' | 'far' | 'held' | 'awaiting'
  /** A destination, the reason why it was held, or an agreement and a party. */
  where: string
  count: number
}

/** What waits for one destination that may be called, and was due ten minutes ago. */
export interface Backed {
  destination: string
  waiting: number
  claimed: number
  /** Tries that ended in the last ten minutes. */
  tried: number
}

/** What is looked at: without the protocols, what only they can tell is left out. */
export interface FlowParts {
  pool: Queryable
  clock: () => Date
  protocols?: Context['protocols']
}

/** What is stuck. */
export async function readStuck(parts: FlowParts, backed: readonly Backed[]): Promise<Stuck[]> {
  const { rows } = await parts.pool.query<Stuck>(HELD_OR_FAR)
  return [
    ...backed.filter(it => it.tried === 0).map(toStuck),
    ...rows,
    ...(await readForgotten(parts)),
    ...(await readUnanswered(parts)),
  ]
}

function toStuck({ destination, waiting, claimed }: Backed): Stuck {
  return { kind: claimed > 0 ? 'claimed' : 'due', where: destination, count: waiting }
}

/** Destinations where what is due takes too long, though something is tried. */
export function slowOf(backed: readonly Backed[]): (Backed & { minutes: number })[] {
  return backed
    .filter(it => it.tried > 0)
    .map(it => ({ ...it, minutes: Math.round((it.waiting / it.tried) * STUCK_MINUTES) }))
    .filter(it => it.minutes > DRAIN_MINUTES)
}

/**
 * The destinations that may be called and for which something has been due for ten minutes. One that
 * is paused, or was until just now, is not among them.
 */
export async function readBacked(db: Queryable): Promise<Backed[]> {
  const { rows } = await db.query<Backed>(BACKED)
  return rows
}

/** Destinations with something due for a minute of which no try ended since. */
export function countNeglected(db: Queryable): Promise<number> {
  return db
    .query<{ count: number }>(
      `SELECT count(DISTINCT destination)::int AS count FROM (${backedFor("interval '1 minute'")}) b
       WHERE tried = 0`,
    )
    .then(({ rows }) => rows[0]?.count ?? 0)
}

const backedFor = (age: string) => `
  SELECT p.id AS destination, w.waiting, w.claimed, t.tried
  FROM party p CROSS JOIN (VALUES ('calls'), ('webhook')) ch (channel)
    LEFT JOIN webhook hook ON hook.party_id = p.id AND ch.channel = 'webhook'
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS waiting, count(claimed_until)::int AS claimed FROM (
        SELECT h.claimed_until FROM hand_over h
        WHERE h.destination = p.id AND h.state IN ('queued', 'retrying')
          AND h.due_at < now() - ${age} AND ${CHANNEL_OF} = ch.channel
          AND (hook.events IS NULL OR h.event = ANY(hook.events))
        LIMIT ${MOST}) AS h) AS w
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS tried FROM (
        SELECT FROM attempt a WHERE w.waiting > 0 AND a.destination = p.id AND a.at > now() - ${age}
          AND a.outcome IS NOT NULL LIMIT ${MOST}) AS a) AS t
  WHERE p.disabled_at IS NULL AND w.waiting > 0
    AND CASE ch.channel WHEN 'calls' THEN p.base_url IS NOT NULL
      ELSE hook.url IS NOT NULL AND hook.disabled_at IS NULL AND hook.changed_at < now() - ${age} END
    AND NOT EXISTS (SELECT FROM circuit c WHERE c.party_id = p.id AND c.channel = ch.channel
      AND c.paused_until > now() - ${age})`

const BACKED = `${backedFor(LONG)} ORDER BY 1`

// What a suspension holds is asked of the protocols.
const HELD_OR_FAR = `
  SELECT 'held' AS kind, coalesce(h.reason, 'no reason') AS where, count(*)::int AS count
  FROM hand_over h
  WHERE h.state = 'held' AND h.state_since < now() - ${LONG} AND CASE h.reason
    WHEN 'objection-window' THEN h.due_at < now() - ${LONG}
    WHEN 'with-release' THEN NOT EXISTS (SELECT FROM hand_over c WHERE c.id = h.with_id
      AND c.state IN ('queued', 'retrying', 'held', 'parked'))
    WHEN 'period-open' THEN EXISTS (
      SELECT FROM message a JOIN message q ON q.id = a.in_reply_to JOIN period_close c
        ON c.protocol = q.protocol AND c.party_id = q.party_id AND c.period = q.period
      WHERE a.id = h.message_id AND c.released_at < now() - ${LONG})
    WHEN 'two-routes' THEN NOT EXISTS (SELECT FROM exception e
      WHERE e.feedback_id = h.feedback_id AND e.closed_at IS NULL)
    ELSE h.reason IS NULL OR h.reason NOT LIKE 'HB-%' END
  GROUP BY 2
  UNION ALL
  SELECT 'far', h.destination, count(*)::int FROM hand_over h
  WHERE h.state IN ('queued', 'retrying')
    AND (h.due_at > now() + ${LONGEST_WAIT} OR h.claimed_until > now() + ${LONGEST_LEASE})
  GROUP BY 2 ORDER BY 1, 2`

/** Held by a document that lets it go, now and a while ago. */
async function readForgotten({ pool, protocols, clock }: FlowParts): Promise<Stuck[]> {
  if (!protocols) return []
  const where = `AND h.reason LIKE 'HB-%' AND h.state_since < now() - ${LONG}`
  const kinds = await readKinds({ pool }, ['held'], where)
  const before = () => new Date(clock().getTime() - SETTLING_MS)
  const isFree = (at: () => Date) => (kind: (typeof kinds)[number]) =>
    decideKind({ protocols, clock: at }, kind).outcome !== 'hold'
  const free = kinds.filter(isFree(clock)).filter(isFree(before))
  const reasons = Map.groupBy(free, kind => kind.message.protocol ?? 'none')
  return [...reasons].map(([where, { length: count }]) => ({ kind: 'held', where, count }))
}

/** Requests whose answer was due, without the time in which their clock stood still. */
async function readUnanswered({ pool, protocols, clock }: FlowParts): Promise<Stuck[]> {
  if (!protocols) return []
  const { rows } = await pool.query<Unanswered>(UNANSWERED, [clock()])
  return rows.flatMap(({ protocol, party, count, received, due }) => {
    const paused = suspendedBetween(protocols.current(), protocol, party, received, clock())
    const late = clock().getTime() - due.getTime() - paused
    if (late < STUCK_MINUTES * 60_000) return []
    return [{ kind: 'awaiting' as const, where: `${protocol} ${party}`, count }]
  })
}

interface Unanswered {
  protocol: string
  party: string
  count: number
  received: Date
  due: Date
}

const UNANSWERED = `
  SELECT protocol, party_id AS party, count(*)::int AS count, min(received_at) AS received,
    min(answer_due_at) AS due
  FROM message WHERE answer_state = 'awaiting' AND answer_due_at < $1::timestamptz - ${LONG}
  GROUP BY 1, 2 ORDER BY 1, 2`
