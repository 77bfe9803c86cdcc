import type { Queryable } from '../db/pool.ts'
import type { Agreement } from '../protocol/document.ts'
import type {
  AgainstCheckpoint,
  BreachFilter,
  BreachRow,
  BreachTotals,
  RefusalRow,
} from './breach.ts'

/** The newest signed checkpoint; undefined while the log is empty. */
export async function readCheckpoint(db: Queryable): Promise<AgainstCheckpoint | undefined> {
  const { rows } = await db.query<{ size: number; root: Buffer }>(
    'SELECT size, root FROM audit_checkpoint ORDER BY size DESC LIMIT 1',
  )
  const [last] = rows
  return last && { size: Number(last.size), root: last.root.toString('base64url') }
}

/**
 * What left the gateway in a period, from the entries below `size`, in three statements: by document,
 * recipient, type and purpose; what it sums to; and what was refused.
 */
export async function readBreach(
  db: Queryable,
  filter: BreachFilter,
  size: number,
): Promise<{ rows: BreachRow[]; refusals: RefusalRow[]; totals: BreachTotals }> {
  const { from, until, protocol, party, recipient, type } = filter
  const values = [size, from, until, protocol, party, type].map(it => it ?? null)
  const { rows } = await db.query<BreachRow>(LINES, [...values, recipient ?? null])
  const { rows: sums } = await db.query<BreachTotals>(TOTALS, [...values, recipient ?? null])
  // A refused message has no recipient yet: asked for one, no refusal is about it.
  const refused = recipient ? [] : (await db.query<RefusalRow>(REFUSALS, values)).rows
  const [totals = { messages: 0, distinct: 0, byEntries: 0 }] = sums
  return { rows, refusals: refused, totals }
}

/**
 * Refuses to look for what is not there: an empty extract would read as if nothing had gone.
 * @throws RangeError
 */
