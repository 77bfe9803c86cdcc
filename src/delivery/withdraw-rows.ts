import type { Tx } from '../db/pool.ts'

/** A row or item that must not leave any more: whose hand-over it is in, and about whom it is. */
export interface DoomedRow {
  handOverId: string
  subjectTag: Uint8Array
}

/** A message that lost rows. */
export interface Withdrawn {
  handOverId?: string
  messageId: string
  type: string
  rows: number
  /** Whether no row is left: then the whole request is withdrawn and waits for no answer. */
  whole: boolean
}

/**
 * Takes rows out of requests that have not left yet: the row goes, the hand-over counts it as
 * withdrawn, and the person is no longer a member of the group that a number is about.
 * @param reason why, as a code
 */
export async function withdrawRows(
  tx: Tx,
  doomed: DoomedRow[],
  reason: string,
): Promise<Withdrawn[]> {
  if (doomed.length === 0) return []
  const { rows } = await tx.query<Withdrawn>(
    `WITH doomed AS (
       SELECT * FROM unnest($1::text[], $2::bytea[]) AS d (hand_over, subject_tag)),
     gone_rows AS (
       DELETE FROM detection_row r USING doomed d JOIN hand_over h ON h.id = d.hand_over
       WHERE r.message_id = h.message_id AND r.subject_tag = d.subject_tag
       RETURNING h.id, h.message_id, r.subject_tag, false AS repeat),
     gone_items AS (
       DELETE FROM outgoing_item o USING doomed d JOIN hand_over h ON h.id = d.hand_over
       WHERE o.message_id = h.message_id AND o.domain = h.domain AND o.subject_tag = d.subject_tag
       RETURNING h.id, h.message_id, o.subject_tag, ${REPEATS} AS repeat),
     gone AS (SELECT * FROM gone_rows UNION ALL SELECT * FROM gone_items),
     forgotten AS (
       DELETE FROM period_member p USING gone JOIN message m ON m.id = gone.message_id
       WHERE p.protocol = m.protocol AND p.party_id = m.party_id AND p.period = m.period
         AND p.type = m.type AND p.subject_tag = gone.subject_tag),
     named AS (
       SELECT id, count(*)::int AS every, count(*) FILTER (WHERE repeat)::int AS repeated
       FROM gone GROUP BY id),
     counted AS (
       SELECT h.id, n.every, least(h.items, n.every - least(n.repeated, h.repeats)) AS rows,
         n.every = h.items + h.repeats AS whole
       FROM named n JOIN hand_over h ON h.id = n.id),
     changed AS (
       UPDATE hand_over h SET items = items - rows, withdrawn = withdrawn + rows,
         repeats = repeats - (every - rows),
         state = CASE WHEN whole THEN 'withdrawn' ELSE state END,
         reason = CASE WHEN whole THEN $3 ELSE reason END,
         claimed_until = CASE WHEN whole THEN NULL ELSE claimed_until END
       FROM counted WHERE h.id = counted.id
       RETURNING h.id, h.message_id, rows, whole),
     settled AS (
       UPDATE message m SET answer_state = NULL FROM changed
       WHERE changed.whole AND m.id = changed.message_id AND m.answer_state = 'awaiting')
     SELECT changed.id AS "handOverId", message_id AS "messageId", m.type, rows, whole
     FROM changed JOIN message m ON m.id = message_id`,
    [doomed.map(it => it.handOverId), doomed.map(it => it.subjectTag), reason],
  )
  return rows
}

// Of an item that ends something: whether another hand-over of its message counts the person, the one
// by the tag of the newest key epoch under which the sender named it.
const REPEATS = `(o.feedback_id IS NULL AND h.repeats > 0 AND (h.items = 0 OR EXISTS (
  SELECT FROM message s JOIN route n ON n.party_id = s.party_id AND n.subject_tag = o.subject_tag
    JOIN domain newer ON newer.name = n.domain JOIN domain own ON own.name = o.domain
  WHERE s.id = h.message_id AND newer.protocol = own.protocol AND newer.epoch > own.epoch)))`

/**
 * What goes with hand-overs that are withdrawn whole, as further parts of a statement in which `gone`
 * lists their message_id, kind, domain and feedback_id: their request waits for no answer, its rows or
 * their items are erased, and no one has to look at them any more.
 */
export const LET_GO = `
  unanswered AS (
    UPDATE message m SET answer_state = NULL FROM gone
    WHERE gone.kind = 'request' AND m.id = gone.message_id AND m.answer_state = 'awaiting'),
  rows AS (
    DELETE FROM detection_row r USING gone
    WHERE gone.kind = 'request' AND r.message_id = gone.message_id),
  items AS (
    DELETE FROM outgoing_item o USING gone
    WHERE gone.kind = 'items' AND o.message_id = gone.message_id AND o.domain = gone.domain),
  exceptions AS (
    UPDATE exception e SET closed_at = now() FROM gone
    WHERE e.feedback_id = gone.feedback_id AND e.closed_at IS NULL)`
