/**
 * What the database may hold of a person, column by column, and what an erasure does with it. A test
 * holds this list against the schema: a new table that can tell of a person is not forgotten.
 */
export const PERSON_COLUMNS: Readonly<Record<string, string>> = {
  'route.tag': 'deleted',
  'route.subject_tag': 'deleted',
  'route.reference_hash': 'deleted',
  'route.reference': 'deleted',
  'period_member.tag': 'replaced by random bytes: the number of persons in a released group stays',
  'period_member.subject_tag': 'replaced by random bytes',
  'period_member.row_id': 'replaced by random bytes',
  'detection_row.tag': 'deleted',
  'detection_row.subject_tag': 'deleted',
  'detection_row.row_id': 'deleted',
  'detection_result.tag': 'deleted',
  'outgoing_item.tag': 'deleted',
  'outgoing_item.subject_tag': 'deleted',
  'feedback.tag': 'emptied',
  'feedback.subject_tag': 'emptied',
  'participation.subject_tag': 'deleted',
  'objection.subject_tag': 'deleted',
  'audit_subject.subject_tag': 'emptied, with its salt: the leaf stays',
  'restriction.subject_tag': 'deleted once lifted; one that lasts stays, for it is what protects',
}

const KNOWN = `known AS (SELECT * FROM unnest($2::text[], $3::bytea[]) AS k (domain, tag))`
const isKnown = (row: string) =>
  `(${row}.subject_tag = $1 OR (${row}.domain, ${row}.tag) IN (SELECT domain, tag FROM known))`

/** One statement for each kind; all take the subject tag, and domains and tags that can be computed. */
export const ERASE: Readonly<Record<string, string>> = {
  // The tag of a closed epoch can be computed no more: it is found beside the subject tag.
  results: `
    WITH ${KNOWN}, closed AS (SELECT name FROM domain WHERE state = 'closed'),
    former AS (
      SELECT domain, tag FROM feedback WHERE subject_tag = $1 AND domain IN (SELECT name FROM closed)
      UNION SELECT c.name, p.tag FROM period_member p CROSS JOIN closed c WHERE p.subject_tag = $1)
    DELETE FROM detection_result r WHERE (r.domain, r.tag) IN (
      SELECT domain, tag FROM known UNION SELECT domain, tag FROM former)`,
  // A row that was delivered waits for its answer only: which may name as many unknown rows from now on.
  rows: `
    WITH ${KNOWN}, gone AS (
      DELETE FROM detection_row d USING message m
      WHERE m.id = d.message_id
        AND (d.subject_tag = $1 OR (m.domain, d.tag) IN (SELECT domain, tag FROM known))
      RETURNING d.message_id),
    counted AS (SELECT message_id, count(*)::int AS rows FROM gone GROUP BY 1),
    noted AS (
      UPDATE message m SET erased = m.erased + c.rows FROM counted c WHERE m.id = c.message_id)
    SELECT FROM gone`,
  outgoing: `
    WITH ${KNOWN}
    DELETE FROM outgoing_item o WHERE ${isKnown('o')}`,
  // What was done with it still counts; of whom it was is nowhere any more.
  feedback: `
    WITH ${KNOWN}, emptied AS (
      UPDATE feedback f SET tag = NULL, subject_tag = NULL, content = NULL WHERE ${isKnown('f')}
      RETURNING f.id),
    unreadable AS (
      UPDATE hand_over h SET erased_at = coalesce(h.erased_at, now()) FROM emptied
      WHERE h.feedback_id = emptied.id AND h.kind = 'event')
    SELECT FROM emptied`,
  routes: `
    WITH ${KNOWN}
    DELETE FROM route r WHERE ${isKnown('r')}`,
  // One stand-in for all months, so that two groups with the person do not seem to differ by it.
  memberships: `
    WITH ${KNOWN}, standin AS MATERIALIZED (SELECT uuid_send(gen_random_uuid()) AS tag)
    UPDATE period_member p SET tag = uuid_send(gen_random_uuid()),
      row_id = uuid_send(gen_random_uuid()),
      subject_tag = CASE WHEN p.subject_tag = $1 THEN (SELECT tag FROM standin)
        ELSE uuid_send(gen_random_uuid()) END
    WHERE p.subject_tag = $1 OR p.tag IN (SELECT tag FROM known)`,
  participations: `WITH ${KNOWN} DELETE FROM participation WHERE subject_tag = $1`,
  objections: `WITH ${KNOWN} DELETE FROM objection WHERE subject_tag = $1`,
  formerRestrictions: `
    WITH ${KNOWN} DELETE FROM restriction WHERE subject_tag = $1 AND lifted_at IS NOT NULL`,
  // Details of an entry about several persons are of the message, never of one of them.
  details: `
    WITH ${KNOWN}, alone AS (
      SELECT s.entry_id FROM audit_subject s WHERE s.subject_tag = $1 AND NOT EXISTS (
        SELECT FROM audit_subject o WHERE o.entry_id = s.entry_id AND o.position <> s.position))
    DELETE FROM audit_detail d USING alone WHERE d.entry_id = alone.entry_id`,
  commitments: `
    WITH ${KNOWN}
    UPDATE audit_subject SET leaf = sha256(salt || subject_tag), salt = NULL, subject_tag = NULL
    WHERE subject_tag = $1`,
}
