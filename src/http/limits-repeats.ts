/**
 * Lets calls with the same key run one after another in this process: the second finds what became of the
 * first, instead of doing the same work beside it. Between processes the database decides.
 */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  /** Runs the work after what came before under this key, whatever became of that. */
  async inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const result = before ? before.then(work) : work()
    const ended = result.then(
      () => {},
      () => {},
    )
    this.#last.set(key, ended)
    try {
      return await result
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key)
    }
  }
}
