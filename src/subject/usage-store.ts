import { readPersonsDropped } from '../audit/dropped.ts'
import type { Queryable } from '../db/pool.ts'

/** What to look for, and how far back. */
export interface UsageFilter {
  /** Subject tags: one person, or the persons that one reference of a company names. */
  tags: readonly Uint8Array[]
  /** Only what this party sent or got; undefined for everything. */
  party: string | undefined
  from: Date | undefined
  /** Before this instant. */
  until: Date
  offset: number
  limit: number
}

/** What the protocols say that the rows do not. */
export interface ProtocolFacts {
  /** For each type that stops others: by which, and which it stops. */
  stops: readonly { by: string; stopped: string }[]
  /** Digests of the documents whose answers are per person. */
  perPerson: readonly string[]
}

/** An entry about a person, with what its message says of the protocol. */
export interface UsageRow {
  index: number
  entryId: Buffer
  entry: Buffer
  /** Whether the entry itself has the person's commitment, or is about a message that does. */
  named: boolean
  protocol: string | null
  protocolVersion: string | null
  protocolDigest: string | null
  purpose: string | null
  fields: string[] | null
  /** The sender of the message. */
  sender: string | null
  /** Canonical JSON, where it is kept. */
  details: string | null
}

/**
 * The entries about a person, newest first: those with the person's commitment, and what became of the
 * messages that these accept. An item that was taken out of a message before it left did not leave
 * with it, and of a message about many persons a hand-over of another person's part is not theirs.
 */
export async function findUsages(
  db: Queryable,
  filter: UsageFilter,
  facts: ProtocolFacts,
): Promise<{ total: number; rows: UsageRow[] }> {
  const { tags, party, from, until, offset, limit } = filter
  const values = [
    tags,
    party ?? null,
    from ?? null,
    until,
    facts.stops.map(it => it.by),
    facts.stops.map(it => it.stopped),
    facts.perPerson,
    party === undefined ? OFFICER_STEPS : COMPANY_STEPS,
  ]
  const { rows: counted } = await db.query<{ total: number }>(
    `${FOUND} SELECT count(*)::int AS total FROM found`,
    values,
  )
  const { rows } = await db.query<UsageRow>(
    `${FOUND} ${PAGE} LIMIT ${Number(limit)} OFFSET ${Number(offset)}`,
    values,
  )
  return { total: counted[0]?.total ?? 0, rows }
}

/** How far back the log can tell of persons, and until when it is signed. */
export async function spanOfLog(
  db: Queryable,
): Promise<{ oldest: Date | null; signed: Date | null }> {
  const { rows } = await db.query<{ oldest: Date | null; signed: Date | null }>(
    `SELECT (SELECT min(at) FROM audit_entry) AS oldest,
       (SELECT at FROM audit_checkpoint ORDER BY size DESC LIMIT 1) AS signed`,
  )
  const { oldest, signed } = rows[0] ?? { oldest: null, signed: null }
  const dropped = await readPersonsDropped(db)
  return { oldest: oldest && dropped && dropped > oldest ? dropped : oldest, signed }
}

const OFFICER_STEPS = [
  'message.forwarding',
  'message.delivered',
  'message.answered',
  'message.expired',
  'message.parked',
  'message.withdrawn',
]
// That and when an answer came shows only with the number of its period (invariant 8).
const COMPANY_STEPS = OFFICER_STEPS.filter(action => action !== 'message.answered')

// Taken out of a message one by one: who is meant is in the message that did it.
const ONE_BY_ONE = `('tenancy-ended', 'participation-withdrawn', 'withdrawn-by-sender', 'objection',
  'restricted', 'erased')`

