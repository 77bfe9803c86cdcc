import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { newId } from '../ids.ts'
import type { Agreement } from '../protocol/document.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { agreementOf, referenceOf } from '../protocol/lookup.ts'
import { pausesOf } from '../protocol/pause.ts'
import { isFree } from '../pseudonym/restricted.ts'
import { PARTIES_OF } from './contested.ts'
import { obstacleFor } from './obstacle.ts'

const CHUNK = 1_000

/** Feedback of one type that one party has, under one agreement. */
interface Kind {
  protocol: string
  party: string
  type: string
}

type Term = Kind & { days: number }

interface Overdue extends Kind {
  id: string
  messageId: string
  purpose: string | null
  receiver: string
  subjectTag: Buffer
  dueOn: string
}

/**
 * Feedback that is not closed by the end of the last day that its protocol gives is overdue: its receiver
 * is told by an event, once, and an entry tells the privacy officer. The clock stands still while the
 * agreement or the accession is suspended. What nobody can take up any more (no current route, two of
 * them, withdrawn, expired) is not overdue, nor what no message type reports progress of.
 * @returns the parties to wake
 */
export async function tellOverdue(context: Context): Promise<string[]> {
  await withdrawMoot(context)
  const at = context.clock()
  const terms = await readTerms(context, at)
  if (terms.length === 0) return []
  const told = new Set<string>()
  for (;;) {
    const found = await inTransaction(context.pool, tx => tellChunk(context, tx, terms, at))
    for (const { receiver } of found) told.add(receiver)
    if (found.length < CHUNK) return [...told]
  }
}

/** The days that each kind of feedback has, where the agreement and the accession are in force. */
async function readTerms(context: Context, at: Date): Promise<Term[]> {
  const { rows } = await context.pool.query<Kind>(
    `SELECT DISTINCT protocol, party_id AS party, type FROM feedback
     WHERE status <> 'closed' AND overdue_at IS NULL AND party_id IS NOT NULL`,
  )
  const set = context.protocols.current()
  return rows.flatMap(kind => {
    const agreement = agreementOf(set, kind.protocol)
    if (!agreement || !reportsProgress(agreement.document, kind.type)) return []
    if (obstacleFor(set, kind.protocol, kind.party, at)) return []
    return [{ ...kind, days: agreement.document.modalities.daysToOverdue }]
  })
}

/** Whether the receiver of such an event has a message to close it with. */
function reportsProgress({ messageTypes }: Agreement, type: string): boolean {
  const event = messageTypes.find(one => one.type === type)
  return messageTypes.some(
    one =>
      one.pattern === 'progress' &&
      one.enabled &&
      one.from === event?.to &&
      (one.answers === undefined || one.answers === type),
  )
}

async function tellChunk(
  context: Context,
  tx: Tx,
  terms: readonly Term[],
  at: Date,
): Promise<Overdue[]> {
  const set = context.protocols.current()
  const pauses = readPauses(set, terms, at)
  const { rows: overdue } = await tx.query<Overdue>(DUE, [
    at,
    terms.map(it => it.protocol),
    terms.map(it => it.party),
    terms.map(it => it.type),
    terms.map(it => it.days),
    pauses.map(it => it.protocol),
    pauses.map(it => it.party),
    pauses.map(it => new Date(it.from)),
    pauses.map(it => new Date(Math.min(it.until, at.getTime()))),
  ])
  if (overdue.length === 0) return []
  await tx.query(TELL, [
    overdue.map(it => it.id),
    overdue.map(it => it.dueOn),
    overdue.map(() => newId('del', at)),
    EVENTS.overdue,
    at,
  ])
  await recordEntries(tx, entriesOf(set, overdue, at))
  return overdue
}

function readPauses(set: ProtocolSet, terms: readonly Term[], at: Date) {
  const pairs = new Map(terms.map(it => [`${it.protocol} ${it.party}`, it]))
  return [...pairs.values()].flatMap(({ protocol, party }) =>
    pausesOf(set, protocol, party)
      .filter(pause => pause.from < at.getTime())
      .map(pause => ({ protocol, party, ...pause })),
  )
}

/** One entry for each message and receiver. */
function entriesOf(set: ProtocolSet, overdue: readonly Overdue[], at: Date) {
  const groups = Map.groupBy(overdue, it => `${it.messageId} ${it.receiver}`)
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (!first) return []
    const protocol = referenceOf(set, first.protocol)
    return {
      action: 'feedback.overdue' as const,
      at,
      actor: { role: 'gateway' },
      message: { id: first.messageId, type: first.type },
      recipient: first.receiver,
      counts: { items: group.length },
      rule: 'modalities.daysToOverdue',
      subjects: group.map(it => it.subjectTag),
      ...(protocol && { protocol }),
      ...(first.purpose && { purpose: first.purpose }),
    }
  })
}

