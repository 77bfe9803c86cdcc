import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'

const SLOT_BYTES = 8
const FIRST_SLOTS = 2048
/** Slots read at once: what is looked for is nearly always among the first. */
const WINDOW = 8
const BLOCK = 8192

/**
 * Finds the position of a 16-byte key in the order of adding. The index is a file, so that its size is
 * not in memory: a slot holds the first four bytes of the key and its position plus one (both 32 bits,
 * little-endian); the key itself is where the positions point to. Keys are pseudorandom, so their
 * first bytes are the hash. The file has no name: it goes when it is closed or the process ends.
 */
export class ByteIndex {
  readonly #path: string
  readonly #keyAt: (position: number) => Uint8Array | undefined
  readonly #window = Buffer.alloc(WINDOW * SLOT_BYTES)
  #fd: number
  #slots = FIRST_SLOTS
  #size = 0
  #used = 0

  /**
   * @param path where the file may be made; nothing is there afterwards
   * @param keyAt reads the key at a position that was added, at least its first 16 bytes
   */
  constructor(path: string, keyAt: (position: number) => Uint8Array | undefined) {
    this.#path = path
    this.#keyAt = keyAt
    this.#fd = openNameless(path)
  }

  get size(): number {
    return this.#size
  }

  /** Adds a key that is not there yet; its position is the size before. */
  add(key: Uint8Array): void {
    if (this.#used * 2 === this.#slots) this.#grow()
    this.#put(hashOf(key), this.#size)
    this.#size++
  }

  /** Leaves a position without a key. */
  skip(): void {
    this.#size++
  }

  /** The position of a key, or undefined where it was not added. */
  find(key: Uint8Array): number | undefined {
    const hash = hashOf(key)
    for (const [, found, position] of this.#slotsFrom(hash)) {
      if (position < 0) return undefined
      const there = found === hash ? this.#keyAt(position) : undefined
      if (there && Buffer.compare(there.subarray(0, key.length), key) === 0) return position
    }
    return undefined
  }

  close(): void {
    closeSync(this.#fd)
  }

  #put(hash: number, position: number): void {
    for (const [slot, , held] of this.#slotsFrom(hash)) {
      if (held >= 0) continue
      const entry = Buffer.alloc(SLOT_BYTES)
      entry.writeUInt32LE(hash, 0)
      entry.writeUInt32LE(position + 1, 4)
      writeSync(this.#fd, entry, 0, SLOT_BYTES, slot * SLOT_BYTES)
      this.#used++
      return
    }
  }

  /** Slots from the one of a hash on: place, hash, and position, which is -1 where the slot is free. */
  *#slotsFrom(hash: number): Generator<readonly [number, number, number]> {
    const mask = this.#slots - 1
    for (let slot = hash & mask; ; slot = (slot + WINDOW) & ~(WINDOW - 1) & mask) {
      // A window ends at a multiple of itself, so it never runs over the end of the file.
      const count = WINDOW - (slot & (WINDOW - 1))
      this.#window.fill(0)
      readSync(this.#fd, this.#window, 0, count * SLOT_BYTES, slot * SLOT_BYTES)
      for (let at = 0; at < count; at++) {
        const start = at * SLOT_BYTES
        const position = this.#window.readUInt32LE(start + 4) - 1
        yield [slot + at, this.#window.readUInt32LE(start), position]
      }
    }
  }

  #grow(): void {
    const [former, slots] = [this.#fd, this.#slots]
    this.#fd = openNameless(this.#path)
    this.#slots = slots * 2
    this.#used = 0
    const block = Buffer.alloc(BLOCK * SLOT_BYTES)
    for (let start = 0; start < slots; start += BLOCK) {
      const read = readSync(former, block, 0, block.length, start * SLOT_BYTES)
      for (let at = 0; at < read; at += SLOT_BYTES) {
        const position = block.readUInt32LE(at + 4) - 1
        if (position >= 0) this.#put(block.readUInt32LE(at), position)
      }
    }
    closeSync(former)
  }
}

function hashOf(key: Uint8Array): number {
  return (key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)) >>> 0
}

function openNameless(path: string): number {
  rmSync(path, { force: true })
  const fd = openSync(path, 'wx+', 0o600)
  // An open file cannot be removed everywhere; the next opening does it then.
  try {
    rmSync(path)
  } catch {}
  return fd
}