const FOUND = `
  WITH named AS (
    SELECT DISTINCT ON (e.index) e.index, e.entry_id, e.at, e.action, e.party, e.type, e.protocol,
      e.message_id
    FROM audit_subject s JOIN audit_entry e ON e.entry_id = s.entry_id
    WHERE s.subject_tag = ANY($1::bytea[])),
  told AS (
    SELECT n.index, n.entry_id, n.at, n.type, n.message_id AS id, m.protocol, m.party_id AS sender,
      $2::text IS NULL OR m.party_id = $2 AS own,
      EXISTS (SELECT FROM feedback f WHERE f.message_id = m.id
        AND f.party_id IS DISTINCT FROM m.party_id) AS by_feedback
    FROM named n JOIN message m ON m.id = n.message_id WHERE n.action = 'message.accepted'),
  stop AS (
    SELECT n.at, n.type, n.party, n.protocol, n.message_id,
      n.action = 'subject.restricted' AS restricted
    FROM named n WHERE n.action IN ('message.accepted', 'subject.restricted')),
  step AS (
    SELECT e.index, e.entry_id, e.at, e.message_id
    FROM told t JOIN audit_entry e ON e.message_id = t.id AND e.action = ANY($8)
      LEFT JOIN audit_detail d ON d.entry_id = e.entry_id
      LEFT JOIN hand_over h ON h.id = d.details::jsonb ->> 'handOver'
      LEFT JOIN feedback f ON f.id = h.feedback_id
    WHERE (t.own OR (e.recipient = $2 AND e.action = 'message.delivered' AND f.id IS NOT NULL))
      -- The number of a month is about all of it; it goes with one message of the month, whichever that is.
      AND ($2::text IS NULL OR e.recipient IS DISTINCT FROM $2 OR f.id IS NOT NULL)
      AND CASE WHEN h.feedback_id IS NOT NULL THEN f.subject_tag = ANY($1::bytea[])
        ELSE NOT t.by_feedback END
      AND (e.action <> 'message.withdrawn'
        OR coalesce(convert_from(e.entry, 'UTF8')::jsonb ->> 'reason', '') NOT IN ${ONE_BY_ONE})
      AND NOT EXISTS (
        SELECT FROM stop s WHERE s.at BETWEEN t.at AND e.at AND s.message_id IS DISTINCT FROM t.id
          AND (s.restricted OR (s.party = t.sender AND s.protocol = t.protocol AND EXISTS (
            SELECT FROM unnest($5::text[], $6::text[]) AS p (by, stopped)
            WHERE p.by = s.type AND p.stopped = t.type)))
          AND NOT EXISTS (SELECT FROM audit_entry g WHERE g.message_id = t.id
            AND g.action = 'message.forwarding' AND g.at <= s.at))),
  answer AS (
    SELECT e.index, e.entry_id, e.at, e.message_id
    FROM told t JOIN message r ON r.in_reply_to = t.id AND r.protocol_digest = ANY($7)
      JOIN audit_entry e ON e.message_id = r.id
        AND e.action IN ('message.accepted', 'message.forwarding', 'message.delivered')
    WHERE $2::text IS NULL OR (e.recipient = $2 AND e.action = 'message.delivered')),
  found AS (
    SELECT x.index, x.at, x.entry_id, bool_or(x.named) AS named, min(x.message_id) AS message_id
    FROM (
      SELECT index, at, entry_id, true AS named, message_id FROM named
      WHERE $2::text IS NULL OR (party = $2 AND action = 'message.accepted')
      UNION ALL SELECT index, at, entry_id, false, message_id FROM step
      UNION ALL SELECT index, at, entry_id, false, message_id FROM answer) x
    WHERE x.at < $4 AND ($3::timestamptz IS NULL OR x.at >= $3)
    GROUP BY x.index, x.at, x.entry_id)`

const PAGE = `
  SELECT f.index, f.entry_id AS "entryId", e.entry, f.named, m.protocol,
    m.protocol_version AS "protocolVersion", m.protocol_digest AS "protocolDigest", m.purpose,
    m.fields, m.party_id AS sender, d.details
  FROM found f JOIN audit_entry e ON e.index = f.index
    LEFT JOIN message m ON m.id = f.message_id
    LEFT JOIN audit_detail d ON d.entry_id = f.entry_id
  ORDER BY f.at DESC, f.index DESC`
