import type { Queryable } from '../../db/pool.ts'
import { stepsOf } from '../../exchange/view.ts'
import { HANDED, STATE_OF_MESSAGE } from './messages.ts'

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
  digest: string
  accepted: number
  refused: number
  code: string | null
  receipt: string | null
  answerState: string | null
  answerDueAt: Date | null
  answeredAt: Date | null
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

/** The message with that id, or undefined. */
export async function findMessage(db: Queryable, id: string): Promise<MessageFile | undefined> {
  const { rows } = await db.query<MessageFile>(
    `SELECT m.id, m.type, m.protocol, m.protocol_version AS "protocolVersion",
       m.protocol_digest AS "protocolDigest", m.fields, m.party_id AS "partyId",
       p.name AS "partyName", m.purpose, m.domain, m.period, m.target_group AS "targetGroup",
       m.in_reply_to AS "inReplyTo", m.received_at AS "receivedAt", m.digest, m.accepted, m.refused,
       m.code, m.receipt, m.answer_state AS "answerState", m.answer_due_at AS "answerDueAt",
       m.answered_at AS "answeredAt", ${STATE_OF_MESSAGE} AS state
     FROM message m JOIN party p ON p.id = m.party_id ${HANDED} WHERE m.id = $1`,
    [id],
  )
  return rows[0]
}

/** Its hand-overs, the first 200, oldest first. */
export async function listHandOvers(db: Queryable, messageId: string): Promise<HandOverLine[]> {
  const { rows } = await db.query<HandOverLine>(
    `SELECT h.id, h.destination, p.name AS "destinationName", h.kind, h.event,
       h.items + h.repeats AS items, h.withdrawn, h.state,
       h.reason, h.attempts, h.last_status AS "lastStatus", h.due_at AS "dueAt",
       h.created_at AS "createdAt", h.delivered_at AS "deliveredAt",
       h.acknowledged_at AS "acknowledgedAt"
     FROM hand_over h LEFT JOIN party p ON p.id = h.destination
     WHERE h.message_id = $1 ORDER BY h.id LIMIT ${MOST}`,
    [messageId],
  )
  return rows
}

/** The states it went through, oldest first. */
export async function listSteps(db: Queryable, messageId: string): Promise<Step[]> {
  const { rows } = await db.query<Step>(`${stepsOf('$1')} ORDER BY at LIMIT ${MOST}`, [messageId])
  return rows
}

/** A step of one hand-over. */
export interface Stay {
  handOverId: string
  was: string
  state: string
  at: Date
}

/** The steps of its hand-overs, oldest first; of the first 200 of them, the first 100 of each. */
export async function listStays(db: Queryable, messageId: string): Promise<Stay[]> {
  const { rows } = await db.query<Stay>(
    `SELECT t.hand_over_id AS "handOverId", t.was, t.state, t.at
     FROM (SELECT id FROM hand_over WHERE message_id = $1 ORDER BY id LIMIT ${MOST}) h
     CROSS JOIN LATERAL (
       SELECT * FROM transition WHERE hand_over_id = h.id ORDER BY id LIMIT ${MOST_STEPS}) t
     ORDER BY t.id`,
    [messageId],
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

/** Every try of its hand-overs, oldest first; the first 200. */
export async function listAttempts(db: Queryable, messageId: string): Promise<AttemptLine[]> {
  const { rows } = await db.query<AttemptLine>(
    `SELECT a.at, a.destination, a.outcome, a.status, a.reason, a.milliseconds
     FROM attempt a JOIN hand_over h ON h.id = a.hand_over_id
     WHERE h.message_id = $1 ORDER BY a.id LIMIT ${MOST}`,
    [messageId],
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

/** Accepted messages that answer this one or report on feedback it carried, the first 200. */
export async function listRelated(db: Queryable, messageId: string): Promise<RelatedMessage[]> {
  const { rows } = await db.query<RelatedMessage>(
    `WITH related AS (
       SELECT id FROM message WHERE in_reply_to = $1
       UNION
       SELECT h.message_id FROM feedback f JOIN hand_over h ON h.feedback_id = f.id
       WHERE f.message_id = $1 AND h.message_id <> $1)
     SELECT m.id, m.type, m.received_at AS "receivedAt", p.name AS "partyName"
     FROM related JOIN message m USING (id) JOIN party p ON p.id = m.party_id
     WHERE m.accepted > 0 ORDER BY m.id LIMIT ${MOST}`,
    [messageId],
  )
  return rows
}

/** How far the feedback that this message carried has come, as counts per status, and how much is late. */
export async function countFeedback(
  db: Queryable,
  messageId: string,
): Promise<{ status: string; count: number; late: number }[]> {
  const { rows } = await db.query(
    `SELECT status, count(*) AS count,
       count(*) FILTER (WHERE overdue_at IS NOT NULL AND status <> 'closed') AS late
     FROM feedback WHERE message_id = $1 GROUP BY status ORDER BY 1`,
    [messageId],
  )
  return rows
}
