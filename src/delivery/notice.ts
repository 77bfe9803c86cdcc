import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'
import type { ProtocolReference } from '../protocol/lookup.ts'
import type { EventSource } from './event.ts'

/** Events about a protocol itself: about no message and no person. */
export const PROTOCOL_EVENTS = {
  suspended: 'be.huisbrug.protocol.suspended',
  resumed: 'be.huisbrug.protocol.resumed',
} as const

/** What the parties concerned are told. */
export interface ProtocolNotice {
  event: keyof typeof PROTOCOL_EVENTS
  protocol: Pick<ProtocolReference, 'id' | 'version'>
  at: Date
  /** Of a suspension; a resumption needs none. */
  reason?: string | undefined
}

/** Those of some parties that are registered and not shut out, in alphabetical order. */
export async function registered(db: Queryable, parties: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'SELECT id FROM party WHERE id = ANY($1) AND disabled_at IS NULL ORDER BY id',
    [parties],
  )
  return rows.map(row => row.id)
}

/**
 * Puts one event for each party in the outbox, within the transaction of what it tells. No message
 * stands behind it, so that it goes out while the protocol holds everything else.
 * @param parties those of them that are registered and not shut out are told
 * @returns the parties told
 */
export async function tellParties(
  tx: Tx,
  notice: ProtocolNotice,
  parties: readonly string[],
): Promise<string[]> {
  const told = await registered(tx, parties)
  const { protocol, at, reason } = notice
  await tx.query(TELL, [
    told.map(() => newId('del', at)),
    told,
    PROTOCOL_EVENTS[notice.event],
    at,
    protocol.id,
    protocol.version,
    notice.event === 'suspended' ? reason : undefined,
  ])
  return told
}

const TELL = `
  WITH told AS (
    INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
    SELECT id, party, 'event', $3, false, 0, 'queued', now(), $4
    FROM unnest($1::text[], $2::text[]) AS n (id, party) RETURNING id)
  INSERT INTO protocol_notice (hand_over_id, protocol, version, at, reason)
  SELECT id, $5, $6, $4, $7 FROM told`

/** What the events about protocols say, by hand-over id; other events have no part in it. */
export async function protocolNotices(
  context: Pick<Context, 'pool'>,
  events: readonly EventSource[],
): Promise<Map<string, { subject: string; data: Record<string, unknown> }>> {
  const names: readonly string[] = Object.values(PROTOCOL_EVENTS)
  const wanted = events.filter(({ event }) => names.includes(event)).map(({ id }) => id)
  if (wanted.length === 0) return new Map()
  const { rows } = await context.pool.query<{
    id: string
    protocol: string
    version: string
    at: Date
    reason: string | null
  }>(
    `SELECT hand_over_id AS id, protocol, version, at, reason FROM protocol_notice
     WHERE hand_over_id = ANY($1)`,
    [wanted],
  )
  return new Map(
    rows.map(({ id, protocol, version, at, reason }) => {
      const data = { protocol, version, at: at.toISOString(), ...(reason !== null && { reason }) }
      return [id, { subject: id, data }]
    }),
  )
}
