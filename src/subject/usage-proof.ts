import { saltedDigest } from '../audit/commitment.ts'
import { proofsOfEntries } from '../audit/log-proof.ts'
import { latestCheckpoint } from '../audit/log-read.ts'
import { leafHash, rootOf } from '../audit/merkle.ts'
import { inclusionRanges } from '../audit/merkle-proof.ts'
import { formatProof } from '../audit/proof-file.ts'
import type { Queryable } from '../db/pool.ts'
import type { UsageRow } from './usage-store.ts'

/** That a person is one of those that an entry is about. */
export interface SubjectProof {
  /** Place among the persons of the entry, from 0, and how many there are. */
  position: number
  count: number
  /** Base64url; the commitment is SHA-256(salt ‖ subject tag). */
  salt: string
  subjectTag: string
  /** Hashes from the leaf SHA-256(0x00 ‖ commitment) to the root in the entry, leaf's sibling first. */
  path: string[]
}

/** How to check a usage with nothing but the verifier key of the log. */
export interface UsageProof {
  index: number
  /** The entry as it is in the log, base64url. */
  entry?: string
  /** The text of its `.tlog-proof` file; absent until its checkpoint is published. */
  inclusion?: string
  /** Absent where the entry is about the message, and an earlier one names the person. */
  subject?: SubjectProof
  /** RFC 6962 leaf hash of the entry, base64url: what a receipt calls its entry commitment. */
  commitment: string
}

/** The proofs of these entries, in their order, with the statements of one. */
export async function fullProofs(
  db: Queryable,
  rows: readonly UsageRow[],
  tag: Uint8Array,
): Promise<UsageProof[]> {
  const inclusions = await inclusionsOf(db, rows)
  const subjects = await subjectProofs(db, rows, Buffer.from(tag))
  return rows.map((row, place) => {
    const subject = subjects.get(row.index)
    const inclusion = inclusions[place]
    return {
      ...bareProof(row),
      entry: row.entry.toString('base64url'),
      ...(inclusion && { inclusion }),
      ...(subject && { subject }),
    }
  })
}

/** What a party needs to find its entry in the public tiles: its place and its leaf hash. */
export function bareProof({ index, entry }: UsageRow): UsageProof {
  return { index, commitment: leafHash(entry).toString('base64url') }
}

async function inclusionsOf(db: Queryable, rows: readonly UsageRow[]): Promise<string[]> {
  const checkpoint = await latestCheckpoint(db)
  if (!checkpoint) return []
  const { size, note } = checkpoint
  const indexes = rows.map(row => row.index)
  const published = indexes.filter(index => index < size)
  const hashes = await proofsOfEntries(db, published, size)
  const proofs = new Map(published.map((index, place) => [index, hashes[place] ?? []]))
  return indexes.map(index => {
    const found = proofs.get(index)
    return found ? formatProof({ index, hashes: found, checkpoint: note }) : ''
  })
}

interface Committed {
  index: number
  position: number
  tag: Buffer | null
  salt: Buffer | null
  leaf: Buffer | null
}

async function subjectProofs(
  db: Queryable,
  rows: readonly UsageRow[],
  tag: Buffer,
): Promise<Map<number, SubjectProof>> {
  const named = rows.filter(row => row.named)
  const { rows: all } = await db.query<Committed>(
    `SELECT n.index::int AS index, s.position, s.subject_tag AS tag, s.salt, s.leaf
     FROM unnest($1::bytea[], $2::bigint[]) AS n (id, index)
       JOIN audit_subject s ON s.entry_id = n.id ORDER BY n.index, s.position`,
    [named.map(row => row.entryId), named.map(row => row.index)],
  )
  const byEntry = Map.groupBy(all, row => row.index)
  return new Map(
    [...byEntry].flatMap(([index, persons]) => {
      const own = persons.find(one => one.tag?.equals(tag))
      return own?.salt ? [[index, subjectProof(persons, own.position, own.salt, tag)]] : []
    }),
  )
}

function subjectProof(
  persons: Committed[],
  position: number,
  salt: Buffer,
  tag: Buffer,
): SubjectProof {
  const leaves = persons.map(({ leaf, salt: own, tag: whose }) =>
    leafHash(own && whose ? saltedDigest(own, whose) : (leaf ?? Buffer.alloc(0))),
  )
  const path = inclusionRanges(position, leaves.length).map(({ start, end }) =>
    rootOf(leaves.slice(start, end)).toString('base64url'),
  )
  return {
    position,
    count: leaves.length,
    salt: salt.toString('base64url'),
    subjectTag: tag.toString('base64url'),
    path,
  }
}
