import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import type { Pool } from '../db/pool.ts'
import { referenceOf } from '../protocol/lookup.ts'
import type { Channel } from './circuit.ts'

/** A hand-over that is due, with what is needed to check and build it. */
export interface HandOver {
  id: string
  /** Absent for a test event, which belongs to no message. */
  messageId: string | null
  destination: string
  kind: 'request' | 'items' | 'event' | 'probe'
  event: string | null
  domain: string | null
  feedbackId: string | null
  items: number
  attempts: number
  /** Of these, since it was last asked for again by hand: what its schedule counts. */
  tries: number
  createdAt: Date
  /** Absent while it was never delivered. */
  deliveredAt: Date | null
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

/** What makes a HandOver of a row `h` of hand_over and its message `m`. */
export const HAND_OVER_COLUMNS = `
  h.id, h.message_id AS "messageId", h.destination, h.kind, h.event, h.domain,
    h.feedback_id AS "feedbackId", h.items + h.repeats AS items, h.attempts,
    h.attempts - h.attempts_before AS tries, h.created_at AS "createdAt",
    h.delivered_at AS "deliveredAt",
    json_build_object('type', m.type, 'protocol', coalesce(m.protocol, h.probe), 'party', m.party_id,
      'purpose', m.purpose, 'fields', m.fields, 'period', m.period,
      'referenceDate', m.reference_date, 'targetGroup', m.target_group, 'digest', m.digest,
      'inReplyTo', m.in_reply_to) AS message`

/** A hand-over whose state changed; `withId` where another one carried it. */
export interface Changed {
  id: string
  messageId: string
  withId: string | null
  destination: string
  items: number
  type: string
}

/** The entry for each outcome of a try. */
export const ACTIONS = {
  delivered: 'message.delivered',
  retrying: 'message.retrying',
  parked: 'message.parked',
  withdrawn: 'message.withdrawn',
} as const

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

/** An answer that went out within the number of its period. */
export function followerEntry(
  context: Context,
  row: Changed,
  state: keyof typeof ACTIONS,
): EntryDraft {
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

/**
 * Destinations for which something is due now: calls to VDAB, and events where there is a webhook. One
 * that is paused has nothing due until the pause is over.
 */
export async function dueDestinations(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ destination: string }>(
    `SELECT p.id AS destination FROM party p
       LEFT JOIN webhook w ON w.party_id = p.id AND w.disabled_at IS NULL
     WHERE p.disabled_at IS NULL AND (
       (p.base_url IS NOT NULL AND ${notPaused('calls')} AND EXISTS (
         SELECT FROM hand_over h WHERE ${DUE} AND h.kind <> 'event'))
       OR (w.url IS NOT NULL AND ${notPaused('webhook')} AND EXISTS (
         SELECT FROM hand_over h WHERE ${DUE} AND h.kind = 'event'
           AND (w.events IS NULL OR h.event = ANY(w.events)))))`,
  )
  return rows.map(row => row.destination)
}

const DUE = `h.destination = p.id AND h.state IN ('queued', 'retrying') AND h.due_at <= now()`

function notPaused(channel: Channel): string {
  return `NOT EXISTS (SELECT FROM circuit c
    WHERE c.party_id = p.id AND c.channel = '${channel}' AND c.paused_until > now())`
}
