import type { Queryable } from '../db/pool.ts'
import { leafHash } from './merkle.ts'
import { noteVerifier } from './note.ts'
import { verifyProof } from './proof-file.ts'
import { latestCheckpoint, proofFileOf } from './query.ts'
import { findColumnThatDiffers } from './verify-entry.ts'
import { checkBeside } from './verify-links-beside.ts'
import type { EntryRow } from './verify-source.ts'

/** What was looked at, and how it is; `erased`: it was lawfully erased, `waiting`: no checkpoint covers it yet. */
export interface EntryCheck {
  what: 'leaf' | 'columns' | 'signature' | 'beside'
  outcome: 'good' | 'bad' | 'erased' | 'waiting'
}

/**
 * Checks one entry from its bytes: its leaf hash and the columns beside it, its proof up to the signed
 * root of the last checkpoint, and the details and persons that are kept beside it.
 * @returns undefined where there is no entry at that place
 * @throws AuditError for a verifier key that is not valid
 */
export async function checkEntry(
  db: Queryable,
  index: number,
  verifierKeys: readonly string[],
): Promise<EntryCheck[] | undefined> {
  const { rows } = await db.query<EntryRow>(
    'SELECT *, message_id AS "messageId" FROM audit_entry WHERE index = $1',
    [index],
  )
  const [row] = rows
  if (!row) return undefined
  const leaf = leafHash(row.entry)
  const differs = findColumnThatDiffers(row, leaf)
  return [
    { what: 'leaf', outcome: row.leaf.equals(leaf) ? 'good' : 'bad' },
    { what: 'columns', outcome: differs === undefined ? 'good' : 'bad' },
    { what: 'signature', outcome: await checkSignature(db, row, verifierKeys) },
    { what: 'beside', outcome: await checkKept(db, index) },
  ]
}

async function checkSignature(
  db: Queryable,
  { index, entry }: EntryRow,
  keys: readonly string[],
): Promise<EntryCheck['outcome']> {
  const checkpoint = await latestCheckpoint(db)
  if (!checkpoint || checkpoint.size <= index) return 'waiting'
  const verifiers = keys.map(noteVerifier)
  try {
    verifyProof(await proofFileOf(db, index), entry, ...verifiers)
    return 'good'
  } catch {
    return 'bad'
  }
}

async function checkKept(db: Queryable, index: number): Promise<EntryCheck['outcome']> {
  const erased = { details: 0, subjects: 0, explained: { details: 0, subjects: 0 } }
  const problems = await checkBeside(db, { start: index, end: index + 1 }, erased)
  if (problems.length > 0) return 'bad'
  return erased.details + erased.subjects > 0 ? 'erased' : 'good'
}
