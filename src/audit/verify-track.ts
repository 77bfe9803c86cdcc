import { EMPTY_ROOT, Frontier, HASH_BYTES } from './merkle.ts'
import { hashAt, leavesPerHash, TILE_WIDTH, type TileLookup } from './tile.ts'
import type { Problem } from './verify-report.ts'

/**
 * One way to compute the tree, from the entries or from the tiles of level 0. While both agree
 * there is one track; where they part, the next signed root tells which of the two is right.
 */
export class Track {
  readonly #frontier: Frontier
  /** Tiles above level 0 that are not made of these leaves. */
  problems: Problem[] = []

  constructor(frontier = new Frontier()) {
    this.#frontier = frontier
  }

  get root(): Buffer {
    return this.#frontier.size > 0 ? this.#frontier.root() : EMPTY_ROOT
  }

  /** A second track from here on, without the problems so far. */
  fork(): Track {
    return new Track(this.#frontier.clone())
  }

  append(leaf: Uint8Array, tiles: TileLookup): void {
    this.#frontier.append(leaf, (height, n, node) => {
      if (height > 0 && height % 8 === 0) this.#compare(height / 8, n, node, tiles)
    })
  }

  #compare(level: number, index: number, node: Uint8Array, tiles: TileLookup): void {
    const n = Math.floor(index / TILE_WIDTH)
    if (sameHash(tiles({ level, n }), index % TILE_WIDTH, node)) return
    const what = `tile ${level}/${n} does not hold the hash of its entries`
    this.problems.push({ kind: 'tile', index: index * leavesPerHash(level), what })
  }
}

function sameHash(tile: Uint8Array | undefined, place: number, hash: Uint8Array): boolean {
  if (!tile || tile.length < (place + 1) * HASH_BYTES) return false
  return Buffer.compare(hashAt(tile, place), hash) === 0
}
