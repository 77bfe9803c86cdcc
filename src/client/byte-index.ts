const KEY_BYTES = 16
const NO_KEY = new Uint8Array(KEY_BYTES)

/**
 * Finds the position of a 16-byte key in the order of adding: about 32 bytes a key, where a Map of
 * strings takes more than a hundred. Keys are pseudorandom, so their first bytes are the hash.
 */
export class ByteIndex {
  #keys = Buffer.alloc(1024 * KEY_BYTES)
  #slots = new Int32Array(2048).fill(-1)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a key; its position is the size before. */
  add(key: Uint8Array): void {
    if (this.#size * 2 === this.#slots.length) this.#grow()
    this.#keys.set(key, this.#size * KEY_BYTES)
    this.#slots[this.#slotOf(key)] = this.#size
    this.#size++
  }

  /** Leaves a position without a key. */
  skip(): void {
    this.add(NO_KEY)
  }

  /** The position of a key, or undefined where it was not added. */
  find(key: Uint8Array): number | undefined {
    const position = this.#slots[this.#slotOf(key)]!
    return position < 0 ? undefined : position
  }

  // The slot that holds the key, or the free one where it would go.
  #slotOf(key: Uint8Array): number {
    const mask = this.#slots.length - 1
    const hash = key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)
    let slot = hash & mask
    while (this.#slots[slot]! >= 0 && !this.#isAt(this.#slots[slot]!, key)) slot = (slot + 1) & mask
    return slot
  }

  #isAt(position: number, key: Uint8Array): boolean {
    const start = position * KEY_BYTES
    return this.#keys.compare(key, 0, KEY_BYTES, start, start + KEY_BYTES) === 0
  }

  #grow(): void {
    this.#keys = Buffer.concat([this.#keys, Buffer.alloc(this.#keys.length)])
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    for (let position = 0; position < this.#size; position++) {
      const start = position * KEY_BYTES
      this.#slots[this.#slotOf(this.#keys.subarray(start, start + KEY_BYTES))] = position
    }
  }
}