export async function assertAsked(
  db: Queryable,
  { protocol, party, recipient, from, until }: BreachFilter,
): Promise<void> {
  if (from >= until) throw new RangeError('the period ends before it begins')
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM unnest($1::text[]) AS asked (id)
     WHERE id IS NOT NULL AND NOT EXISTS (SELECT FROM party p WHERE p.id = asked.id)
     UNION ALL
     SELECT $2::text WHERE $2::text IS NOT NULL AND NOT EXISTS (
       SELECT FROM protocol_version v WHERE v.id = $2 AND v.document->>'kind' <> 'accession')`,
    [[party ?? null, recipient ?? null], protocol ?? null],
  )
  if (rows[0]) throw new RangeError(`there is no party or agreement ${rows[0].id}`)
}

/** The agreements of these digests, by digest. */
export async function readAgreements(
  db: Queryable,
  digests: readonly string[],
): Promise<Map<string, Agreement>> {
  const { rows } = await db.query<{ digest: string; document: Agreement }>(
    `SELECT digest, document FROM protocol_version
     WHERE digest = ANY($1) AND document->>'kind' <> 'accession'`,
    [digests],
  )
  return new Map(rows.map(row => [row.digest, row.document]))
}

const JSON_OF = (entry: string) => `convert_from(${entry}.entry, 'UTF8')::jsonb`

// Of a hand-over every try has an entry, and an event that was had again too: what left counts once.
// Where the details that name the hand-over are erased each try counts. Notices carry nobody (no items).
// An answer about persons names them by its request.
const SENT = `
  tried AS (
    SELECT e.entry_id, e.at, e.action, e.message_id, e.protocol, e.type, e.recipient, ${JSON_OF('e')} AS j
    FROM audit_entry e
    WHERE e.action IN ('message.forwarding', 'message.delivered') AND e.index < $1
      AND e.at >= $2 AND e.at < $3 AND e.message_id IS NOT NULL
      AND ($4::text IS NULL OR e.protocol = $4) AND ($6::text IS NULL OR e.type = $6)
      AND ($7::text IS NULL OR e.recipient = $7)),
  sent AS (
    SELECT t.message_id, t.protocol, t.j->'protocol'->>'version' AS version,
      t.j->'protocol'->>'digest' AS digest, t.recipient, t.type, t.j->>'purpose' AS purpose,
      CASE WHEN t.j ? 'details' THEN coalesce(d.details::jsonb->>'handOver', t.entry_id::text) END
        AS hand_over,
      max((t.j->'counts'->>'items')::int) AS items,
      min(t.at) FILTER (WHERE t.action = 'message.forwarding') AS first,
      max(t.at) FILTER (WHERE t.action = 'message.forwarding') AS last,
      bool_or(t.action = 'message.delivered') AS arrived
    FROM tried t LEFT JOIN audit_detail d USING (entry_id)
    WHERE (t.j->'counts'->>'items')::int > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
  gone AS (
    SELECT s.message_id, s.protocol, s.version, s.digest, s.recipient, s.type, s.purpose,
      sum(s.items) FILTER (WHERE s.first IS NOT NULL)::int AS items,
      min(s.first) AS first, max(s.last) AS last, bool_or(s.arrived) AS arrived
    FROM sent s GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING bool_or(s.first IS NOT NULL)),
  origin AS (
    SELECT DISTINCT ON (g.message_id) g.message_id, a.entry_id, a.party, ${JSON_OF('a')} AS j
    FROM gone g JOIN audit_entry a ON a.message_id = g.message_id
      AND a.action = 'message.accepted' AND a.index < $1
    ORDER BY g.message_id, a.index),
  about AS (
    SELECT o.message_id, q.entry_id, ${JSON_OF('q')} AS j
    FROM origin o JOIN message m ON m.id = o.message_id
      JOIN protocol_version v ON v.id = m.protocol AND v.digest = o.j->'protocol'->>'digest'
      JOIN audit_entry q ON q.message_id = m.in_reply_to AND q.action = 'message.accepted'
    WHERE v.document->'modalities'->>'granularity' = 'person'),
  line AS (
    SELECT g.*, o.party, coalesce(o.j->'fields', '[]') AS fields,
      coalesce(q.entry_id, o.entry_id) AS entry_id,
      coalesce(q.j, o.j) ? 'recipient' AS is_for_one,
      coalesce((coalesce(q.j, o.j)->'subjects'->>'count')::int, 0) AS subjects
    FROM gone g LEFT JOIN origin o USING (message_id) LEFT JOIN about q USING (message_id)
    WHERE $5::text IS NULL OR o.party = $5),
  person AS (
    SELECT l.message_id, l.recipient, s.subject_tag
    FROM line l JOIN audit_subject s ON s.entry_id = l.entry_id
    WHERE s.subject_tag IS NOT NULL AND (l.is_for_one OR EXISTS (
      SELECT FROM feedback f WHERE f.message_id = l.message_id
        AND f.receiver_id = l.recipient AND f.subject_tag = s.subject_tag))),
  counted AS (
    SELECT l.*, CASE WHEN l.subjects = 0 THEN 0 ELSE greatest(0,
      CASE WHEN l.is_for_one THEN l.subjects ELSE l.items END - (
        SELECT count(*) FROM person p
        WHERE p.message_id = l.message_id AND p.recipient = l.recipient)) END AS rest
    FROM line l)`

const LINES = `
  WITH ${SENT},
  tags AS (
    SELECT c.protocol, c.version, c.digest, c.recipient, c.type, c.purpose,
      count(DISTINCT p.subject_tag)::int AS distinct_persons
    FROM counted c JOIN person p USING (message_id, recipient) GROUP BY 1, 2, 3, 4, 5, 6),
  names AS (
    SELECT c.protocol, c.version, c.digest, c.recipient, c.type, c.purpose,
      array_agg(DISTINCT f ORDER BY f) AS fields
    FROM counted c CROSS JOIN LATERAL jsonb_array_elements_text(c.fields) AS f GROUP BY 1, 2, 3, 4, 5, 6)
  SELECT c.protocol, c.version, c.digest, c.recipient, c.type, c.purpose,
    coalesce(array_agg(DISTINCT c.party) FILTER (WHERE c.party IS NOT NULL), '{}') AS senders,
    coalesce((SELECT n.fields FROM names n WHERE (n.protocol, n.version, n.digest, n.recipient, n.type,
      n.purpose) IS NOT DISTINCT FROM (c.protocol, c.version, c.digest, c.recipient, c.type,
      c.purpose)), '{}') AS fields,
    count(DISTINCT c.message_id)::int AS messages,
    count(DISTINCT c.message_id) FILTER (WHERE c.arrived)::int AS delivered,
    coalesce((SELECT t.distinct_persons FROM tags t WHERE (t.protocol, t.version, t.digest, t.recipient,
      t.type, t.purpose) IS NOT DISTINCT FROM (c.protocol, c.version, c.digest, c.recipient, c.type,
      c.purpose)), 0) AS distinct,
    sum(c.rest)::int AS "byEntries", min(c.first) AS first, max(c.last) AS last
  FROM counted c GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 4, 5, 6`

const TOTALS = `
  WITH ${SENT}
  SELECT count(DISTINCT message_id)::int AS messages, coalesce(sum(rest), 0)::int AS "byEntries",
    (SELECT count(DISTINCT subject_tag)::int FROM person) AS distinct
  FROM counted`

const REFUSALS = `
  SELECT e.protocol, e.type, e.party, e.code, count(*)::int AS messages,
    coalesce(sum((${JSON_OF('e')}->'counts'->>'refused')::int), 0)::int AS items
  FROM audit_entry e
  WHERE e.action = 'message.refused' AND e.index < $1 AND e.at >= $2 AND e.at < $3
    AND ($4::text IS NULL OR e.protocol = $4) AND ($5::text IS NULL OR e.party = $5)
    AND ($6::text IS NULL OR e.type = $6)
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
