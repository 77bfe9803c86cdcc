import { type ErrorCode, Refusal, reason } from '../errors.ts'

// What a request costs besides its body: its socket, its headers, its place in line.
const BASE_BYTES = 16 * 1024
const MAX_WAIT_MS = 10_000
const RETRY_AFTER_SECONDS = 2
const BUSY: ErrorCode = 'HB-605'

/** A request's place among those in hand. */
export interface Place {
  /** Runs the work once there is room for it. @throws Refusal HB-605 after 10 s */
  handle<T>(work: () => Promise<T>): Promise<T>
  /** Gives the room back; a second time changes nothing. */
  leave(): void
}

interface Waiting {
  holder: string
  bytes: number
  start: () => void
}

/**
 * Bounds the bodies that a process has in hand, in bytes: all of them, those of one holder to a quarter,
 * and those that are being parsed and handled to an eighth, for a body takes many times its size then.
 * What is more is refused before it is read; what is read waits in line, the holder with the
 * least at work first.
 */
export class BodyLimits {
  readonly #bytes: number
  readonly #atWork: number
  #held = 0
  #working = 0
  readonly #heldBy = new Map<string, number>()
  readonly #workingFor = new Map<string, number>()
  readonly #line: Waiting[] = []

  constructor({ bytes }: { bytes: number }) {
    this.#bytes = bytes
    this.#atWork = bytes / 8
  }

  /** Bytes in hand now. */
  get held(): number {
    return this.#held
  }

  /**
   * Takes room for a body of this size, on account of a party or an address.
   * @throws Refusal HB-605 with Retry-After where there is none
   */
  enter(holder: string, size: number): Place {
    const bytes = BASE_BYTES + size
    const own = (this.#heldBy.get(holder) ?? 0) + bytes
    if (this.#held + bytes > this.#bytes || own > this.#bytes / 4) throw refuseBusy()
    this.#held += bytes
    this.#heldBy.set(holder, own)
    let isIn = true
    return {
      handle: work => this.#handle(holder, Math.min(bytes, this.#atWork), work),
      leave: () => {
        if (!isIn) return
        isIn = false
        this.#held -= bytes
        subtract(this.#heldBy, holder, bytes)
      },
    }
  }

  async #handle<T>(holder: string, bytes: number, work: () => Promise<T>): Promise<T> {
    await this.#turn(holder, bytes)
    try {
      return await work()
    } finally {
      this.#working -= bytes
      subtract(this.#workingFor, holder, bytes)
      this.#startNext()
    }
  }

  #turn(holder: string, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const tooLong = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(waiting), 1)
        reject(refuseBusy())
      }, MAX_WAIT_MS)
      const start = () => {
        clearTimeout(tooLong)
        this.#working += bytes
        this.#workingFor.set(holder, (this.#workingFor.get(holder) ?? 0) + bytes)
        resolve()
      }
      const waiting = { holder, bytes, start }
      this.#line.push(waiting)
      this.#startNext()
    })
  }

  #startNext(): void {
    for (;;) {
      const next = this.#firstOf(this.#line)
      if (!next || this.#working + next.bytes > this.#atWork) return
      this.#line.splice(this.#line.indexOf(next), 1)
      next.start()
    }
  }

  #firstOf(line: readonly Waiting[]): Waiting | undefined {
    const workOf = ({ holder }: Waiting) => this.#workingFor.get(holder) ?? 0
    let first = line[0]
    for (const one of line) if (first && workOf(one) < workOf(first)) first = one
    return first
  }
}

function subtract(amounts: Map<string, number>, holder: string, bytes: number): void {
  const left = (amounts.get(holder) ?? 0) - bytes
  if (left > 0) amounts.set(holder, left)
  else amounts.delete(holder)
}

function refuseBusy(): Refusal {
  const why = reason(BUSY, '', 'docs/operations.md, limits')
  return new Refusal(why, { retryAfter: RETRY_AFTER_SECONDS })
}
