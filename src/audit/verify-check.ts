import { setImmediate } from 'node:timers/promises'
import type { Queryable } from '../db/pool.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type Frontier, HASH_BYTES, leafHash } from './merkle.ts'
import type { NoteVerifier } from './note.ts'
import { hashAt, TILE_WIDTH, type TileLookup } from './tile.ts'
import { checkEnd } from './verify-end.ts'
import { findColumnThatDiffers } from './verify-entry.ts'
import type { KeysOnce } from './verify-keys.ts'
import { inOrder, type Problem, type VerifyReport } from './verify-report.ts'
import {
  type CheckpointRow,
  type EntryRow,
  type HeadState,
  hasEntryFrom,
  type Page,
} from './verify-source.ts'
import { explainSuspects, type Suspect } from './verify-suspect.ts'
import { Track } from './verify-track.ts'

const MAX_PROBLEMS = 20
const MAX_SUSPECTS = 20_000
/** Milliseconds of computing before others get a turn. */
const TURN_MS = 20

/** A size and the root that was signed for it. */
export type SignedRoot = Pick<CheckpointRow, 'size' | 'root'>

/** The right edge of the tree that was proven before the first page, and the keys seen by then. */
export interface Start {
  frontier: Frontier
  keys: KeysOnce
}

/**
 * The state of one verification: give it the pages in order, then finish it.
 */
export class LogCheck {
  readonly #db: Queryable
  readonly #verifiers: readonly NoteVerifier[]
  readonly #head: HeadState
  readonly #trusted: SignedRoot | undefined
  readonly #problems: Problem[] = []
  /** From the entries; undefined once one is missing, until the tiles are proven right. */
  #entries: Track | undefined
  /** From the tiles of level 0; undefined while the entries say the same. */
  #tiles: Track | undefined
  readonly #keys: KeysOnce
  #suspects: Suspect[] = []
  /** A run of missing entries that has not ended yet. */
  #gap: { index: number; length: number } | undefined
  /** Signed roots that fitted nothing so far, and where the last one that fitted ends. */
  #unfit: SignedRoot[] = []
  #fitted: number
  #lastSize: number
  readonly #from: number
  #checkpoints = 0
  #turn = performance.now()
  /** No later entry can be judged. */
  hopeless = false

  constructor(
    db: Queryable,
    verifiers: readonly NoteVerifier[],
    head: HeadState,
    trusted: SignedRoot | undefined,
    start: Start,
  ) {
    this.#db = db
    this.#verifiers = verifiers
    this.#head = head
    this.#trusted = trusted
    this.#entries = new Track(start.frontier)
    this.#keys = start.keys
    this.#from = this.#fitted = this.#lastSize = start.frontier.size
  }

