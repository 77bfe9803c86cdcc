import { randomBytes } from 'node:crypto'
import { joinPieces, piece } from '../db/pieces.ts'
import type { Queryable } from '../db/pool.ts'
import { SALT_BYTES, SUBJECT_TAG_BYTES } from './commitment.ts'
import { columnsOf, type EntryColumns, type SealedEntry, sealEntry } from './entry.ts'
import type { EntryDraft } from './types.ts'

/** What a caller keeps of an entry it recorded. */
export interface RecordedEntry {
  /** Id of the entry, base64url. */
  id: string
  /** RFC 6962 leaf hash of the entry, base64url: what a receipt promises to be in the log. */
  commitment: string
}

const INSERT_PENDING = `
  INSERT INTO audit_pending (entry_id, entry, at, action, actor, party, message_id, protocol, type,
    decision, code, recipient)
  SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])`

const INSERT_ALL = `
  WITH pending AS (${INSERT_PENDING}), detail AS (
    INSERT INTO audit_detail (entry_id, salt, details)
    SELECT * FROM unnest($13::bytea[], $14::bytea[], $15::text[])
  )
  INSERT INTO audit_subject (entry_id, position, subject_tag, salt)
  SELECT entry_id, row_number() OVER (PARTITION BY number ORDER BY place) - 1,
    ${piece('$18', SUBJECT_TAG_BYTES, 'place')}, ${piece('$19', SALT_BYTES, 'place')}
  FROM unnest($17::int[]) WITH ORDINALITY AS s (number, place)
    JOIN unnest($16::bytea[]) WITH ORDINALITY AS e (entry_id, number) USING (number)`

/**
 * Records entries in the caller's transaction, in one statement: they are in the log if and only
 * if it commits. Their place in the log comes later, from the sequencer.
 * @throws AuditError `entry-too-large`, `entry-malformed`, `entry-holds-national-number`; a
 *   database error aborts the caller's transaction
 */
export async function recordEntries(tx: Queryable, drafts: EntryDraft[]): Promise<RecordedEntry[]> {
  const sealed = drafts.map(seal)
  await insertEntries(tx, sealed)
  return sealed.map(({ entry, leaf }) => ({ id: entry.id, commitment: leaf.toString('base64url') }))
}

/** Makes an entry that {@link insertEntries} writes later: its commitment is known before. See sealEntry. */
export function seal(draft: EntryDraft): SealedEntry {
  return sealEntry(draft, randomBytes)
}

/** Writes sealed entries in the caller's transaction, in one statement; see recordEntries. */
export async function insertEntries(tx: Queryable, sealed: SealedEntry[]): Promise<void> {
  if (sealed.length === 0) return
  const bare = sealed.every(({ detail, subjects }) => !detail && subjects.length === 0)
  if (bare) await tx.query(named('audit-record', INSERT_PENDING, pendingColumns(sealed)))
  else {
    const values = [...pendingColumns(sealed), ...detailColumns(sealed), ...subjectColumns(sealed)]
    await tx.query(named('audit-record-all', INSERT_ALL, values))
  }
}

/** Records one entry; see recordEntries. */
export async function recordEntry(tx: Queryable, draft: EntryDraft): Promise<RecordedEntry> {
  const [recorded] = await recordEntries(tx, [draft])
  return recorded!
}

// A named statement is parsed and planned once a connection.
function named(name: string, text: string, values: unknown[]) {
  return { name, text, values }
}

function pendingColumns(sealed: SealedEntry[]): unknown[] {
  const columns = sealed.map(({ entry }) => columnsOf(entry))
  const pick = (name: keyof EntryColumns) => columns.map(row => row[name])
  return [
    sealed.map(({ id }) => id),
    sealed.map(({ bytes }) => bytes),
    pick('at'),
    pick('action'),
    pick('actor'),
    pick('party'),
    pick('messageId'),
    pick('protocol'),
    pick('type'),
    pick('decision'),
    pick('code'),
    pick('recipient'),
  ]
}

function detailColumns(sealed: SealedEntry[]): unknown[] {
  const rows = sealed.flatMap(({ id, detail }) => (detail ? [{ id, ...detail }] : []))
  return [rows.map(row => row.id), rows.map(row => row.salt), rows.map(row => row.details)]
}

function subjectColumns(sealed: SealedEntry[]): unknown[] {
  const numbers = sealed.flatMap(({ subjects }, entry) => subjects.map(() => entry + 1))
  const subjects = sealed.flatMap(entry => entry.subjects)
  return [
    sealed.map(({ id }) => id),
    numbers,
    joinPieces(
      subjects.map(({ tag }) => tag),
      SUBJECT_TAG_BYTES,
    ),
    joinPieces(
      subjects.map(({ salt }) => salt),
      SALT_BYTES,
    ),
  ]
}
