import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { referenceOf } from '../protocol/lookup.ts'
import { decideAgain } from './recheck.ts'
import { type DoomedRow, withdrawRows } from './withdraw-rows.ts'

/** A hand-over that is due, with what is needed to check and build it. */
export interface HandOver {
  id: string
  /** Absent for a test event, which belongs to no message. */
  messageId: string | null
  destination: string
  kind: 'detection' | 'tenancy-ended' | 'progress' | 'event'
  event: string | null
  domain: string | null
  feedbackId: string | null
  items: number
  attempts: number
  createdAt: Date
  message: {
    type: string | null
    protocol: string | null
    party: string | null
    purpose: string | null
    fields: string[] | null
    period: string | null
    referenceDate: string | null
    targetGroup: { id: string; version: string } | null
    digest: string | null
    inReplyTo: string | null
  }
}

/** What became of one try. */
export interface Result {
  id: string
  state: 'delivered' | 'retrying' | 'parked' | 'withdrawn'
  /** HTTP status of the answer; absent where there was none. */
  status?: number
  /** A code for people: why it did not go through. */
  reason?: string
  /** Seconds until the next try. */
  delay?: number
}

// Longer than all time limits of one try together, so that a live worker never loses its claim.
const LEASE_SECONDS = 120

/**
 * Claims what is due for one destination, each hand-over checked against the protocol again, with
 * the evidence that it is about to leave. A claim lapses by itself where the worker dies.
 */
export async function claimDue(
  context: Context,
  destination: string,
  limit: number,
): Promise<HandOver[]> {
  return inTransaction(context.pool, async tx => {
    const { rows: claimed } = await tx.query<HandOver>(CLAIM, [destination, limit, LEASE_SECONDS])
    if (claimed.length === 0) return []
    const rows = await withoutEnded(context, tx, claimed)
    const decided = rows.map(handOver => ({ handOver, decision: decideAgain(context, handOver) }))
    const stopped = decided.filter(({ decision }) => decision.outcome !== 'go')
    await stop(context, tx, stopped)
    const going = decided.filter(({ decision }) => decision.outcome === 'go').map(it => it.handOver)
    await recordEntries(
      tx,
      going.map(it => entryOf(context, it, 'message.forwarding')),
    )
    return going
  })
}

/** Takes out the rows of tenancies that ended while an earlier try had them in hand. */
async function withoutEnded(context: Context, tx: Tx, claimed: HandOver[]): Promise<HandOver[]> {
  const again = claimed.filter(it => it.kind === 'detection' && it.attempts > 1)
  if (again.length === 0) return claimed
  const { rows: doomed } = await tx.query<DoomedRow>(
    `SELECT h.id AS "handOverId", d.subject_tag AS "subjectTag"
     FROM hand_over h JOIN message m ON m.id = h.message_id
       JOIN detection_row d ON d.message_id = h.message_id
       JOIN route r ON r.domain = m.domain AND r.tag = d.tag AND r.party_id = m.party_id
     WHERE h.id = ANY($1) AND r.ended_on IS NOT NULL`,
    [again.map(it => it.id)],
  )
  const withdrawn = await withdrawRows(tx, doomed, 'tenancy-ended', context.clock())
  const byMessage = new Map(withdrawn.map(it => [it.messageId, it]))
  await recordEntries(
    tx,
    again.flatMap(it => {
      const lost = byMessage.get(it.messageId ?? '')
      const entry = { ...entryOf(context, it, 'message.withdrawn'), reason: 'tenancy-ended' }
      return lost ? [{ ...entry, counts: { items: lost.rows } }] : []
    }),
  )
  return claimed
    .filter(it => !byMessage.get(it.messageId ?? '')?.whole)
    .map(it => ({ ...it, items: it.items - (byMessage.get(it.messageId ?? '')?.rows ?? 0) }))
}

type Decided = { handOver: HandOver; decision: ReturnType<typeof decideAgain> }

