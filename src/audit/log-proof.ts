import type { Queryable } from '../db/pool.ts'
import { AuditError } from './errors.ts'
import { latestCheckpoint, type PublishedCheckpoint } from './log-read.ts'
import type { Range } from './merkle.ts'
import { consistencyRanges, inclusionRanges } from './merkle-proof.ts'
import { formatProof, type InclusionProof } from './proof-file.ts'
import { hashOfRange, type TileCoordinate, tilesOf } from './tile.ts'
import { lookupIn, readTiles } from './tree-store.ts'

/**
 * The proof that entry `index` is in the log as last published, or as in a checkpoint that is known.
 * @throws AuditError `range-outside-tree` where it is not sequenced and published yet
 */
export async function proofOfEntry(
  db: Queryable,
  index: number,
  known?: Pick<PublishedCheckpoint, 'size' | 'note'>,
): Promise<InclusionProof> {
  const checkpoint = known ?? (await latestCheckpoint(db))
  if (!checkpoint) throw new AuditError('range-outside-tree', 'the log is empty')
  const hashes = await hashRanges(db, inclusionRanges(index, checkpoint.size))
  return { index, hashes, checkpoint: checkpoint.note }
}

/**
 * The hashes of the proofs of several entries in the log of `size` entries, leaf's sibling first.
 * @throws AuditError `range-outside-tree`, `tile-missing`
 */
export async function proofsOfEntries(
  db: Queryable,
  indexes: readonly number[],
  size: number,
): Promise<Buffer[][]> {
  const wanted = indexes.map(index => inclusionRanges(index, size))
  const lookup = lookupIn(await readTiles(db, distinct(wanted.flat().flatMap(tilesOf))))
  return wanted.map(ranges => ranges.map(range => hashOfRange(range, lookup)))
}

/** The same as the text of a `.tlog-proof` file. */
export async function proofFileOf(db: Queryable, index: number): Promise<string> {
  return formatProof(await proofOfEntry(db, index))
}

/**
 * The `.tlog-proof` of the entry that decided on a message, or undefined while it has no place yet:
 * the first entry that accepts or refuses it, or closes a period.
 */
export async function proofOfMessage(
  db: Queryable,
  messageId: string,
): Promise<string | undefined> {
  const { rows } = await db.query<{ index: number }>(
    `SELECT index FROM audit_entry
     WHERE message_id = $1 AND action IN ('message.accepted', 'message.refused', 'period.closed')
     ORDER BY index LIMIT 1`,
    [messageId],
  )
  return rows[0] && publishedProof(db, rows[0].index)
}

/** The proof against the published checkpoint; undefined where the entry is not in that one yet. */
async function publishedProof(db: Queryable, index: number): Promise<string | undefined> {
  const checkpoint = await latestCheckpoint(db)
  return checkpoint && index < checkpoint.size ? proofFileOf(db, index) : undefined
}

/** An entry as it is in the log, and the text of its `.tlog-proof` file. */
export interface ProvenEntry {
  entry: Buffer
  proof: string
}

/** The entry with this id (16 bytes) and its proof, or undefined while it has no place yet. */
export async function entryWithProof(
  db: Queryable,
  id: Uint8Array,
): Promise<ProvenEntry | undefined> {
  const { rows } = await db.query<{ index: number; entry: Buffer }>(
    'SELECT index, entry FROM audit_entry WHERE entry_id = $1',
    [id],
  )
  const proof = rows[0] && (await publishedProof(db, rows[0].index))
  return rows[0] && proof !== undefined ? { entry: rows[0].entry, proof } : undefined
}

/**
 * The proof that the log of `from` entries is the beginning of the log of `to` (RFC 6962, 2.1.2).
 * @throws AuditError `range-outside-tree` unless 0 <= from <= to, `tile-missing` beyond the log
 */
export async function proofOfGrowth(db: Queryable, from: number, to: number): Promise<Buffer[]> {
  return hashRanges(db, consistencyRanges(from, to))
}

async function hashRanges(db: Queryable, ranges: Range[]): Promise<Buffer[]> {
  const lookup = lookupIn(await readTiles(db, ranges.flatMap(tilesOf)))
  return ranges.map(range => hashOfRange(range, lookup))
}

// Proofs of neighbours share nearly all their tiles.
function distinct(tiles: TileCoordinate[]): TileCoordinate[] {
  return [...new Map(tiles.map(tile => [`${tile.level}/${tile.n}`, tile])).values()]
}
