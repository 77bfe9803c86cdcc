import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { BEGIN_BY_INDEX, inPipeline, inTransaction, type Tx } from '../db/pool.ts'
import { recordSignals, type Sign, type Turned } from './circuit.ts'
import type { Claimed } from './claim.ts'
import { ACTIONS, type Changed, entryOf, followerEntry } from './outbox.ts'
import { disableWebhook } from './webhook-end.ts'

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
  /** What it says of the destination; absent where nothing was asked of it. */
  sign?: Sign
  /** Seconds the peer asked for, where it did. */
  retryAfter?: number
  /** The address of a webhook that wants nothing any more. */
  gone?: string
  milliseconds?: number
}

/**
 * Records what became of claimed hand-overs, with their evidence and what it says of the destination,
 * in one transaction.
 * @returns whether a destination that was paused works again
 */
export async function recordResults(
  context: Context,
  destination: string,
  batch: Claimed[],
  results: Result[],
): Promise<{ worksAgain: boolean }> {
  const record = async (tx: Tx) => {
    const changed = await change(tx, batch, results)
    await inPipeline(
      recordEntries(tx, entriesOf(context, batch, results, changed)),
      eraseDelivered(tx, batch, results),
    )
    const gone = results.find(result => result.gone)?.gone
    if (gone) await disableWebhook(context, tx, destination, gone)
    return recordSignals(tx, destination, signalsOf(batch, results))
  }
  const turned = await inTransaction(context.pool, record, BEGIN_BY_INDEX)
  for (const turn of turned) tell(context, destination, turn)
  return { worksAgain: turned.some(({ paused }) => !paused) }
}

function tell(context: Context, destination: string, { channel, paused }: Turned): void {
  if (paused) context.log.warn('a destination is paused', { destination, channel })
  else context.log.info('a destination works again', { destination, channel })
}

interface Recorded extends Changed {
  state: string
}

async function change(tx: Tx, batch: Claimed[], results: Result[]): Promise<Recorded[]> {
  const attemptOf = new Map(batch.map(handOver => [handOver.id, handOver.attemptId]))
  const values = [
    results.map(result => result.id),
    results.map(result => result.state),
    results.map(result => result.status ?? null),
    results.map(result => result.reason ?? null),
    results.map(result => result.delay ?? 0),
    results.map(result => attemptOf.get(result.id)),
    results.map(result => result.milliseconds ?? null),
  ]
  // Named, here and below: parsed and planned once a connection, not for every batch.
  const { rows } = await tx.query<Recorded>({ name: 'record-results', text: RECORD, values })
  return rows
}

function entriesOf(
  context: Context,
  batch: Claimed[],
  results: Result[],
  changed: Recorded[],
): EntryDraft[] {
  const byId = new Map(batch.map(handOver => [handOver.id, handOver]))
  const stateOf = new Map(results.map(result => [result.id, result.state]))
  const own = new Map(changed.map(row => [row.id, row.state]))
  const drafts = results.flatMap(result => {
    const handOver = byId.get(result.id)
    const state = own.get(result.id)
    if (!handOver || !state) return []
    // What was delivered before stays so; that it did not arrive once more is all there is to say.
    const isReplay = state === 'delivered' && result.state !== 'delivered'
    const action = isReplay ? 'message.replay-failed' : ACTIONS[result.state]
    return [
      { ...entryOf(context, handOver, action), ...(result.reason && { reason: result.reason }) },
    ]
  })
  const followers = changed
    .filter(row => row.withId !== null && !byId.has(row.id))
    .map(row => followerEntry(context, row, stateOf.get(row.withId ?? '') ?? 'delivered'))
  return [...drafts, ...followers]
}

function signalsOf(batch: Claimed[], results: Result[]) {
  const kindOf = new Map(batch.map(handOver => [handOver.id, handOver.kind]))
  return results.flatMap(({ id, sign, reason = '', retryAfter = 0 }) => {
    const channel = kindOf.get(id) === 'event' ? ('webhook' as const) : ('calls' as const)
    return sign ? [{ channel, sign, reason, retryAfter }] : []
  })
}

// What has arrived is not kept; feedback and results stay for the retention of the protocol.
async function eraseDelivered(tx: Tx, batch: Claimed[], results: Result[]): Promise<void> {
  const arrived = new Set(results.filter(it => it.state === 'delivered').map(it => it.id))
  const items = batch.filter(it => it.kind === 'items' && arrived.has(it.id))
  if (items.length === 0) return
  await tx.query(
    `DELETE FROM outgoing_item o USING unnest($1::text[], $2::text[]) AS d (message_id, domain)
     WHERE o.message_id = d.message_id AND o.domain = d.domain`,
    [items.map(it => it.messageId), items.map(it => it.domain)],
  )
}

// An answer may have proved delivery in the meantime: only what is still open changes.
const RECORD = `
  WITH result AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::float8[], $6::text[], $7::int[])
      AS r (id, state, status, reason, delay, attempt, milliseconds)),
  tried AS (
    UPDATE attempt a SET outcome = r.state, status = r.status, reason = r.reason,
      milliseconds = r.milliseconds FROM result r WHERE a.id = r.attempt),
  told AS (
    SELECT r.id AS own, r.* FROM result r
    UNION ALL
    SELECT f.id, r.* FROM result r JOIN hand_over f ON f.with_id = r.id
    WHERE r.state IN ('delivered', 'withdrawn')),
  changed AS (
    UPDATE hand_over h SET last_status = r.status, reason = r.reason, claimed_until = NULL,
      state = CASE WHEN h.delivered_at IS NOT NULL AND r.state IN ('parked', 'withdrawn')
        THEN 'delivered' ELSE r.state END,
      due_at = now() + make_interval(secs => r.delay),
      delivered_at = coalesce(h.delivered_at, CASE WHEN r.state = 'delivered' THEN now() END)
    FROM told r
    WHERE h.id = r.own AND CASE WHEN r.own = r.id
      THEN h.state IN ('queued', 'retrying')
        OR (r.state = 'delivered' AND h.state IN ('parked', 'expired'))
      ELSE h.with_id = r.id AND h.state = 'held' END
    RETURNING h.id, h.message_id, h.state, h.with_id, h.destination, h.items)
  SELECT c.id, c.message_id AS "messageId", c.with_id AS "withId", c.destination, c.items, c.state,
    m.type
  FROM changed c LEFT JOIN message m ON m.id = c.message_id`
