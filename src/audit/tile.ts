import { AuditError } from './errors.ts'
import {
  decompose,
  Frontier,
  foldRight,
  HASH_BYTES,
  type NodeListener,
  nodeHash,
  type Range,
} from './merkle.ts'

/** Hashes in a full tile, and the height of the subtree that it stands for. */
export const TILE_WIDTH = 256
const TILE_HEIGHT = 8

/**
 * Place of a tile: level 0 holds leaf hashes, level l + 1 the roots of the full tiles of level l.
 */
export interface TileCoordinate {
  level: number
  n: number
}

/** A tile with its hashes one after the other: 32 to 8,192 bytes. */
export interface Tile extends TileCoordinate {
  hashes: Uint8Array
}

/** Looks a tile up; undefined where there is none. */
export type TileLookup = (at: TileCoordinate) => Uint8Array | undefined

/** Leaves that one hash of a level stands for: 256^level. */
export function leavesPerHash(level: number): number {
  return TILE_WIDTH ** level
}

/** Width of tile `n` of a level in a tree of `size`: 0 where it does not exist, at most 256. */
export function tileWidth({ level, n }: TileCoordinate, size: number): number {
  const hashes = Math.floor(size / leavesPerHash(level)) - n * TILE_WIDTH
  return Math.max(0, Math.min(TILE_WIDTH, hashes))
}

/** The tiles that are not full in a tree of `size`: at most one a level, empty ones left out. */
export function partialTiles(size: number): TileCoordinate[] {
  const tiles: TileCoordinate[] = []
  for (let level = 0; leavesPerHash(level) <= size; level++) {
    const hashes = Math.floor(size / leavesPerHash(level))
    if (hashes % TILE_WIDTH > 0) tiles.push({ level, n: Math.floor(hashes / TILE_WIDTH) })
  }
  return tiles
}

/** The tiles needed to compute the root of a range. */
export function tilesOf(range: Range): TileCoordinate[] {
  return decompose(range).map(part => locate(part).tile)
}

/**
 * Root of a range of leaves from the hashes in tiles.
 * @throws AuditError `tile-missing` where a tile is not there or too narrow
 */
export function hashOfRange(range: Range, lookup: TileLookup): Buffer {
  return foldRight(decompose(range).map(part => hashOfSubtree(part, lookup)))
}

/**
 * The right edge of a tree of `size`, from its partial tiles.
 * @throws AuditError `tile-missing`
 */
export function frontierOf(size: number, lookup: TileLookup): Frontier {
  const parts = decompose({ start: 0, end: size })
  return new Frontier(
    size,
    parts.map(part => hashOfSubtree(part, lookup)),
  )
}

/** The n-th hash of a tile, 32 bytes. */
export function hashAt(hashes: Uint8Array, n: number): Uint8Array {
  return hashes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES)
}

interface OpenTile extends TileCoordinate {
  buffer: Buffer
  width: number
}

/** Collects the hashes of new nodes into the tiles that they belong to. */
export class TileWriter {
  readonly #open: OpenTile[] = []
  #changed = new Set<OpenTile>()

  /** @param partial the partial tiles of the tree so far */
  constructor(partial: readonly Tile[] = []) {
    for (const { level, n, hashes } of partial) {
      const tile = openTile(level, n)
      tile.buffer.set(hashes)
      tile.width = hashes.length / HASH_BYTES
      this.#open[level] = tile
    }
  }

  /** Give this to Frontier#append. */
  readonly listener: NodeListener = (height, n, node) => {
    if (height % TILE_HEIGHT === 0) this.#put(height / TILE_HEIGHT, n, node)
  }

  /** The tiles that are new or wider since the last call, each in full. */
  take(): Tile[] {
    const tiles = [...this.#changed].map(({ level, n, buffer, width }) => ({
      level,
      n,
      hashes: Buffer.from(buffer.subarray(0, width * HASH_BYTES)),
    }))
    this.#changed = new Set()
    return tiles
  }

  #put(level: number, index: number, node: Uint8Array): void {
    const n = Math.floor(index / TILE_WIDTH)
    let tile = this.#open[level]
    if (tile?.n !== n) tile = this.#open[level] = openTile(level, n)
    if (tile.width !== index % TILE_WIDTH)
      throw new AuditError('tile-missing', `tile ${level}/${n} is not ${index % TILE_WIDTH} wide`)
    tile.buffer.set(node, tile.width * HASH_BYTES)
    tile.width++
    this.#changed.add(tile)
  }
}

function openTile(level: number, n: number): OpenTile {
  return { level, n, buffer: Buffer.alloc(TILE_WIDTH * HASH_BYTES), width: 0 }
}

/** Where the root of a complete subtree is: `count` hashes of a tile from `offset`. */
function locate({ start, end }: Range): { tile: TileCoordinate; offset: number; count: number } {
  let level = 0
  while (leavesPerHash(level + 1) <= end - start) level++
  const first = start / leavesPerHash(level)
  return {
    tile: { level, n: Math.floor(first / TILE_WIDTH) },
    offset: first % TILE_WIDTH,
    count: (end - start) / leavesPerHash(level),
  }
}

function hashOfSubtree(part: Range, lookup: TileLookup): Buffer {
  const { tile, offset, count } = locate(part)
  const hashes = lookup(tile)
  if (!hashes || hashes.length < (offset + count) * HASH_BYTES)
    throw new AuditError('tile-missing', `tile ${tile.level}/${tile.n} is missing or too narrow`)
  let nodes = Array.from({ length: count }, (_, i) => hashAt(hashes, offset + i))
  while (nodes.length > 1) nodes = pairUp(nodes)
  return Buffer.from(nodes[0]!)
}

function pairUp(nodes: Uint8Array[]): Uint8Array[] {
  return Array.from({ length: nodes.length / 2 }, (_, i) =>
    nodeHash(nodes[2 * i]!, nodes[2 * i + 1]!),
  )
}
