import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/pool.ts'
import { type Envelope, type EventSource, readEvents } from './event.ts'
import { entryOf, HAND_OVER_COLUMNS, type HandOver } from './outbox.ts'
import { decideAgain } from './recheck.ts'

/**
 * The events a party has not acknowledged, oldest first: for those without a public endpoint.
 * Reading checks the protocol again and is evidence the first time; only the acknowledgement delivers.
 */
export async function readInbox(
  context: Context,
  party: string,
  page: { limit: number; after: string | undefined },
): Promise<{ items: Envelope[]; next: string | null }> {
  const read = await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<HandOver>(SELECT, [party, page.after ?? '', page.limit])
    const going = rows.filter(handOver => decideAgain(context, handOver).outcome === 'go')
    const first = going.filter(handOver => handOver.attempts === 0)
    await tx.query('UPDATE hand_over SET attempts = 1 WHERE id = ANY($1)', [first.map(it => it.id)])
    await recordEntries(
      tx,
      first.map(it => entryOf(context, it, 'message.forwarding')),
    )
    return { rows, going }
  })
  const envelopes = await readEvents(context, party, read.going as EventSource[])
  const items = read.going.flatMap(handOver => envelopes.get(handOver.id) ?? [])
  return { items, next: read.rows.length === page.limit ? (read.rows.at(-1)?.id ?? null) : null }
}

/** Marks everything up to and including one event as taken; a second time changes nothing. */
export async function acknowledge(
  context: Context,
  party: string,
  upTo: string,
): Promise<{ upTo: string; acknowledged: number }> {
  const acknowledged = await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<Taken>(ACKNOWLEDGE, [party, upTo])
    await recordEntries(
      tx,
      rows
        .filter(row => row.first)
        .map(row => ({
          ...entryOf(context, row, 'message.delivered'),
          ...(row.follows && { reason: 'with-release' }),
        })),
    )
    return rows.filter(row => !row.follows).length
  })
  return { upTo, acknowledged }
}

interface Taken extends HandOver {
  /** Whether it was not delivered before. */
  first: boolean
  /** Whether it is an answer within the number of its period. */
  follows: boolean
}

const SELECT = `
  SELECT ${HAND_OVER_COLUMNS} FROM hand_over h LEFT JOIN message m ON m.id = h.message_id
  WHERE h.destination = $1 AND h.kind = 'event' AND h.with_id IS NULL AND h.acknowledged_at IS NULL
    AND h.state IN ('queued', 'retrying', 'parked', 'delivered') AND h.id > $2
  ORDER BY h.id LIMIT $3 FOR UPDATE OF h`

// Only what was read can be acknowledged: attempts > 0. Followers of a period's number go with it.
const ACKNOWLEDGE = `
  WITH open AS (
    SELECT id, state <> 'delivered' AS first FROM hand_over
    WHERE destination = $1 AND kind = 'event' AND id <= $2 AND attempts > 0
      AND acknowledged_at IS NULL AND state IN ('queued', 'retrying', 'parked', 'delivered') FOR UPDATE),
  taken AS (
    UPDATE hand_over t SET state = 'delivered', acknowledged_at = now(), claimed_until = NULL,
      delivered_at = coalesce(t.delivered_at, now()), reason = NULL
    FROM open WHERE t.id = open.id OR t.with_id = open.id RETURNING t.*, open.first),
  stepped AS (
    INSERT INTO transition (message_id, state, at)
    SELECT DISTINCT message_id, 'delivered', now() FROM taken k
    WHERE message_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM transition t WHERE t.message_id = k.message_id AND t.state = 'delivered'))
  SELECT ${HAND_OVER_COLUMNS}, h.first, h.with_id IS NOT NULL AS follows
  FROM taken h LEFT JOIN message m ON m.id = h.message_id`
