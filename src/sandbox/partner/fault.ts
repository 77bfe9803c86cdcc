import type { Scenario } from './scenario.ts'

/**
 * What is done to a call: `busy` is refused with 503, `lost` reaches its end but the answer is cut off,
 * `garbage` is answered with the page of a proxy, `slow` is held for a while first.
 */
export type Fault = 'slow' | 'busy' | 'lost' | 'garbage'

const IN_TURN = ['busy', 'lost', 'garbage', undefined] as const
const MOST_KEPT = 10_000

/** Which fault a call meets: by how often that very call came, so that who repeats it gets through. */
export class Faults {
  readonly #times = new Map<string, number>()

  /** @param key what makes it that call: its Idempotency-Key, or its method and path */
  next(pace: Scenario['pace'], key: string): Fault | undefined {
    if (pace === 'normal') return undefined
    if (pace === 'slow') return 'slow'
    if (this.#times.size >= MOST_KEPT) this.#times.clear()
    const before = this.#times.get(key) ?? 0
    this.#times.set(key, before + 1)
    return IN_TURN[before % IN_TURN.length]
  }

  /** A scenario that is chosen again starts again. */
  clear(): void {
    this.#times.clear()
  }
}

/** The page that a proxy in between gives: no JSON, and nothing of the gateway. */
export const GARBAGE = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'
