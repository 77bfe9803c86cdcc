import type { Queryable } from '../db/pool.ts'
import { saltedDigest, subjectRoot } from './commitment.ts'
import { parseEntry } from './entry.ts'
import { HASH_BYTES } from './merkle.ts'
import type { AuditEntry } from './types.ts'
import type { Problem } from './verify-report.ts'

/** Persons read at a time, unless one entry names more. */
const MAX_SUBJECTS = 20_000

interface BesideRow {
  index: number
  entry_id: Buffer
  entry: Buffer
  salt: Buffer | null
  details: string | null
  linked: boolean
  /** Whether a search by its columns finds it. */
  found: boolean
}

interface Committed {
  entry_id: Buffer
  /** The commitments, 32 bytes each, by position. */
  commitments: Buffer
  /** One more than the last position. */
  end: number
  erased: number
}

/** What is gone beside the entries that were looked at, and what those of erasures say they took. */
export interface Erased {
  details: number
  subjects: number
  explained: { details: number; subjects: number }
  /** Until when the persons of entries were dropped at the end of their retention. */
  dropped?: Date | undefined
}

/** Adds what the entry of an erasure says it took. */
export function explain({ explained }: Erased, { action, counts }: AuditEntry): void {
  if (action !== 'subject.erased') return
  explained.details += counts?.['details'] ?? 0
  explained.subjects += counts?.['commitments'] ?? 0
}

/**
 * Holds entries from `start` up to, not including, `end` against what is kept beside them: the message that each names is
 * there, its details and salt give the digest in the entry, its persons and their salts the root.
 * @param erased counted up, for what erasure has to explain
 */
export async function checkBeside(
  db: Queryable,
  { start, end }: { start: number; end: number },
  erased: Erased,
): Promise<Problem[]> {
  const { rows } = await db.query<BesideRow>(BESIDE, [start, end])
  const problems: Problem[] = []
  const named: Named[] = []
  for (const row of rows) {
    const { index } = row
    const fault = (kind: Problem['kind'], what: string) => problems.push({ kind, index, what })
    if (!row.found) fault('unlinked', 'its kind is not kept: a search does not find the entry')
    if (!row.linked) fault('unlinked', 'the message of the entry is gone')
    const entry = parseOrUndefined(row)
    if (!entry) continue
    explain(erased, entry)
    const detail = detailFault(row, entry)
    if (detail === 'erased') erased.details++
    else if (detail) fault('detail-changed', detail)
    if (entry.subjects) named.push({ index, id: row.entry_id, at: entry.at, ...entry.subjects })
  }
  for (const chunk of chunks(named)) problems.push(...(await checkSubjects(db, chunk, erased)))
  return problems
}

interface Named {
  index: number
  id: Buffer
  at: string
  count: number
  root: string
}

function parseOrUndefined({ entry }: BesideRow): AuditEntry | undefined {
  try {
    return parseEntry(entry)
  } catch {
    // The check of the log names it.
    return undefined
  }
}

function detailFault(row: BesideRow, { details }: AuditEntry): string | undefined {
  if (details === undefined) return row.salt ? 'details beside an entry that has none' : undefined
  if (!row.salt || row.details === null) return 'erased'
  const digest = saltedDigest(row.salt, row.details).toString('base64url')
  return digest === details ? undefined : 'the details are not those of the entry'
}

function* chunks(named: readonly Named[]): Generator<Named[]> {
  let chunk: Named[] = []
  let persons = 0
  for (const one of named) {
    if (chunk.length > 0 && persons + one.count > MAX_SUBJECTS) {
      yield chunk
      chunk = []
      persons = 0
    }
    chunk.push(one)
    persons += one.count
  }
  if (chunk.length > 0) yield chunk
}

async function checkSubjects(
  db: Queryable,
  named: readonly Named[],
  erased: Erased,
): Promise<Problem[]> {
  const { rows } = await db.query<Committed>(COMMITTED, [named.map(one => one.id)])
  const byEntry = new Map(rows.map(row => [row.entry_id.toString('hex'), row]))
  return named.flatMap(({ index, id, at, count, root }): Problem[] => {
    const row = byEntry.get(id.toString('hex'))
    if (!row && isDropped(at, erased)) return []
    const found = row ? row.commitments.length / HASH_BYTES : 0
    erased.subjects += row?.erased ?? 0
    const fault = (what: string): Problem[] => [{ kind: 'subject-changed', index, what }]
    if (!row || found !== count || row.end !== count)
      return fault(`it names ${count} persons, beside it are ${found}`)
    const leaves = Array.from({ length: count }, (_, i) =>
      row.commitments.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    )
    if (subjectRoot(leaves).toString('base64url') === root) return []
    return fault('the persons beside it are not those of the entry')
  })
}

// They go by when the database wrote them, the entry says when the gateway did.
const CLOCKS_APART_MS = 86_400_000

function isDropped(at: string, { dropped }: Erased): boolean {
  return dropped !== undefined && Date.parse(at) < dropped.getTime() + CLOCKS_APART_MS
}

/** Details and persons beside no entry at all, neither in the log nor on their way to it. */
export async function checkStrays(db: Queryable): Promise<Problem[]> {
  const { rows } = await db.query<{ details: number; subjects: number }>(STRAYS)
  const { details, subjects } = rows[0]!
  const problems: Problem[] = []
  if (details > 0)
    problems.push({ kind: 'unlinked', what: `${details} details belong to no entry` })
  if (subjects > 0)
    problems.push({ kind: 'unlinked', what: `${subjects} persons belong to no entry` })
  return problems
}

// Closing a period has a receipt of its own, but is no message.
const BESIDE = `
  SELECT e.index, e.entry_id, e.entry, d.salt, d.details,
    e.message_id IS NULL OR m.id IS NOT NULL OR c.message_id IS NOT NULL AS linked,
    k.kind IS NOT NULL AS found
  FROM audit_entry e LEFT JOIN audit_detail d ON d.entry_id = e.entry_id
    LEFT JOIN message m ON m.id = e.message_id
    LEFT JOIN audit_kind k ON k.kind = e.kind
      AND (k.action, k.actor, k.party, k.protocol, k.type, k.decision, k.code, k.recipient)
        IS NOT DISTINCT FROM
        (e.action, e.actor, e.party, e.protocol, e.type, e.decision, e.code, e.recipient)
    LEFT JOIN period_close c ON c.message_id = e.message_id
  WHERE e.index >= $1 AND e.index < $2 ORDER BY e.index`

const COMMITTED = `
  SELECT entry_id, max(position) + 1 AS end, count(leaf)::int AS erased,
    string_agg(coalesce(leaf, sha256(salt || subject_tag)), ''::bytea ORDER BY position) AS commitments
  FROM audit_subject WHERE entry_id = ANY($1) GROUP BY entry_id`

const STRAY = (table: string) => `
  (SELECT count(*) FROM ${table} s
   WHERE NOT EXISTS (SELECT FROM audit_entry e WHERE e.entry_id = s.entry_id)
     AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.entry_id = s.entry_id))`

const STRAYS = `SELECT ${STRAY('audit_detail')} AS details, ${STRAY('audit_subject')} AS subjects`
