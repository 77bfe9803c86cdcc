import { createHash } from 'node:crypto'

/** Random choices that a seed fixes, such as `11:request 40` (xoshiro128**). */
export class Dice {
  readonly #state: Uint32Array

  constructor(seed: string) {
    const digest = createHash('sha256').update(seed).digest()
    this.#state = Uint32Array.from({ length: 4 }, (_, at) => digest.readUInt32BE(at * 4))
  }

  /** 32 bits. */
  bits(): number {
    const s = this.#state
    const [a = 0, b = 0, c = 0, d = 0] = s
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const [c1, d1] = [c ^ a, d ^ b]
    s.set([a ^ d1, b ^ c1, c1 ^ (b << 9), rotate(d1, 11)])
    return result
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor((this.bits() / 2 ** 32) * end)
  }

  chance(share: number): boolean {
    return this.bits() < share * 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)]
    if (one === undefined && list.length === 0) throw new Error('nothing to choose from')
    return one as T
  }

  /** One of them, or undefined of none. */
  oneOf<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.bits() & 0xff))
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