/** Notices that have not left about what was closed, or is not with that party any more. */
async function withdrawMoot(context: Context): Promise<void> {
  const at = context.clock()
  await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<{ id: string; type: string; party: string; reason: string }>(
      MOOT,
      [EVENTS.overdue],
    )
    await recordEntries(
      tx,
      rows.map(({ id, type, party, reason }) => ({
        action: 'message.withdrawn' as const,
        at,
        actor: { role: 'gateway' },
        message: { id, type },
        recipient: party,
        counts: { items: 0 },
        ...(reason.startsWith('HB-') ? { code: reason } : { reason }),
      })),
    )
  })
}

const ROUTED = `EXISTS (SELECT FROM current_route r
  WHERE r.domain = f.domain AND r.tag = f.tag AND r.party_id = f.party_id)`

// What carries the feedback to its receiver: an event of its own, or a call with others of its message.
const CARRIED = `EXISTS (SELECT FROM hand_over h
  WHERE h.message_id = f.message_id AND h.counted AND h.state NOT IN ('withdrawn', 'expired')
    AND (h.feedback_id = f.id OR (h.kind = 'items' AND h.domain = f.domain)))`

// Who objected in time was taken out of a call that others may still be in.
const OBJECTED = `EXISTS (SELECT FROM objection o
  WHERE o.protocol = f.protocol AND o.party_id = f.party_id AND o.subject_tag = f.subject_tag
    AND o.objected_on >= (f.created_at AT TIME ZONE 'UTC')::date)`

const DUE = `
  WITH term AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS t (protocol, party, type, days)),
  pause AS (
    SELECT * FROM unnest($6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[])
      AS p (protocol, party, since, until))
  SELECT f.id, f.message_id AS "messageId", f.protocol, f.type, f.party_id AS party,
    f.receiver_id AS receiver, f.subject_tag AS "subjectTag", m.purpose, due.day AS "dueOn"
  FROM feedback f JOIN term t ON t.protocol = f.protocol AND t.party = f.party_id AND t.type = f.type
    JOIN message m ON m.id = f.message_id
    CROSS JOIN LATERAL (
      SELECT ((f.open_since + make_interval(hours => 24 * t.days) + (
        SELECT coalesce(sum(p.until - greatest(p.since, f.open_since)), interval '0') FROM pause p
        WHERE p.protocol = f.protocol AND p.party = f.party_id AND p.until > f.open_since))
        AT TIME ZONE 'UTC')::date AS day) AS due
  WHERE f.status <> 'closed' AND f.overdue_at IS NULL AND f.receiver_id IS NOT NULL
    AND f.open_since + make_interval(hours => 24 * t.days) < $1
    AND due.day < ($1::timestamptz AT TIME ZONE 'UTC')::date
    AND ${ROUTED} AND ${CARRIED} AND ${isFree('f.subject_tag')} AND NOT ${OBJECTED} AND ${PARTIES_OF} = ARRAY[f.party_id]
  ORDER BY f.id LIMIT ${CHUNK} FOR NO KEY UPDATE OF f SKIP LOCKED`

const TELL = `
  WITH late AS (
    UPDATE feedback f SET due_on = l.due_on, overdue_at = $5
    FROM unnest($1::text[], $2::date[], $3::text[]) AS l (id, due_on, hand_over)
    WHERE f.id = l.id RETURNING f.*, l.hand_over)
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, counted, items,
    state, due_at, created_at)
  SELECT hand_over, message_id, receiver_id, 'event', $4, domain, id, false, 0, 'queued', now(), $5
  FROM late`

const MOOT = `
  UPDATE hand_over h SET state = 'withdrawn', claimed_until = NULL,
    reason = CASE WHEN f.status = 'closed' THEN 'feedback-closed' ELSE 'HB-405' END
  FROM feedback f JOIN message m ON m.id = f.message_id
  WHERE h.feedback_id = f.id AND h.event = $1 AND h.state IN ('queued', 'retrying', 'held', 'parked')
    AND h.delivered_at IS NULL AND (h.claimed_until IS NULL OR h.claimed_until < now())
    AND (f.status = 'closed' OR f.receiver_id IS DISTINCT FROM h.destination OR NOT ${ROUTED})
  RETURNING m.id, m.type, h.destination AS party, h.reason`
