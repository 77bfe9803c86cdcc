import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { BEGIN_BY_INDEX, inPipeline, inTransaction, type Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'
import { CHANNEL_OF, type Channel, openChannels } from './circuit.ts'
import { type Changed, entryOf, followerEntry, HAND_OVER_COLUMNS, type HandOver } from './outbox.ts'
import { decideAgain } from './recheck.ts'
import { findRestrictedIn, takeOut } from './take-out.ts'
import { type DoomedRow, LET_GO, type Withdrawn, withdrawRows } from './withdraw-rows.ts'

// Longer than all time limits of one try together, so that a live worker never loses its claim.
const LEASE_SECONDS = 60
const RESTRICTED = 'restricted'

/** A hand-over that one try has in hand. */
export interface Claimed extends HandOver {
  /** `att_` and a ULID: this try, for tracing. */
  attemptId: string
}

/**
 * Claims what is due for one destination, each hand-over checked against the protocol again, with
 * the evidence that it is about to leave. Nothing while the destination is paused, one of each channel
 * that may be well again. A claim lapses by itself where the worker dies.
 * @param limit at most so many calls, and so many events
 */
export async function claimDue(
  context: Context,
  destination: string,
  limit: number,
): Promise<Claimed[]> {
  return inTransaction(context.pool, tx => claimIn(context, tx, destination, limit), BEGIN_BY_INDEX)
}

async function claimIn(
  context: Context,
  tx: Tx,
  destination: string,
  limit: number,
): Promise<Claimed[]> {
  const channels = await openChannels(tx, destination, limit)
  if (channels.length === 0) return []
  const claimed = await claim(tx, destination, channels)
  if (claimed.length === 0) return []
  const free = await withoutRestricted(context, tx, claimed)
  const rows = await withoutEnded(context, tx, free)
  const decided = rows.map(handOver => ({ handOver, decision: decideAgain(context, handOver) }))
  const stopped = decided.filter(({ decision }) => decision.outcome !== 'go')
  await stop(context, tx, stopped)
  const going = decided.filter(({ decision }) => decision.outcome === 'go').map(it => it.handOver)
  const entries = going.map(it => entryOf(context, it, 'message.forwarding'))
  const [started] = await inPipeline(
    startAttempts(context, tx, destination, going),
    recordEntries(tx, entries),
  )
  return started
}

// Named, here and elsewhere: parsed and planned once a connection, not for every batch.
async function claim(
  tx: Tx,
  destination: string,
  channels: { channel: Channel; most: number }[],
): Promise<HandOver[]> {
  const values = [
    destination,
    channels.map(it => it.channel),
    channels.map(it => it.most),
    LEASE_SECONDS,
  ]
  const { rows } = await tx.query<HandOver>({ name: 'claim-due', text: CLAIM, values })
  return rows
}

async function startAttempts(
  context: Context,
  tx: Tx,
  destination: string,
  going: HandOver[],
): Promise<Claimed[]> {
  const at = context.clock()
  const started = going.map(handOver => ({ ...handOver, attemptId: newId('att', at) }))
  const values = [started.map(it => it.attemptId), started.map(it => it.id), destination]
  await tx.query({ name: 'start-attempts', text: START, values })
  return started
}

/** Takes out the rows of tenancies that ended while an earlier try had them in hand. */
async function withoutEnded(context: Context, tx: Tx, claimed: HandOver[]): Promise<HandOver[]> {
  const again = claimed.filter(it => it.kind !== 'event' && it.attempts > 1)
  if (again.length === 0) return claimed
  const { rows: doomed } = await tx.query<DoomedRow>(
    `SELECT h.id AS "handOverId", d.subject_tag AS "subjectTag"
     FROM hand_over h JOIN message m ON m.id = h.message_id
       JOIN detection_row d ON d.message_id = h.message_id
       JOIN route r ON r.domain = m.domain AND r.tag = d.tag AND r.party_id = m.party_id
     WHERE h.id = ANY($1) AND r.ended_on IS NOT NULL
     UNION
     SELECT h.id, o.subject_tag FROM hand_over h JOIN message m ON m.id = h.message_id
       JOIN outgoing_item o ON o.message_id = h.message_id AND o.domain = h.domain
       JOIN feedback f ON f.id = o.feedback_id AND f.message_id = o.message_id
       JOIN route r ON r.domain = o.domain AND r.tag = o.tag AND r.party_id = m.party_id
     WHERE h.id = ANY($1) AND r.ended_on IS NOT NULL`,
    [again.map(it => it.id)],
  )
  const withdrawn = await withdrawRows(tx, doomed, 'tenancy-ended')
  return without(context, tx, claimed, withdrawn, 'tenancy-ended')
}

/** Takes out persons whose processing was restricted while something about them was in hand. */
async function withoutRestricted(
  context: Context,
  tx: Tx,
  claimed: HandOver[],
): Promise<HandOver[]> {
  const found = await findRestrictedIn(
    tx,
    claimed.map(it => it.id),
  )
  if (found.length === 0) return claimed
  return without(context, tx, claimed, await takeOut(tx, found, RESTRICTED), RESTRICTED)
}

/** What is left of claimed hand-overs that lost rows, with the evidence of it. */
async function without(
  context: Context,
  tx: Tx,
  claimed: HandOver[],
  withdrawn: Withdrawn[],
  reason: string,
): Promise<HandOver[]> {
  const lostBy = new Map(withdrawn.map(it => [it.handOverId, it]))
  await recordEntries(
    tx,
    claimed.flatMap(it => {
      const lost = lostBy.get(it.id)
      const entry = { ...entryOf(context, it, 'message.withdrawn'), reason }
      return lost ? [{ ...entry, counts: { items: lost.rows } }] : []
    }),
  )
  return claimed
    .filter(it => !lostBy.get(it.id)?.whole)
    .map(it => ({ ...it, items: it.items - (lostBy.get(it.id)?.rows ?? 0) }))
}

// What was delivered before stays so: it is only not handed over once more.
function stoppedAction(handOver: HandOver, { outcome }: Decided['decision']) {
  if (handOver.deliveredAt) return 'message.replay-failed'
  return outcome === 'hold' ? 'message.held' : 'message.withdrawn'
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
       RETURNING h.id, h.message_id, h.kind, h.state, h.with_id, h.destination, h.domain,
         h.feedback_id, h.items),
     gone AS (SELECT * FROM ended WHERE state = 'withdrawn'), ${LET_GO}
     SELECT e.id, e.message_id AS "messageId", e.with_id AS "withId", e.destination, e.items, m.type
     FROM ended e JOIN message m ON m.id = e.message_id WHERE e.with_id IS NOT NULL`,
    [
      stopped.map(it => it.handOver.id),
      stopped.map(it => (it.decision.outcome === 'hold' ? 'held' : 'withdrawn')),
      stopped.map(it => it.decision.code),
    ],
  )
  const entries = stopped.map(({ handOver, decision }) => ({
    ...entryOf(context, handOver, stoppedAction(handOver, decision)),
    decision: 'refused' as const,
    code: decision.code ?? '',
    rule: decision.rule ?? '',
  }))
  await recordEntries(tx, [
    ...entries,
    ...followers.map(row => followerEntry(context, row, 'withdrawn')),
  ])
}

const CLAIM = `
  WITH due AS (
    SELECT d.id FROM unnest($2::text[], $3::int[]) AS ch (channel, most)
    CROSS JOIN LATERAL (
      SELECT h.id FROM hand_over h
      WHERE h.destination = $1 AND h.state IN ('queued', 'retrying') AND h.due_at <= now()
        AND ${CHANNEL_OF} = ch.channel
        AND (h.kind <> 'event' OR EXISTS (SELECT FROM webhook w WHERE w.party_id = h.destination
          AND (w.events IS NULL OR h.event = ANY(w.events))))
      ORDER BY h.due_at LIMIT ch.most FOR UPDATE SKIP LOCKED) d),
  claimed AS (
    UPDATE hand_over h SET attempts = h.attempts + 1,
      due_at = now() + make_interval(secs => $4), claimed_until = now() + make_interval(secs => $4)
    FROM due WHERE h.id = due.id RETURNING h.*)
  SELECT ${HAND_OVER_COLUMNS} FROM claimed h LEFT JOIN message m ON m.id = h.message_id ORDER BY h.id`

const START = `
  INSERT INTO attempt (id, hand_over_id, destination, at)
  SELECT id, hand_over, $3, now() FROM unnest($1::text[], $2::text[]) AS a (id, hand_over)`
