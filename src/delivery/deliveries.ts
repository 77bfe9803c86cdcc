import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { letTry } from './circuit.ts'

/** A hand-over as its destination may see it. */
export interface DeliveryView {
  deliveryId: string
  messageId: string | null
  event: string
  state: string
  attempts: number
  lastStatus: number | null
  /** A code for people: why it waits, or why the last try failed. */
  reason: string | null
  nextAt: string | null
}

/** Which deliveries are to be tried again: all that is given must hold. */
export interface RetryFilter {
  /** `parked` unless told. */
  state?: 'parked' | 'retrying' | 'delivered'
  /** Made at or after, and before. */
  since?: Date
  until?: Date
  event?: string
}

interface Row {
  id: string
  message_id: string | null
  event: string
  state: string
  attempts: number
  last_status: number | null
  reason: string | null
  next_at: Date | null
}

// An answer that waits for the number of its period does not show: when it came is nobody's business.
const VISIBLE = `h.kind = 'event' AND (h.with_id IS NULL) AND h.reason IS DISTINCT FROM 'period-open'`
// While its webhook is paused or gone there is no use in telling when it would be due.
const COLUMNS = `h.id, h.message_id, h.event, h.state, h.attempts, h.last_status,
  CASE WHEN h.state IN ('queued', 'retrying', 'parked', 'delivered') THEN h.reason END AS reason,
  CASE WHEN h.state IN ('queued', 'retrying') AND NOT EXISTS (
    SELECT FROM webhook w WHERE w.party_id = h.destination AND w.disabled_at IS NOT NULL)
  THEN greatest(h.due_at, (SELECT c.paused_until FROM circuit c
    WHERE c.party_id = h.destination AND c.channel = 'webhook')) END AS next_at`
const GONE = `(h.state IN ('withdrawn', 'expired') OR h.erased_at IS NOT NULL)`
const AGAIN = `state = 'retrying', reason = NULL, due_at = now(), claimed_until = NULL,
  acknowledged_at = NULL, listed_at = NULL, attempts_before = h.attempts`

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
 * Has a hand-over tried again now, delivered or not, as long as its payload is kept; its schedule starts
 * anew, and a destination that is paused is tried at once.
 * @throws Refusal HB-510 where there is none, HB-508 where the payload is gone or it was withdrawn
 */
export async function retryDelivery(
  context: Context,
  party: string,
  id: string,
): Promise<DeliveryView> {
  const { rows: known } = await context.pool.query<{ gone: boolean }>(
    `SELECT ${GONE} AS gone FROM hand_over h
     WHERE h.id = $1 AND h.destination = $2 AND ${VISIBLE}`,
    [id, party],
  )
  if (!known[0]) throw refuse('HB-510', '', 'path /v1/deliveries/{id}/retry')
  if (known[0].gone) throw refuse('HB-508', '', 'modalities.payloadRetentionDays')
  await letTry(context.pool, party, 'webhook')
  const row = await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<Row & Again>(RETRY, [id])
    await recordAgain(context, tx, party, rows)
    return rows[0]
  })
  await context.wakeUps.wake([party])
  if (!row) throw refuse('HB-508', '', 'the protocol holds it')
  return toView(row)
}

/**
 * Has many hand-overs tried again: those of a party that fit, as long as their payload is kept.
 * @returns how many go again, and how many fit but are kept no longer
 */
export async function retryDeliveries(
  context: Context,
  party: string,
  filter: RetryFilter,
): Promise<{ retried: number; gone: number }> {
  const { state = 'parked', since, until, event } = filter
  await letTry(context.pool, party, 'webhook')
  const fitting = await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<Again & { gone: boolean }>(RETRY_FITTING, [
      party,
      state,
      since,
      until,
      event,
    ])
    const again = rows.filter(row => !row.gone)
    await recordAgain(context, tx, party, again)
    return { retried: again.length, gone: rows.length - again.length }
  })
  await context.wakeUps.wake([party])
  return fitting
}

/** A hand-over that goes once more, and its message. */
interface Again {
  message_id: string | null
  type: string | null
}

function recordAgain(context: Context, tx: Tx, party: string, rows: Again[]): Promise<unknown> {
  return recordEntries(
    tx,
    rows.map(({ message_id: id, type }) => ({
      action: 'message.resumed' as const,
      at: context.clock(),
      actor: { party, role: 'party' },
      ...(id && type && { message: { id, type } }),
      recipient: party,
      reason: 'asked-for-again',
    })),
  )
}

const RETRY = `
  UPDATE hand_over h SET ${AGAIN}
  WHERE h.id = $1 AND h.erased_at IS NULL AND h.state IN ('queued', 'retrying', 'parked', 'delivered')
  RETURNING ${COLUMNS}, (SELECT m.type FROM message m WHERE m.id = h.message_id) AS type`

const RETRY_FITTING = `
  WITH fitting AS (
    SELECT h.id, h.message_id, h.erased_at IS NOT NULL AS gone FROM hand_over h
    WHERE h.destination = $1 AND ${VISIBLE} AND h.state = $2
      AND ($3::timestamptz IS NULL OR h.created_at >= $3)
      AND ($4::timestamptz IS NULL OR h.created_at < $4) AND ($5::text IS NULL OR h.event = $5)
    ORDER BY h.id FOR UPDATE),
  again AS (UPDATE hand_over h SET ${AGAIN} FROM fitting f WHERE h.id = f.id AND NOT f.gone)
  SELECT f.message_id, f.gone, m.type FROM fitting f LEFT JOIN message m ON m.id = f.message_id`

function toView(row: Row): DeliveryView {
  return {
    deliveryId: row.id,
    messageId: row.message_id,
    event: row.event,
    state: row.state,
    attempts: row.attempts,
    lastStatus: row.last_status,
    reason: row.reason,
    nextAt: row.next_at?.toISOString() ?? null,
  }
}
