/** What became of one of many: its result, or an error of its own. */
export type Settled<R> = { value: R } | { error: unknown }

interface Waiting<T, R> {
  one: T
  resolve: (value: R) => void
  reject: (error: unknown) => void
}

/**
 * Has work done for many callers at once: while one turn is under way those who come fill the next, so
 * that a transaction, its journey and its flush to the disk are shared, and nobody waits where nobody
 * else is there.
 */
export class Together<T, R> {
  readonly #work: (those: T[]) => Promise<Settled<R>[]>
  readonly #most: number
  readonly #sizeOf: (one: T) => number
  #waiting: Waiting<T, R>[] = []
  #working = false

  /**
   * @param work settles each in the order given; what it throws is thrown to all of the turn
   * @param options.most the most that a turn holds, counted by `sizeOf`; one at least
   */
  constructor(
    work: (those: T[]) => Promise<Settled<R>[]>,
    options: { most: number; sizeOf?: (one: T) => number },
  ) {
    this.#work = work
    this.#most = options.most
    this.#sizeOf = options.sizeOf ?? (() => 1)
  }

  /** Resolves with the result of this one. */
  do(one: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ one, resolve, reject })
      void this.#workAll()
    })
  }

  async #workAll(): Promise<void> {
    if (this.#working) return
    this.#working = true
    while (this.#waiting.length > 0) await this.#turn(this.#nextTurn())
    this.#working = false
  }

  #nextTurn(): Waiting<T, R>[] {
    let size = 0
    let end = 0
    for (const { one } of this.#waiting) {
      size += this.#sizeOf(one)
      if (end > 0 && size > this.#most) break
      end += 1
    }
    return this.#waiting.splice(0, end)
  }

  async #turn(turn: Waiting<T, R>[]): Promise<void> {
    try {
      const settled = await this.#work(turn.map(({ one }) => one))
      turn.forEach(({ resolve, reject }, position) => {
        const result = settled[position] ?? { error: new Error('a result is missing') }
        if ('error' in result) reject(result.error)
        else resolve(result.value)
      })
    } catch (error) {
      for (const { reject } of turn) reject(error)
    }
  }
}
