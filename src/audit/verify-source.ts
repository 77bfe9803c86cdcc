import type { Queryable } from '../db/pool.ts'
import type { EntryColumns } from './entry.ts'
import { leavesPerHash, TILE_WIDTH, type Tile, type TileLookup } from './tile.ts'
import { lookupIn } from './tree-store.ts'

/**
 * Entries read at a time: a multiple of a tile's width, so that memory stays small and constant.
 */
export const PAGE_ENTRIES = 4 * TILE_WIDTH

/** An entry as stored. Nothing of it is trusted. */
export interface EntryRow extends Omit<EntryColumns, 'at'> {
  index: number
  entry_id: Buffer
  entry: Buffer
  leaf: Buffer
  at: Date
}

/** A checkpoint as stored. */
export interface CheckpointRow {
  size: number
  previous: number
  root: Buffer
  note: string
}

/** The stored state when the verification began, and what lies beyond its end. */
export interface HeadState {
  size: number
  root: Buffer
  lastCheckpoint: CheckpointRow | undefined
  /** First entry at or after `size`. */
  entryBeyond: number | undefined
  /** A tile that is wider than `size` allows. */
  tileBeyond: { level: number; n: number } | undefined
}

/** What is stored for the entries from `start` up to but not including `end`. */
export interface Page {
  start: number
  end: number
  /** By place, from `start`; undefined where one is missing. */
  rows: (EntryRow | undefined)[]
  /** By size, ascending. */
  checkpoints: CheckpointRow[]
  tiles: TileLookup
}

const LAST_CHECKPOINT =
  'SELECT size, previous, root, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1'

/** Reads the head and what should not be beyond it, all of one instant. */
export async function readHead(db: Queryable): Promise<HeadState | undefined> {
  const { rows } = await db.query(
    `SELECT h.size, h.root, c.size AS last_size, c.previous, c.root AS last_root, c.note,
       (SELECT min(index) FROM audit_entry WHERE index >= h.size) AS entry_beyond,
       t.level, t.n
     FROM audit_head h
     LEFT JOIN (${LAST_CHECKPOINT}) c ON true
     LEFT JOIN LATERAL (
       SELECT level, n FROM audit_tile
       WHERE n * ${TILE_WIDTH} + width > h.size >> (8 * level) ORDER BY level, n LIMIT 1
     ) t ON true`,
  )
  const row = rows[0]
  if (!row) return undefined
  return {
    size: row.size,
    root: row.root,
    lastCheckpoint: row.note
      ? { size: row.last_size, previous: row.previous, root: row.last_root, note: row.note }
      : undefined,
    entryBeyond: row.entry_beyond ?? undefined,
    tileBeyond: row.level === null ? undefined : { level: row.level, n: row.n },
  }
}

/** Yields the log in pages from an entry up to `size`, reading one page ahead. */
export async function* readPages(db: Queryable, from: number, size: number): AsyncGenerator<Page> {
  let next = readPage(db, from, size)
  for (let start = from; start < size; start += PAGE_ENTRIES) {
    const page = await next
    next = readPage(db, start + PAGE_ENTRIES, size)
    // Where the reader stops early nobody waits for this one.
    next.catch(() => {})
    yield page
  }
}

async function readPage(db: Queryable, start: number, size: number): Promise<Page> {
  const end = Math.max(start, Math.min(start + PAGE_ENTRIES, size))
  if (start === end) return { start, end, rows: [], checkpoints: [], tiles: () => undefined }
  const [entries, checkpoints, tiles] = await Promise.all([
    db.query<EntryRow>(ENTRIES, [start, end]),
    db.query<CheckpointRow>(CHECKPOINTS, [start, end]),
    readTilesUpTo(db, start, end),
  ])
  const rows = new Array<EntryRow | undefined>(end - start)
  for (const row of entries.rows) rows[row.index - start] = row
  return { start, end, rows, checkpoints: checkpoints.rows, tiles: lookupIn(tiles) }
}

const ENTRIES = `SELECT index, entry_id, entry, leaf, at, action, actor, party,
    message_id AS "messageId", protocol, type, decision, code, recipient
  FROM audit_entry WHERE index >= $1 AND index < $2`
const CHECKPOINTS = `SELECT size, previous, root, note FROM audit_checkpoint
  WHERE size > $1 AND size <= $2 ORDER BY size`

/** The tiles of every level that hold hashes completed by the entries from `start` to `end`. */
async function readTilesUpTo(db: Queryable, start: number, end: number): Promise<Tile[]> {
  const levels = [0, 1, 2, 3, 4, 5, 6].filter(level => leavesPerHash(level) <= end)
  const tileOf = (leaf: number) => levels.map(level => Math.floor(leaf / leavesPerHash(level + 1)))
  const { rows } = await db.query<Tile>(
    `SELECT t.level, t.n, t.hashes
     FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS w (level, a, b)
     JOIN audit_tile t ON t.level = w.level AND t.n BETWEEN w.a AND w.b`,
    [levels, tileOf(start), tileOf(end - 1)],
  )
  return rows
}

/** The place of a leaf hash in the tiles; a slow search, for naming what is wrong only. */
export async function findInTiles(db: Queryable, leaf: Buffer): Promise<number | undefined> {
  const { rows } = await db.query<{ n: number; at: number }>(
    `SELECT n, position($1::bytea IN hashes) AS at FROM audit_tile
     WHERE level = 0 AND position($1::bytea IN hashes) % 32 = 1 ORDER BY n LIMIT 1`,
    [leaf],
  )
  return rows[0] && rows[0].n * TILE_WIDTH + (rows[0].at - 1) / 32
}

/** The place of the stored entry with this leaf hash; as slow. */
export async function findInEntries(db: Queryable, leaf: Uint8Array): Promise<number | undefined> {
  const { rows } = await db.query<{ index: number }>(
    `SELECT index FROM audit_entry WHERE sha256('\\x00'::bytea || entry) = $1 LIMIT 1`,
    [leaf],
  )
  return rows[0]?.index
}

/** Whether an entry exists from a place up to, but not including, another. */
export async function hasEntryFrom(db: Queryable, start: number, end: number): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM audit_entry WHERE index >= $1 AND index < $2) AS found',
    [start, end],
  )
  return rows[0]!.found
}
