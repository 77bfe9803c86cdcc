import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { ACTIONS, type Changed, entryOf, followerEntry, type HandOver } from './outbox.ts'

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

// What has arrived is not kept; feedback and results stay for the retention of the protocol.
async function eraseDelivered(tx: Tx, results: Result[]): Promise<void> {
  const delivered = results.filter(result => result.state === 'delivered').map(result => result.id)
  if (delivered.length === 0) return
  await tx.query(
    `DELETE FROM outgoing_item o USING hand_over h
     WHERE h.id = ANY($1) AND h.kind = 'items'
       AND o.message_id = h.message_id AND o.domain = h.domain`,
    [delivered],
  )
}

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
