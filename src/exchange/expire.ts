import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { newId } from '../ids.ts'
import { pausesOf } from '../protocol/pause.ts'

const MAX_EXPIRING = 5_000

interface Waiting {
  id: string
  party_id: string
  type: string
}

/** A request, and one party that is told of it. */
type Told = Pick<Waiting, 'id' | 'party_id'>

/**
 * Requests without an answer in the protocol's window expire, and both sides are told; what was delivered
 * stays delivered. The clock stands still while the agreement or the sender's accession is suspended.
 */
export async function expireInteractions(context: Context): Promise<void> {
  const at = context.clock()
  const pauses = await readPauses(context, at)
  await inTransaction(context.pool, async tx => {
    const { rows: expired } = await tx.query<Waiting>(DUE, [
      at,
      pauses.map(it => it.protocol),
      pauses.map(it => it.party),
      pauses.map(it => new Date(it.from)),
      pauses.map(it => new Date(Math.min(it.until, at.getTime()))),
    ])
    if (expired.length === 0) return
    await tx.query(EXPIRE, [expired.map(row => row.id)])
    await tellExpired(tx, expired, at)
    await recordEntries(
      tx,
      expired.map(row => ({
        action: 'message.expired' as const,
        at,
        actor: { role: 'gateway' },
        message: { id: row.id, type: row.type },
        code: 'HB-504',
      })),
    )
  })
}

/**
 * Puts notices in the outbox: for each sender that its request got no answer, and for whoever received
 * the request, or may have, that none is awaited any more. They name the request, and nobody in it.
 */
export async function tellExpired(tx: Tx, expired: readonly Told[], at: Date): Promise<void> {
  const { rows: received } = await tx.query<Told>(
    `SELECT message_id AS id, destination AS party_id FROM hand_over
     WHERE message_id = ANY($1) AND kind = 'request' AND (attempts > 0 OR delivered_at IS NOT NULL)`,
    [expired.map(row => row.id)],
  )
  const told = [...expired, ...received]
  await tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, event, counted, items, state, due_at, created_at)
     SELECT id, message_id, party_id, 'event', $4, false, 0, 'queued', now(), $5
     FROM unnest($1::text[], $2::text[], $3::text[]) AS n (id, message_id, party_id)`,
    [
      told.map(() => newId('del', at)),
      told.map(row => row.id),
      told.map(row => row.party_id),
      EVENTS.expired,
      at,
    ],
  )
}

/** When clocks stood still, for each sender with a request that would be due by now. */
async function readPauses(context: Context, at: Date) {
  const { rows } = await context.pool.query<{ protocol: string; party_id: string }>(
    `SELECT DISTINCT protocol, party_id FROM message
     WHERE answer_state = 'awaiting' AND answer_due_at <= $1`,
    [at],
  )
  const set = context.protocols.current()
  return rows.flatMap(({ protocol, party_id: party }) =>
    pausesOf(set, protocol, party)
      .filter(pause => pause.from < at.getTime())
      .map(pause => ({ protocol, party, ...pause })),
  )
}

// The pauses count before the limit does, so that those whose clock stands still keep none waiting.
const DUE = `
  WITH pause AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
      AS p (protocol, party_id, since, until))
  SELECT id, party_id, type FROM message m
  WHERE answer_state = 'awaiting' AND answer_due_at <= $1
    AND answer_due_at + (
      SELECT coalesce(sum(p.until - greatest(p.since, m.received_at)), interval '0') FROM pause p
      WHERE p.protocol = m.protocol AND p.party_id = m.party_id AND p.until > m.received_at) <= $1
  ORDER BY id LIMIT ${MAX_EXPIRING} FOR NO KEY UPDATE SKIP LOCKED`

const EXPIRE = `
  WITH expired AS (
    UPDATE message SET answer_state = 'expired', answer_code = 'HB-504' WHERE id = ANY($1)
    RETURNING id),
  unsent AS (
    UPDATE hand_over h SET state = 'expired', reason = 'HB-504', claimed_until = NULL FROM expired
    WHERE h.message_id = expired.id AND h.kind = 'request' AND h.delivered_at IS NULL
      AND h.state IN ('queued', 'retrying', 'held', 'parked'))
  DELETE FROM detection_row r USING expired WHERE r.message_id = expired.id`
