import type { Context } from '../context.ts'
import { refuse } from '../errors.ts'

/** A hand-over as its destination may see it. */
export interface DeliveryView {
  deliveryId: string
  messageId: string | null
  event: string
  state: string
  attempts: number
  lastStatus: number | null
  nextAt: string | null
}

interface Row {
  id: string
  message_id: string | null
  event: string
  state: string
  attempts: number
  last_status: number | null
  next_at: Date | null
}

// An answer that waits for the number of its period does not show: when it came is nobody's business.
const VISIBLE = `h.kind = 'event' AND (h.with_id IS NULL) AND h.reason IS DISTINCT FROM 'period-open'`
const COLUMNS = `h.id, h.message_id, h.event, h.state, h.attempts, h.last_status,
  CASE WHEN h.state IN ('queued', 'retrying') THEN h.due_at END AS next_at`

/** The hand-overs to a party, newest first. */
export async function listDeliveries(
  context: Context,
  party: string,
  page: { limit: number; after: string | undefined },
): Promise<{ items: DeliveryView[]; next: string | null }> {
  const { rows } = await context.pool.query<Row>(
    `SELECT ${COLUMNS} FROM hand_over h
     WHERE h.destination = $1 AND ${VISIBLE} AND ($2::text IS NULL OR h.id < $2)
     ORDER BY h.id DESC LIMIT $3`,
    [party, page.after, page.limit + 1],
  )
  const items = rows.slice(0, page.limit).map(toView)
  return { items, next: rows.length > page.limit ? (items.at(-1)?.deliveryId ?? null) : null }
}

/**
 * Has a hand-over tried again now, delivered or not, as long as its payload is kept.
 * @throws Refusal HB-510 where there is none, HB-508 where the payload is gone or it was withdrawn
 */
export async function retryDelivery(
  context: Context,
  party: string,
  id: string,
): Promise<DeliveryView> {
  const { rows: known } = await context.pool.query<{ gone: boolean }>(
    `SELECT h.state IN ('withdrawn', 'expired')
       OR (h.erased_at IS NOT NULL) AS gone
     FROM hand_over h
     WHERE h.id = $1 AND h.destination = $2 AND ${VISIBLE}`,
    [id, party],
  )
  if (!known[0]) throw refuse('HB-510', '', 'path /v1/deliveries/{id}/retry')
  if (known[0].gone) throw refuse('HB-508', '', 'modalities.payloadRetentionDays')
  const { rows } = await context.pool.query<Row>(
    `UPDATE hand_over h SET state = 'retrying', reason = NULL, due_at = now(), claimed_until = NULL,
       acknowledged_at = NULL
     WHERE h.id = $1 AND h.state IN ('queued', 'retrying', 'parked', 'delivered') RETURNING ${COLUMNS}`,
    [id],
  )
  await context.wakeUps.wake([party])
  if (!rows[0]) throw refuse('HB-508', '', 'the protocol holds it')
  return toView(rows[0])
}

function toView(row: Row): DeliveryView {
  return {
    deliveryId: row.id,
    messageId: row.message_id,
    event: row.event,
    state: row.state,
    attempts: row.attempts,
    lastStatus: row.last_status,
    nextAt: row.next_at?.toISOString() ?? null,
  }
}
