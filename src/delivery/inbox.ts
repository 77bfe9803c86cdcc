import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/pool.ts'
import { type Cover, coverEvent, coverOf, NO_ENCRYPTION_KEY, type SentEvent } from './envelope.ts'
import { type EventSource, readEvents } from './event.ts'
import { entryOf, HAND_OVER_COLUMNS, type HandOver } from './outbox.ts'
import { decideAgain } from './recheck.ts'

/**
 * The events a party has not acknowledged, oldest first: for those without a public endpoint, and what
 * a webhook did not take, parked or still being tried. Reading checks the protocol again and is evidence
 * the first time; only the acknowledgement delivers. What commits late may have a lower id than what was
 * read: start from the beginning again once the last page is taken. What has to leave in an envelope is
 * not shown to a party without a key for one.
 */
export async function readInbox(
  context: Context,
  party: string,
  page: { limit: number; after: string | undefined },
): Promise<{ items: SentEvent[]; next: string | null }> {
  await context.disclosures.assertOpen()
  const key = await context.parties.encryptionKeyOf(party)
  const read = await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<HandOver & { listed: boolean }>(SELECT, [
      party,
      page.after ?? '',
      page.limit,
    ])
    const allowed = rows.filter(handOver => decideAgain(context, handOver).outcome === 'go')
    const covered = allowed.map(it => ({ ...it, cover: coverOf(context, it, key) }))
    const going = covered.filter(isCoverable)
    const waiting = covered.filter(it => !isCoverable(it)).map(({ id }) => id)
    await tx.query(WAIT, [waiting, NO_ENCRYPTION_KEY])
    const first = going.filter(handOver => !handOver.listed)
    await tx.query(
      'UPDATE hand_over SET listed_at = now(), attempts = greatest(attempts, 1) WHERE id = ANY($1)',
      [first.map(it => it.id)],
    )
    await recordEntries(
      tx,
      first.map(it => entryOf(context, it, 'message.forwarding')),
    )
    return { rows, going }
  })
  const envelopes = await readEvents(context, party, read.going as EventSource[])
  const items: SentEvent[] = []
  for (const { id, cover } of read.going) {
    const envelope = envelopes.get(id)
    if (envelope) items.push(await coverEvent(envelope, cover))
  }
  return { items, next: read.rows.length === page.limit ? (read.rows.at(-1)?.id ?? null) : null }
}

type Coverable = HandOver & { cover: Parameters<typeof coverEvent>[1] }

function isCoverable<T extends { cover: Cover }>(it: T): it is T & Coverable {
  return it.cover !== NO_ENCRYPTION_KEY
}

/**
 * Marks as taken what the inbox showed up to and including one event, whatever became of tries at a
 * webhook; a second time changes nothing. What it did not show stays, also where its id is lower.
 */
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
        .filter(row => row.moved)
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
  /** Whether it was on its way, for the first time or once more. */
  moved: boolean
  /** Whether it is an answer within the number of its period. */
  follows: boolean
}

// Why it is not shown; a try at a webhook tells that by itself.
const WAIT = `
  UPDATE hand_over SET reason = $2 WHERE id = ANY($1) AND state = 'queued' AND reason IS NULL`

const SELECT = `
  SELECT ${HAND_OVER_COLUMNS}, h.listed_at IS NOT NULL AS listed
  FROM hand_over h LEFT JOIN message m ON m.id = h.message_id
  WHERE h.destination = $1 AND h.kind = 'event' AND h.with_id IS NULL AND h.acknowledged_at IS NULL
    AND h.state IN ('queued', 'retrying', 'parked', 'delivered') AND h.id > $2
  ORDER BY h.id LIMIT $3 FOR UPDATE OF h`

// Followers of a period's number go with it.
const ACKNOWLEDGE = `
  WITH open AS (
    SELECT id, state <> 'delivered' AS moved FROM hand_over
    WHERE destination = $1 AND kind = 'event' AND id <= $2
      AND listed_at IS NOT NULL
      AND acknowledged_at IS NULL AND state IN ('queued', 'retrying', 'parked', 'delivered') FOR UPDATE),
  taken AS (
    UPDATE hand_over t SET state = 'delivered', acknowledged_at = now(), claimed_until = NULL,
      delivered_at = coalesce(t.delivered_at, now()), reason = NULL
    FROM open WHERE t.id = open.id OR (t.with_id = open.id AND t.state = 'held')
    RETURNING t.*, open.moved OR t.with_id = open.id AS moved)
  SELECT ${HAND_OVER_COLUMNS}, h.moved, h.with_id IS NOT NULL AS follows
  FROM taken h LEFT JOIN message m ON m.id = h.message_id`
