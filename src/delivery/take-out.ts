import type { Queryable, Tx } from '../db/pool.ts'
import { isFree } from '../pseudonym/restricted.ts'
import { LET_GO, type Withdrawn, withdrawRows } from './withdraw-rows.ts'

/** What is under way about a person within one hand-over. */
export interface UnderWay {
  handOverId: string
  kind: 'request' | 'items' | 'event'
  subjectTag: Uint8Array
  /** Whether a worker has it in hand at this moment. */
  inHand: boolean
}

/** By whom something is about a person: the subject tag, and the tags under keys that exist. */
export interface About {
  subjectTag: Uint8Array
  tags: readonly { domain: string; tag: Uint8Array }[]
}

/**
 * What is under way about a person, in all protocols, to and from all parties, its hand-overs locked in
 * one order. Rows that were delivered and only wait for an answer are not under way.
 * @param ends also what tells the recipient to stop: the end of a tenancy, a withdrawal
 */
export async function findUnderWay(tx: Tx, about: About, ends: boolean): Promise<UnderWay[]> {
  const { rows } = await tx.query<UnderWay>(UNDER_WAY, [
    about.subjectTag,
    about.tags.map(it => it.domain),
    about.tags.map(it => it.tag),
    ends,
  ])
  return rows
}

/**
 * What hand-overs say of persons whose processing is restricted; in one query for a whole batch, which
 * looks no further where nobody's is.
 */
export async function findRestrictedIn(
  db: Queryable,
  handOvers: readonly string[],
): Promise<UnderWay[]> {
  // Named: it is planned once a connection, not for every batch.
  const statement = { name: 'restricted-in', text: RESTRICTED, values: [handOvers] }
  const { rows } = await db.query<UnderWay>(statement)
  return rows
}

/**
 * Takes persons out of hand-overs that have not arrived: their rows and items go, an event about one is
 * withdrawn whole. Items stay conserved.
 * @param reason why, as a code
 * @returns the messages that lost items
 */
export async function takeOut(tx: Tx, all: UnderWay[], reason: string): Promise<Withdrawn[]> {
  const events = all.filter(it => it.kind === 'event').map(it => it.handOverId)
  const rows = await withdrawRows(
    tx,
    all.filter(it => it.kind !== 'event'),
    reason,
  )
  if (events.length === 0) return rows
  const { rows: gone } = await tx.query<Withdrawn>(WITHDRAW_EVENTS, [events, reason])
  return [...rows, ...gone]
}

const OPEN = `h.state IN ('queued', 'retrying', 'held', 'parked') AND h.delivered_at IS NULL`

// An item without a feedback ends something; so does nothing else that goes out by the tag.
const UNDER_WAY = `
  WITH known AS (SELECT * FROM unnest($2::text[], $3::bytea[]) AS k (domain, tag)),
  found AS (
    SELECT h.id, h.kind, d.subject_tag FROM detection_row d
      JOIN message m ON m.id = d.message_id
      JOIN hand_over h ON h.message_id = m.id AND h.kind = 'request' AND ${OPEN}
    WHERE d.subject_tag = $1 OR (m.domain, d.tag) IN (SELECT domain, tag FROM known)
    UNION
    SELECT h.id, h.kind, o.subject_tag FROM outgoing_item o
      JOIN hand_over h ON h.message_id = o.message_id AND h.kind = 'items' AND h.domain = o.domain
        AND ${OPEN}
    WHERE (o.subject_tag = $1 OR (o.domain, o.tag) IN (SELECT domain, tag FROM known))
      AND ($4 OR o.feedback_id IS NOT NULL)
    UNION
    SELECT h.id, h.kind, f.subject_tag FROM feedback f
      JOIN hand_over h ON h.feedback_id = f.id AND h.kind = 'event' AND ${OPEN}
    WHERE f.subject_tag = $1 OR (f.domain, f.tag) IN (SELECT domain, tag FROM known)),
  locked AS (
    SELECT h.id, coalesce(h.claimed_until > now(), false) AS "inHand" FROM hand_over h
    WHERE h.id IN (SELECT id FROM found) AND ${OPEN} ORDER BY h.id FOR NO KEY UPDATE OF h)
  SELECT f.id AS "handOverId", f.kind, f.subject_tag AS "subjectTag", l."inHand"
  FROM found f JOIN locked l USING (id) ORDER BY 1`

const RESTRICTED = `
  SELECT h.id AS "handOverId", h.kind, d.subject_tag AS "subjectTag", true AS "inHand"
  FROM hand_over h JOIN detection_row d ON d.message_id = h.message_id
  WHERE h.id = ANY($1) AND h.kind = 'request' AND ${OPEN} AND EXISTS (
    SELECT FROM restriction WHERE lifted_at IS NULL) AND NOT ${isFree('d.subject_tag')}
  UNION
  SELECT h.id, h.kind, o.subject_tag, true
  FROM hand_over h JOIN outgoing_item o ON o.message_id = h.message_id AND o.domain = h.domain
  WHERE h.id = ANY($1) AND h.kind = 'items' AND ${OPEN} AND o.feedback_id IS NOT NULL
    AND EXISTS (SELECT FROM restriction WHERE lifted_at IS NULL) AND NOT ${isFree('o.subject_tag')}
  UNION
  SELECT h.id, h.kind, f.subject_tag, true
  FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
  WHERE h.id = ANY($1) AND h.kind = 'event' AND ${OPEN}
    AND EXISTS (SELECT FROM restriction WHERE lifted_at IS NULL) AND NOT ${isFree('f.subject_tag')}`

const WITHDRAW_EVENTS = `
  WITH gone AS (
    UPDATE hand_over h SET state = 'withdrawn', reason = $2, claimed_until = NULL
    WHERE h.id = ANY($1) AND ${OPEN}
    RETURNING h.id, h.message_id, h.kind, h.domain, h.feedback_id, h.items), ${LET_GO}
  SELECT g.id AS "handOverId", g.message_id AS "messageId", m.type, g.items AS rows, true AS whole
  FROM gone g JOIN message m ON m.id = g.message_id`
