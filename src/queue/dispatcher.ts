export type Handler = (destination: string, signal: AbortSignal) => Promise<void>

/**
 * Runs the handler in this process, for one destination at most once at a time, so that a slow
 * destination takes one slot and never all of them. A wake-up that comes during a run is not lost:
 * `again` gets it at the end, to queue it behind the other destinations.
 */
export class Dispatcher {
  readonly #handler: Handler
  readonly #again: (destination: string) => void
  readonly #signal: AbortSignal
  readonly #running = new Map<string, { wokenAgain: boolean; ended: Promise<void> }>()

  constructor(handler: Handler, again: (destination: string) => void, signal: AbortSignal) {
    this.#handler = handler
    this.#again = again
    this.#signal = signal
  }

  /** Resolves when the run has ended; at once where it is already running here, or at the close. */
  async wake(destination: string): Promise<void> {
    const running = this.#running.get(destination)
    if (running) running.wokenAgain = true
    if (running || this.#signal.aborted) return
    const ended = this.#handler(destination, this.#signal)
    const run = { wokenAgain: false, ended }
    this.#running.set(destination, run)
    try {
      await ended
    } finally {
      this.#running.delete(destination)
      if (run.wokenAgain) this.#again(destination)
    }
  }

  isRunning(destination: string): boolean {
    return this.#running.has(destination)
  }

  get busy(): boolean {
    return this.#running.size > 0
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(run => run.ended))
  }
}
