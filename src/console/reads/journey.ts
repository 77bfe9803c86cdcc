import { EVERYTHING, partyOf, type Scope, within } from '../../access/scope.ts'
import type { Queryable } from '../../db/pool.ts'
import { stepsOf, viewMessage } from '../../exchange/view.ts'
import { handedOf, itemsOf, stateOfMessage } from './messages.ts'

/** A message as the privacy officer sees it: names, counts and times, never a value of its body. */
export interface MessageFile {
  id: string
  type: string
  protocol: string | null
  protocolVersion: string | null
  protocolDigest: string | null
  fields: string[] | null
  partyId: string
  partyName: string
  purpose: string | null
  domain: string | null
  period: string | null
  targetGroup: { id: string; version: string } | null
  inReplyTo: string | null
  receivedAt: Date
  /** Of its body; empty where it is another's. */
  digest: string | null
  accepted: number
  refused: number
  code: string | null
  receipt: string | null
  /** Whether the party of the scope sent it, or the scope is all. */
  isOwn: boolean
  state: string
}

/** One hand-over; what it carries is not shown, only how much. */
export interface HandOverLine {
  id: string
  destination: string | null
  destinationName: string | null
  kind: string
  event: string | null
  items: number
  withdrawn: number
  state: string
  reason: string | null
  attempts: number
  lastStatus: number | null
  dueAt: Date
  createdAt: Date
  deliveredAt: Date | null
  acknowledgedAt: Date | null
}

/** A state that the message reached. */
export interface Step {
  state: string
  at: Date
  code: string | null
}

/** At most this many rows of each list. */
export const MOST = 200
// A hand-over is tried some thirty times, and more where it is asked for again.
const MOST_STEPS = 100

/** The message of the scope with that id, or undefined; of what another sent only what comes to the party. */
export async function findMessage(
  db: Queryable,
  id: string,
  scope: Scope = EVERYTHING,
): Promise<MessageFile | undefined> {
  const own = within.sent('m', '$2')
  const { rows } = await db.query<MessageFile>(
    `SELECT m.id, m.type, m.protocol, m.protocol_version AS "protocolVersion",
       m.protocol_digest AS "protocolDigest", m.fields, m.party_id AS "partyId",
       p.name AS "partyName", m.purpose, m.domain, m.period, m.target_group AS "targetGroup",
       m.in_reply_to AS "inReplyTo", m.received_at AS "receivedAt", ${itemsOf('$2')}, ${own} AS "isOwn",
       CASE WHEN ${own} THEN m.digest END AS digest, CASE WHEN ${own} THEN m.code END AS code,
       CASE WHEN ${own} THEN m.receipt END AS receipt, ${stateOfMessage('$2')} AS state
     FROM message m JOIN party p ON p.id = m.party_id ${handedOf('$2')}
     WHERE m.id = $1 AND ${within.message('m', '$2')}`,
    [id, partyOf(scope)],
  )
  return rows[0]
}