async function stop(context: Context, tx: Tx, stopped: Decided[]): Promise<void> {
  if (stopped.length === 0) return
  const { rows: followers } = await tx.query<Changed>(
    `WITH ended AS (
       UPDATE hand_over h SET reason = s.code, claimed_until = NULL,
         state = CASE WHEN h.delivered_at IS NULL THEN s.state ELSE 'delivered' END,
         attempts = h.attempts - CASE WHEN h.id = s.id THEN 1 ELSE 0 END
       FROM unnest($1::text[], $2::text[], $3::text[]) AS s (id, state, code)
       WHERE h.id = s.id OR (h.with_id = s.id AND h.state = 'held' AND s.state = 'withdrawn')
       RETURNING h.id, h.message_id, h.kind, h.state, h.with_id, h.destination, h.items, s.code),
     unanswered AS (
       UPDATE message m SET answer_state = NULL FROM ended
       WHERE ended.kind = 'detection' AND ended.state = 'withdrawn' AND m.id = ended.message_id
         AND m.answer_state = 'awaiting'),
     erased AS (
       DELETE FROM detection_row r USING ended
       WHERE ended.kind = 'detection' AND ended.state = 'withdrawn' AND r.message_id = ended.message_id),
     stepped AS (
       INSERT INTO transition (message_id, state, at, code)
       SELECT DISTINCT message_id, state, now(), code FROM ended WHERE message_id IS NOT NULL)
     SELECT e.id, e.message_id AS "messageId", e.with_id AS "withId", e.destination, e.items, m.type
     FROM ended e JOIN message m ON m.id = e.message_id WHERE e.with_id IS NOT NULL`,
    [
      stopped.map(it => it.handOver.id),
      stopped.map(it => (it.decision.outcome === 'hold' ? 'held' : 'withdrawn')),
      stopped.map(it => it.decision.code),
    ],
  )
  const entries = stopped.map(({ handOver, decision }) => ({
    ...entryOf(
      context,
      handOver,
      decision.outcome === 'hold' ? 'message.held' : 'message.withdrawn',
    ),
    decision: 'refused' as const,
    code: decision.code ?? '',
    rule: decision.rule ?? '',
  }))
  await recordEntries(tx, [
    ...entries,
    ...followers.map(row => followerEntry(context, row, 'withdrawn')),
  ])
}

const ACTIONS = {
  delivered: 'message.delivered',
  retrying: 'message.retrying',
  parked: 'message.parked',
  withdrawn: 'message.withdrawn',
} as const

/** Records what became of claimed hand-overs, with their evidence, in one transaction. */
export async function recordResults(
  context: Context,
  batch: HandOver[],
  results: Result[],
): Promise<void> {
  const byId = new Map(batch.map(handOver => [handOver.id, handOver]))
  await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<Changed>(RECORD, [
      results.map(result => result.id),
      results.map(result => result.state),
      results.map(result => result.status ?? null),
      results.map(result => result.reason ?? null),
      results.map(result => result.delay ?? 0),
    ])
    const changed = new Set(rows.map(row => row.id))
    const drafts = results.flatMap(result => {
      const handOver = byId.get(result.id)
      if (!handOver || !changed.has(result.id)) return []
      const entry = entryOf(context, handOver, ACTIONS[result.state])
      return [{ ...entry, ...(result.reason && { reason: result.reason }) }]
    })
    const followers = rows.filter(row => row.withId !== null)
    const stateOf = new Map(results.map(result => [result.id, result.state]))
    await recordEntries(tx, [
      ...drafts,
      ...followers.map(row =>
        followerEntry(context, row, stateOf.get(row.withId ?? '') ?? 'delivered'),
      ),
    ])
    await eraseDelivered(tx, results)
  })
}

interface Changed {
  id: string
  messageId: string
  withId: string | null
  destination: string
  items: number
  type: string
}

/** An answer that went out within the number of its period. */
function followerEntry(context: Context, row: Changed, state: Result['state']): EntryDraft {
  return {
    action: ACTIONS[state],
    at: context.clock(),
    actor: { role: 'gateway' },
    message: { id: row.messageId, type: row.type },
    recipient: row.destination,
    counts: { items: row.items },
    reason: 'with-release',
  }
}

// What has arrived is not kept; feedback and results stay for the retention of the protocol.
async function eraseDelivered(tx: Tx, results: Result[]): Promise<void> {
  const delivered = results.filter(result => result.state === 'delivered').map(result => result.id)
  if (delivered.length === 0) return
  await tx.query(
    `DELETE FROM tenancy_end e USING hand_over h
     WHERE h.id = ANY($1) AND h.kind = 'tenancy-ended'
       AND e.message_id = h.message_id AND e.domain = h.domain`,
    [delivered],
  )
}

