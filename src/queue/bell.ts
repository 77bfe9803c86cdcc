import { setTimeout as sleep } from 'node:timers/promises'
import type { WakeUpQueue } from './engine.ts'
import type { Outage } from './outage.ts'

const PATIENCE_MS = 2_000
// Under load a destination is woken for all that came meanwhile; after a pause at once.
const APART_MS = 100

/**
 * Puts wake-ups into the queue: those that come while the engine takes earlier ones go together, and
 * each destination waits there at most once. A wake-up that the engine does not take is dropped; the
 * reconciler repeats it.
 */
export class Bell {
  readonly #queue: WakeUpQueue
  readonly #outage: Outage
  #waiting = new Set<string>()
  #ringing: Promise<void> | undefined
  #rangAt = Number.NEGATIVE_INFINITY

  constructor(queue: WakeUpQueue, outage: Outage) {
    this.#queue = queue
    this.#outage = outage
  }

  /** Never throws; resolves when the engine has taken the wake-ups, or has failed to for 2 s. */
  async ring(destinations: Iterable<string>): Promise<void> {
    for (const destination of destinations) this.#waiting.add(destination)
    while (this.#ringing) await this.#ringing
    if (this.#waiting.size === 0) return
    this.#ringing = this.#send().finally(() => {
      this.#ringing = undefined
    })
    await this.#ringing
  }

  async #send(): Promise<void> {
    const early = this.#rangAt + APART_MS - performance.now()
    if (early > 0) await sleep(early)
    this.#rangAt = performance.now()
    const destinations = [...this.#waiting]
    this.#waiting = new Set()
    const jobs = destinations.map(destination => ({
      name: 'wake-up',
      data: { destination },
      opts: { deduplication: { id: destination } },
    }))
    try {
      await within(PATIENCE_MS, this.#queue.addBulk(jobs))
      this.#outage.worked()
    } catch (error) {
      this.#outage.failed(error)
    }
  }
}

/** The result, or an error where it takes longer than that. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${milliseconds} ms`)
  })
  // Whichever loses the race may fail later, unheard.
  late.catch(() => {})
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}