  async page(page: Page): Promise<void> {
    let next = 0
    for (let index = page.start; index < page.end && !this.hopeless; index++) {
      this.#entry(index, page.rows[index - page.start], page.tiles)
      const checkpoint = page.checkpoints[next]
      if (checkpoint?.size === index + 1) {
        next++
        await this.#checkpoint(checkpoint)
      }
      if (this.#trusted?.size === index + 1) this.#compareTrusted(this.#trusted)
      if (this.#problems.length >= MAX_PROBLEMS) this.hopeless = true
      await this.#pauseAtTimes()
    }
  }

  async finish(): Promise<Omit<VerifyReport, 'warnings'>> {
    const head = this.#head
    if (this.#gap) this.#closeGap(!(await hasEntryFrom(this.#db, this.#gap.index, head.size)))
    if (!this.hopeless || this.#suspects.length > 0) await this.#settle()
    if (!this.hopeless) {
      const root = this.#current.root
      if (this.#unfit.length > 0) this.#reportUnfit(root)
      checkEnd(head, { root, lastSize: this.#lastSize }, this.#verifiers, this.#problems)
    }
    if (this.#trusted && this.#trusted.size > head.size) {
      const what = `a checkpoint of size ${this.#trusted.size} was published`
      this.#problems.push({ kind: 'rolled-back', index: head.size, what })
    }
    const problems = inOrder(this.#problems)
    return {
      ok: problems.length === 0,
      entries: head.size,
      from: this.#from,
      checkpoints: this.#checkpoints,
      root: this.#current.root.toString('base64'),
      problems,
    }
  }

  /** The track to go by: where they differ, the one of the tiles, which is never without a leaf. */
  get #current(): Track {
    return this.#tiles ?? this.#entries!
  }

  #entry(index: number, row: EntryRow | undefined, tiles: TileLookup): void {
    const tile = tiles({ level: 0, n: Math.floor(index / TILE_WIDTH) })
    const place = index % TILE_WIDTH
    const expected = tile && tile.length > place * HASH_BYTES ? hashAt(tile, place) : undefined
    if (!row) {
      this.#missingEntry(index, expected, tiles)
      return
    }
    if (this.#gap) this.#closeGap(false)
    const leaf = leafHash(row.entry)
    if (expected && !leaf.equals(expected)) {
      this.#part(expected, leaf, tiles)
      if (this.#suspects.push({ index, leaf, expected }) >= MAX_SUSPECTS) this.hopeless = true
      return
    }
    if (expected) this.#columns(row, leaf)
    else this.#missingTile(index)
    this.#entries?.append(leaf, tiles)
    this.#tiles?.append(leaf, tiles)
  }

  #missingEntry(index: number, expected: Uint8Array | undefined, tiles: TileLookup): void {
    this.#gap ??= { index, length: 0 }
    this.#gap.length++
    // Without entry and tile nothing can be computed any more.
    if (expected) this.#part(expected, undefined, tiles)
    else this.hopeless = true
  }

  #closeGap(atEnd: boolean): void {
    const { index, length } = this.#gap!
    this.#gap = undefined
    const what = length === 1 ? 'the entry is gone' : `${length} entries from here on are gone`
    this.#problems.push({ kind: atEnd ? 'truncated' : 'missing', index, what })
  }

  #columns(row: EntryRow, leaf: Buffer): void {
    const column = findColumnThatDiffers(row, leaf)
    const what = `the column ${column} says something else than the entry`
    const problem: Problem | undefined = column
      ? { kind: 'column', index: row.index, what }
      : this.#keys.check(row)
    if (problem) this.#problems.push(problem)
  }

  /** Entry and tile say different things: follow both until the next signed root. */
  #part(expected: Uint8Array, leaf: Buffer | undefined, tiles: TileLookup): void {
    if (!this.#tiles) {
      this.#problems.push(...this.#entries!.problems.splice(0))
      this.#tiles = this.#entries!.fork()
    }
    this.#tiles.append(expected, tiles)
    if (leaf) this.#entries?.append(leaf, tiles)
    else this.#entries = undefined
  }

  #missingTile(index: number): void {
    const n = Math.floor(index / TILE_WIDTH)
    const what = `tile 0/${n} is missing or too narrow`
    if (this.#problems.at(-1)?.what !== what) this.#problems.push({ kind: 'tile', index, what })
  }

  async #checkpoint(row: CheckpointRow): Promise<void> {
    this.#checkpoints++
    const flaw = this.#flawOf(row)
    this.#lastSize = row.size
    if (flaw) this.#problems.push({ kind: 'checkpoint', index: row.size - 1, what: flaw })
    else await this.#fit(row)
  }

  #flawOf(row: CheckpointRow): string | undefined {
    const name = `the checkpoint of size ${row.size}`
    try {
      const signed = openCheckpoint(row.note, ...this.#verifiers)
      if (signed.size !== row.size || !signed.root.equals(row.root))
        return `${name} says something else than its columns`
    } catch {
      return `${name} is not signed by the log`
    }
    return row.previous === this.#lastSize
      ? undefined
      : `${name} follows one of size ${row.previous}, not of ${this.#lastSize}`
  }

  async #fit(signed: SignedRoot): Promise<void> {
    if (this.#entries?.root.equals(signed.root)) this.#tilesWereWrong()
    else if (this.#tiles?.root.equals(signed.root)) await this.#entriesWereWrong()
    else {
      this.#unfit.push(signed)
      return
    }
    for (const { size } of this.#unfit) {
      const what = `the log signed another root for size ${size} than its entries have`
      this.#problems.push({ kind: 'forked', index: this.#fitted, what })
    }
    this.#unfit = []
    this.#fitted = signed.size
  }

  #tilesWereWrong(): void {
    for (const { index } of this.#suspects.splice(0)) {
      const what = `tile 0/${Math.floor(index / TILE_WIDTH)} does not hold the hash of the entry`
      this.#problems.push({ kind: 'tile', index, what })
    }
    this.#problems.push(...this.#entries!.problems.splice(0))
    this.#tiles = undefined
  }

  async #entriesWereWrong(): Promise<void> {
    const tiles = this.#tiles!
    const findings = await explainSuspects(this.#db, this.#suspects.splice(0))
    this.hopeless = findings.some(finding => finding.shifted)
    this.#problems.push(...findings.map(({ shifted: _, ...problem }) => problem))
    this.#problems.push(...tiles.problems.splice(0))
    this.#entries = tiles
    this.#tiles = undefined
  }

  /** At the end no signed root is to come: what is still open is an entry's fault. */
  async #settle(): Promise<void> {
    if (this.#tiles) await this.#entriesWereWrong()
    else this.#problems.push(...this.#entries!.problems.splice(0))
  }

  #reportUnfit(root: Buffer): void {
    const [first] = this.#unfit
    const last = this.#unfit.at(-1)!
    if (this.#problems.length > 0 && !this.#head.root.equals(last.root)) return
    const kind = this.#head.root.equals(root) ? 'forked' : 'changed'
    const what = `the entries from here up to ${first!.size} do not give the signed root`
    this.#problems.push({ kind, index: this.#fitted, what })
  }

  #compareTrusted({ size, root }: SignedRoot): void {
    if (this.#current.root.equals(root) || this.#entries?.root.equals(root)) return
    const what = `the trusted checkpoint of size ${size} has another root`
    this.#problems.push({ kind: 'forked', index: this.#fitted, what })
  }

  async #pauseAtTimes(): Promise<void> {
    if (performance.now() - this.#turn < TURN_MS) return
    await setImmediate()
    this.#turn = performance.now()
  }
}
