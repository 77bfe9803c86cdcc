import type { Queryable } from '../db/pool.ts'
import type { Agreement } from '../protocol/document.ts'
import type {
  AgainstCheckpoint,
  BreachFilter,
  BreachRow,
  BreachTotals,
  RefusalRow,
} from './breach.ts'

const LONGEST_MS = 600_000

/** The newest signed checkpoint; undefined while the log is empty. */
export async function readCheckpoint(db: Queryable): Promise<AgainstCheckpoint | undefined> {
  const { rows } = await db.query<{ size: number; root: Buffer }>(
    'SELECT size, root FROM audit_checkpoint ORDER BY size DESC LIMIT 1',
  )
  const [last] = rows
  return last && { size: Number(last.size), root: last.root.toString('base64url') }
}

/**
 * What left the gateway in a period, from the entries below `size`: by document, recipient, type and
 * purpose, with what it sums to; and what was refused. In a transaction: its statements may take long.
 */
export async function readBreach(
  db: Queryable,
  filter: BreachFilter,
  size: number,
): Promise<{ rows: BreachRow[]; refusals: RefusalRow[]; totals: BreachTotals }> {
  const { from, until, protocol, party, recipient, type } = filter
  const values = [size, from, until, protocol, party, type].map(it => it ?? null)
  // A year of a region takes longer than a statement may in the gateway.
  await db.query(`SET LOCAL statement_timeout = ${LONGEST_MS}`)
  const lines = { text: LINES, values: [...values, recipient ?? null], query_timeout: LONGEST_MS }
  const { rows } = await db.query<BreachRow & { line: number }>(lines)
  // A refused message has no recipient yet: asked for one, no refusal is about it.
  const refusals = recipient ? [] : (await db.query<RefusalRow>(REFUSALS, values)).rows
  const { messages, distinct, byEntries } = rows.find(({ line }) => line === 0)!
  const parted = rows.filter(({ line }) => line > 0).map(({ line: _, ...row }) => row)
  return { rows: parted, refusals, totals: { messages, distinct, byEntries } }
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
    FROM tried t LEFT JOIN LATERAL (
      SELECT a.details FROM audit_detail a WHERE a.entry_id = t.entry_id OFFSET 0) d ON true
    WHERE (t.j->'counts'->>'items')::int > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
  gone AS (
    SELECT s.message_id, s.protocol, s.version, s.digest, s.recipient, s.type, s.purpose,
      sum(s.items) FILTER (WHERE s.first IS NOT NULL)::int AS items,
      min(s.first) AS first, max(s.last) AS last, bool_or(s.arrived) AS arrived
    FROM sent s GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING bool_or(s.first IS NOT NULL)),
  known AS (
    SELECT g.*, o.party, coalesce(o.j->'fields', '[]') AS fields,
      coalesce(q.entry_id, o.entry_id) AS entry_id, coalesce(q.j, o.j) ? 'recipient' AS is_for_one,
      coalesce((coalesce(q.j, o.j)->'subjects'->>'count')::int, 0) AS subjects
    FROM gone g
    LEFT JOIN LATERAL (
      SELECT a.entry_id, a.party, ${JSON_OF('a')} AS j FROM audit_entry a
      WHERE a.message_id = g.message_id AND a.action = 'message.accepted' AND a.index < $1
      ORDER BY a.at, a.index LIMIT 1) o ON true
    LEFT JOIN LATERAL (
      SELECT a.entry_id, ${JSON_OF('a')} AS j
      FROM message m JOIN protocol_version v ON v.id = m.protocol AND v.digest = g.digest
        JOIN audit_entry a ON a.message_id = m.in_reply_to AND a.action = 'message.accepted'
      WHERE m.id = g.message_id AND v.document->'modalities'->>'granularity' = 'person'
      LIMIT 1) q ON true
    WHERE $5::text IS NULL OR o.party = $5),
  counted AS (
    SELECT k.*, t.tags, CASE WHEN k.subjects = 0 THEN 0 ELSE greatest(0,
        CASE WHEN k.is_for_one THEN k.subjects ELSE k.items END - cardinality(t.tags)) END AS rest,
      dense_rank() OVER (ORDER BY k.protocol, k.version, k.digest, k.recipient, k.type,
        k.purpose)::int AS line
    FROM known k CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(s.subject_tag), '{}') AS tags FROM audit_subject s
      WHERE s.entry_id = k.entry_id AND s.subject_tag IS NOT NULL AND (k.is_for_one OR EXISTS (
        SELECT FROM feedback f WHERE f.message_id = k.message_id
          AND f.receiver_id = k.recipient AND f.subject_tag = s.subject_tag))) t)`

// Line 0 is the sum of all.
const LINES = `
  WITH ${SENT},
  person AS (
    SELECT coalesce(c.line, 0) AS line, count(DISTINCT t.tag)::int AS persons
    FROM counted c CROSS JOIN LATERAL unnest(c.tags) AS t (tag) GROUP BY GROUPING SETS ((c.line), ())),
  name AS (
    SELECT c.line, array_agg(DISTINCT f ORDER BY f) AS fields
    FROM counted c CROSS JOIN LATERAL jsonb_array_elements_text(c.fields) AS f GROUP BY 1),
  total AS (
    SELECT coalesce(c.line, 0) AS line, min(c.protocol) AS protocol, min(c.version) AS version,
      min(c.digest) AS digest, min(c.recipient) AS recipient, min(c.type) AS type,
      min(c.purpose) AS purpose, array_agg(DISTINCT c.party) FILTER (WHERE c.party IS NOT NULL) AS senders,
      count(DISTINCT c.message_id)::int AS messages,
      count(DISTINCT c.message_id) FILTER (WHERE c.arrived)::int AS delivered,
      coalesce(sum(c.rest), 0)::int AS "byEntries", min(c.first) AS first, max(c.last) AS last
    FROM counted c GROUP BY GROUPING SETS ((c.line), ()))
  SELECT t.*, coalesce(t.senders, '{}') AS senders, coalesce(n.fields, '{}') AS fields,
    coalesce(p.persons, 0) AS distinct
  FROM total t LEFT JOIN person p USING (line) LEFT JOIN name n USING (line) ORDER BY t.line`

const REFUSALS = `
  SELECT e.protocol, e.type, e.party, e.code, count(*)::int AS messages,
    coalesce(sum((${JSON_OF('e')}->'counts'->>'refused')::int), 0)::int AS items
  FROM audit_entry e
  WHERE e.action = 'message.refused' AND e.index < $1 AND e.at >= $2 AND e.at < $3
    AND ($4::text IS NULL OR e.protocol = $4) AND ($5::text IS NULL OR e.party = $5)
    AND ($6::text IS NULL OR e.type = $6)
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