/** The entry of what happens to a hand-over. */
export function entryOf(
  context: Context,
  handOver: HandOver,
  action: EntryDraft['action'],
): EntryDraft {
  const { message } = handOver
  const reference = referenceOf(context.protocols.current(), message.protocol ?? undefined)
  return {
    action,
    at: context.clock(),
    actor: { role: 'gateway' },
    ...(handOver.messageId && { message: { id: handOver.messageId, type: message.type ?? '' } }),
    recipient: handOver.destination,
    counts: { items: handOver.items, attempts: handOver.attempts },
    ...(reference && { protocol: reference }),
    ...(message.purpose && { purpose: message.purpose }),
    ...(handOver.event && { details: { event: handOver.event, handOver: handOver.id } }),
  }
}

/** What makes a HandOver of a row `h` of hand_over and its message `m`. */
export const HAND_OVER_COLUMNS = `
  h.id, h.message_id AS "messageId", h.destination, h.kind, h.event, h.domain,
    h.feedback_id AS "feedbackId", h.items, h.attempts, h.created_at AS "createdAt",
    json_build_object('type', m.type, 'protocol', m.protocol, 'party', m.party_id,
      'purpose', m.purpose, 'fields', m.fields, 'period', m.period,
      'referenceDate', m.reference_date, 'targetGroup', m.target_group, 'digest', m.digest,
      'inReplyTo', m.in_reply_to) AS message`

const CLAIM = `
  WITH due AS (
    SELECT h.id FROM hand_over h
    WHERE h.destination = $1 AND h.state IN ('queued', 'retrying') AND h.due_at <= now()
      AND NOT EXISTS (SELECT FROM party p WHERE p.id = h.destination AND p.disabled_at IS NOT NULL)
      AND (h.kind <> 'event' OR EXISTS (SELECT FROM webhook w WHERE w.party_id = h.destination
        AND (w.events IS NULL OR h.event = ANY(w.events))))
    ORDER BY h.due_at LIMIT $2 FOR UPDATE SKIP LOCKED),
  claimed AS (
    UPDATE hand_over h SET attempts = h.attempts + 1,
      due_at = now() + make_interval(secs => $3), claimed_until = now() + make_interval(secs => $3)
    FROM due WHERE h.id = due.id RETURNING h.*)
  SELECT ${HAND_OVER_COLUMNS} FROM claimed h LEFT JOIN message m ON m.id = h.message_id ORDER BY h.id`

// An answer may have proved delivery in the meantime: only what is still open changes.
const RECORD = `
  WITH result AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::float8[])
      AS r (id, state, status, reason, delay)),
  changed AS (
    UPDATE hand_over h SET last_status = r.status, reason = r.reason, claimed_until = NULL,
      state = CASE WHEN h.delivered_at IS NOT NULL AND r.state IN ('parked', 'withdrawn')
        THEN 'delivered' ELSE r.state END,
      due_at = now() + make_interval(secs => r.delay),
      delivered_at = coalesce(h.delivered_at, CASE WHEN r.state = 'delivered' THEN now() END)
    FROM result r
    WHERE (h.id = r.id AND (h.state IN ('queued', 'retrying')
        OR (r.state = 'delivered' AND h.state IN ('parked', 'expired'))))
      OR (h.with_id = r.id AND h.state = 'held' AND r.state IN ('delivered', 'withdrawn'))
    RETURNING h.id, h.message_id, h.state, h.reason, h.with_id, h.destination, h.items),
  stepped AS (
    INSERT INTO transition (message_id, state, at, code)
    SELECT DISTINCT ON (message_id, state) message_id, state, now(), reason FROM changed c
    WHERE message_id IS NOT NULL AND NOT EXISTS (SELECT FROM transition t WHERE t.message_id = c.message_id AND t.state = c.state))
  SELECT c.id, c.message_id AS "messageId", c.with_id AS "withId", c.destination, c.items, m.type
  FROM changed c LEFT JOIN message m ON m.id = c.message_id`

/** Destinations for which something is due now: calls to VDAB, and events where there is a webhook. */
export async function dueDestinations(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ destination: string }>(
    `SELECT p.id AS destination FROM party p LEFT JOIN webhook w ON w.party_id = p.id
     WHERE p.disabled_at IS NULL AND (p.base_url IS NOT NULL OR w.url IS NOT NULL)
       AND EXISTS (SELECT FROM hand_over h
         WHERE h.destination = p.id AND h.state IN ('queued', 'retrying') AND h.due_at <= now()
           AND (h.kind <> 'event' OR (w.url IS NOT NULL AND (w.events IS NULL OR h.event = ANY(w.events)))))`,
  )
  return rows.map(row => row.destination)
}
