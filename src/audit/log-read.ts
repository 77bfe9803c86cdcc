import type { Queryable } from '../db/pool.ts'
import { HASH_BYTES } from './merkle.ts'
import { TILE_WIDTH } from './tile.ts'
import { encodeBundle, parseTilePath } from './tile-path.ts'

/** A checkpoint as it was published. */
export interface PublishedCheckpoint {
  size: number
  root: Buffer
  /** The signed note, byte for byte. */
  note: string
  at: Date
}

/**
 * The newest published checkpoint, or undefined while there is none. Where witnesses are asked it is
 * the last one that was published with their cosignatures, else the newest that is signed.
 */
export async function latestCheckpoint(db: Queryable): Promise<PublishedCheckpoint | undefined> {
  const { rows } = await db.query<PublishedCheckpoint>(LATEST)
  return rows[0]
}

const LATEST = `
  SELECT c.size, c.root, coalesce(p.note, c.note) AS note, c.at
  FROM audit_checkpoint c
  LEFT JOIN LATERAL (
    SELECT note FROM audit_published WHERE size = c.size ORDER BY cosigned DESC LIMIT 1) p ON true
  WHERE c.size = CASE WHEN (SELECT waits FROM audit_publishing)
    THEN (SELECT max(size) FROM audit_published) ELSE (SELECT max(size) FROM audit_checkpoint) END`

/**
 * The hashes of a tile: exactly `width` of them (default 256, a full tile), 32 bytes each;
 * undefined where the tile is not that wide yet. A grown tile still answers for its earlier
 * widths.
 */
export async function readTile(
  db: Queryable,
  level: number,
  n: number,
  width = TILE_WIDTH,
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ hashes: Buffer }>(
    `SELECT substring(hashes FOR $3 * ${HASH_BYTES}) AS hashes FROM audit_tile
     WHERE level = $1 AND n = $2 AND width >= $3`,
    [level, n, width],
  )
  return rows[0]?.hashes
}

/**
 * The n-th bundle of exactly `width` entries (default 256); undefined where there are not that
 * many.
 */
export async function readEntryBundle(
  db: Queryable,
  n: number,
  width = TILE_WIDTH,
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ entry: Buffer }>(
    'SELECT entry FROM audit_entry WHERE index >= $1 AND index < $2 ORDER BY index',
    [n * TILE_WIDTH, n * TILE_WIDTH + width],
  )
  return rows.length === width ? encodeBundle(rows.map(row => row.entry)) : undefined
}

/**
 * What is at a tlog-tiles path such as `tile/0/x001/234.p/5`; undefined where there is nothing, or
 * where it names entries: those are not public. `path` is untrusted.
 */
export async function readTilePath(db: Queryable, path: string): Promise<Buffer | undefined> {
  const name = parseTilePath(path)
  if (!name || name.level === 'entries') return undefined
  return readTile(db, name.level, name.n, name.width)
}
