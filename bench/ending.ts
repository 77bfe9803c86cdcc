import { setTimeout as pause } from 'node:timers/promises'

const END_MS = 5_000
const AGAIN_MS = 1_000

/** What is to be done at the end, last first; safe to run twice at once. */
export class Ending {
  readonly #works: (() => Promise<unknown> | unknown)[] = []
  #running: Promise<void> | undefined
  #going: Promise<unknown> = Promise.resolve()

  /** The work that goes on; it may still add to what is to be done, also while it is interrupted. */
  during(work: Promise<unknown>): void {
    this.#going = work.catch(() => {})
  }

  add(work: () => Promise<unknown> | unknown): void {
    this.#works.push(work)
  }

  /** Does all of it; what fails is told, and the rest still done. */
  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** The same for work that was interrupted: once more when it has ended, or did not in five seconds. */
  async interrupt(): Promise<void> {
    await this.run()
    await Promise.race([this.#going, pause(END_MS)])
    await this.run()
  }

  async #runAll(): Promise<void> {
    for (let work = this.#works.pop(); work; work = this.#works.pop()) {
      try {
        await work()
      } catch (error) {
        process.stderr.write(`  cleaning up: ${(error as Error).message}\n`)
      }
    }
  }
}

/**
 * Has Ctrl-C and a request to end do what is to be done at the end, before the program ends. A second
 * one ends it at once.
 * @returns the signal that parts get
 */
export function endOnSignal(ending: Ending): AbortSignal {
  const stop = new AbortController()
  let first = -Infinity
  const end = (name: 'SIGINT' | 'SIGTERM') => {
    const code = name === 'SIGINT' ? 130 : 143
    // A terminal and npm may both pass on the same one.
    if (performance.now() - first < AGAIN_MS) return
    if (stop.signal.aborted) process.exit(code)
    first = performance.now()
    process.stderr.write('\nStopping: removing what was made …\n')
    stop.abort()
    void ending.interrupt().then(() => process.exit(code))
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return stop.signal
}
