import { setTimeout as sleep } from 'node:timers/promises'
import { HuisbrugProblem } from '../client/problem.ts'

/** A pause that an abort ends at once, with a rejection: for retries that must not hold up the end. */
export function sleepUntil(signal: AbortSignal): (ms: number) => Promise<unknown> {
  return ms => sleep(ms, undefined, { signal })
}

export interface RetryingQueueOptions<T> {
  /** How many are under way at once. */
  atOnce: number
  /** Does one; where it throws it is tried again until it does not. */
  settle(item: T): Promise<void>
  onSettled(): void
  pauseMs?: number
}

/** Settles items, a few at once, each until it succeeds: what is left is tried at the next start. */
export class RetryingQueue<T> {
  readonly #options: RetryingQueueOptions<T>
  readonly #waiting: T[] = []
  readonly #workers = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(options: RetryingQueueOptions<T>) {
    this.#options = options
  }

  add(...items: T[]): void {
    this.#waiting.push(...items)
    while (this.#workers.size < this.#options.atOnce && this.#waiting.length > 0) {
      const worker: Promise<void> = this.#work().finally(() => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
  }

  /** Resolves once nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers)
  }

  /** Starts nothing new and waits for what is under way. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#waiting.length = 0
    await this.idle()
  }

  async #work(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      while (!this.#stop.signal.aborted && !(await this.#trySettle(item))) {
        const { pauseMs = 1_000 } = this.#options
        await sleepUntil(this.#stop.signal)(pauseMs).catch(() => {})
      }
      this.#options.onSettled()
    }
  }

  async #trySettle(item: T): Promise<boolean> {
    try {
      await this.#options.settle(item)
      return true
    } catch {
      return false
    }
  }
}

// Who is refused at the door (unknown yet, clock wrong) learns nothing about the message.
const ACCESS = 'HB-1'

/**
 * The reply of a call, or the code of a refusal that will not pass.
 * @throws what may pass: no answer, 429, 5xx, a refusal at the door
 */
export async function replyOrRefusal<T>(
  call: Promise<T>,
): Promise<{ reply: T; code?: undefined } | { reply?: undefined; code: string }> {
  try {
    return { reply: await call }
  } catch (error) {
    const isFinal = error instanceof HuisbrugProblem && !error.mayPass
    if (isFinal && !error.code.startsWith(ACCESS)) return { code: error.code }
    throw error
  }
}