/** Its hand-overs of the scope, the first 200, oldest first. */
export async function listHandOvers(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<HandOverLine[]> {
  const { rows } = await db.query<HandOverLine>(
    `SELECT h.id, h.destination, p.name AS "destinationName", h.kind, h.event,
       h.items + h.repeats AS items, h.withdrawn, h.state,
       h.reason, h.attempts, h.last_status AS "lastStatus", h.due_at AS "dueAt",
       h.created_at AS "createdAt", h.delivered_at AS "deliveredAt",
       h.acknowledged_at AS "acknowledgedAt"
     FROM hand_over h JOIN message m ON m.id = h.message_id LEFT JOIN party p ON p.id = h.destination
     WHERE h.message_id = $1 AND ${within.handOver('h', 'm', '$2')} ORDER BY h.id LIMIT ${MOST}`,
    [messageId, partyOf(scope)],
  )
  return rows
}

/**
 * The states it went through, oldest first: to who sent it those that the interface tells, of a message of
 * another those of what came to the party.
 */
export async function listSteps(
  db: Queryable,
  { id, isOwn }: Pick<MessageFile, 'id' | 'isOwn'>,
  { party }: Scope = EVERYTHING,
): Promise<Step[]> {
  if (party !== undefined && isOwn) {
    const { transitions } = await viewMessage(db, party, id)
    return transitions.map(({ state, at, code = null }) => ({ state, at: new Date(at), code }))
  }
  const steps = party === undefined ? stepsOf('$1') : STEPS_TO_PARTY
  const values = party === undefined ? [id] : [id, party]
  const { rows } = await db.query<Step>(`${steps} ORDER BY at LIMIT ${MOST}`, values)
  return rows
}

const STEPS_TO_PARTY = `
  SELECT t.state, t.at, t.code FROM transition t JOIN hand_over h ON h.id = t.hand_over_id
  WHERE t.message_id = $1 AND ${within.delivery('h', '$2')}`

/** A step of one hand-over. */
export interface Stay {
  handOverId: string
  was: string
  state: string
  at: Date
}

/** The steps of its hand-overs, oldest first; of the first 200 of them, the first 100 of each. */
export async function listStays(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<Stay[]> {
  const { rows } = await db.query<Stay>(
    `SELECT t.hand_over_id AS "handOverId", t.was, t.state, t.at
     FROM (SELECT h.id FROM hand_over h JOIN message m ON m.id = h.message_id
       WHERE h.message_id = $1 AND ${within.handOver('h', 'm', '$2')} ORDER BY h.id LIMIT ${MOST}) h
     CROSS JOIN LATERAL (
       SELECT * FROM transition WHERE hand_over_id = h.id ORDER BY id LIMIT ${MOST_STEPS}) t
     ORDER BY t.id`,
    [messageId, partyOf(scope)],
  )
  return rows
}

/** One try of a hand-over. */
export interface AttemptLine {
  at: Date
  destination: string
  /** Absent while it is under way, or where its worker died. */
  outcome: string | null
  status: number | null
  reason: string | null
  milliseconds: number | null
}

/** Every try of its hand-overs of the scope, oldest first; the first 200. */
export async function listAttempts(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<AttemptLine[]> {
  const { rows } = await db.query<AttemptLine>(
    `SELECT a.at, a.destination, a.outcome, a.status, a.reason, a.milliseconds
     FROM attempt a JOIN hand_over h ON h.id = a.hand_over_id JOIN message m ON m.id = h.message_id
     WHERE h.message_id = $1 AND ${within.handOver('h', 'm', '$2')} ORDER BY a.id LIMIT ${MOST}`,
    [messageId, partyOf(scope)],
  )
  return rows
}

/** A message that came in return. */
export interface RelatedMessage {
  id: string
  type: string
  receivedAt: Date
  partyName: string
}

/** Accepted messages of the scope that answer this one or report on feedback it carried, the first 200. */
export async function listRelated(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<RelatedMessage[]> {
  const { rows } = await db.query<RelatedMessage>(
    `WITH related AS (
       SELECT id FROM message WHERE in_reply_to = $1
       UNION
       SELECT h.message_id FROM feedback f JOIN hand_over h ON h.feedback_id = f.id
       WHERE f.message_id = $1 AND h.message_id <> $1)
     SELECT m.id, m.type, m.received_at AS "receivedAt", p.name AS "partyName"
     FROM related JOIN message m USING (id) JOIN party p ON p.id = m.party_id
     WHERE m.accepted > 0 AND ${within.message('m', '$2')} ORDER BY m.id LIMIT ${MOST}`,
    [messageId, partyOf(scope)],
  )
  return rows
}

/** How far the feedback that this message carried has come, as counts per status, and how much is late. */
export async function countFeedback(
  db: Queryable,
  messageId: string,
  scope: Scope = EVERYTHING,
): Promise<{ status: string; count: number; late: number }[]> {
  const { rows } = await db.query(
    `SELECT status, count(*) AS count,
       count(*) FILTER (WHERE overdue_at IS NOT NULL AND status <> 'closed') AS late
     FROM feedback f WHERE message_id = $1 AND ${within.feedback('f', '$2')}
     GROUP BY status ORDER BY 1`,
    [messageId, partyOf(scope)],
  )
  return rows
}
