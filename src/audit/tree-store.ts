import type { Queryable } from '../db/pool.ts'
import { AuditError } from './errors.ts'
import type { Frontier } from './merkle.ts'
import {
  frontierOf,
  partialTiles,
  type Tile,
  type TileCoordinate,
  type TileLookup,
  TileWriter,
} from './tile.ts'

/** A tree that can grow: its right edge, and the writer that holds its partial tiles. */
export interface GrowingTree {
  frontier: Frontier
  writer: TileWriter
}

/** Reads tiles in one statement; those that do not exist are left out. */
export async function readTiles(db: Queryable, wanted: readonly TileCoordinate[]): Promise<Tile[]> {
  if (wanted.length === 0) return []
  const { rows } = await db.query<Tile>(
    `SELECT level, n, hashes FROM audit_tile
     WHERE (level, n) IN (SELECT * FROM unnest($1::int[], $2::bigint[]))`,
    [wanted.map(tile => tile.level), wanted.map(tile => tile.n)],
  )
  return rows
}

/** A lookup in tiles that were read. */
export function lookupIn(tiles: readonly Tile[]): TileLookup {
  const byPlace = new Map(tiles.map(tile => [`${tile.level}/${tile.n}`, tile.hashes]))
  return ({ level, n }) => byPlace.get(`${level}/${n}`)
}

/** Stores new and wider tiles; the table refuses any other change. */
export async function writeTiles(db: Queryable, tiles: readonly Tile[]): Promise<void> {
  await db.query(
    `INSERT INTO audit_tile (level, n, hashes)
     SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[])
     ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes`,
    [tiles.map(tile => tile.level), tiles.map(tile => tile.n), tiles.map(tile => tile.hashes)],
  )
}

/**
 * Loads the tree of `size` so that it can grow.
 * @throws AuditError `head-does-not-fit` where the tiles do not give `root`, `tile-missing`
 */
export async function loadTree(db: Queryable, size: number, root: Buffer): Promise<GrowingTree> {
  const partial = await readTiles(db, partialTiles(size))
  const frontier = frontierOf(size, lookupIn(partial))
  if (!frontier.root().equals(root))
    throw new AuditError('head-does-not-fit', `the tiles do not give the root of size ${size}`)
  return { frontier, writer: new TileWriter(partial) }
}
