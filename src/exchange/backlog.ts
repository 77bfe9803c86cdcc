import type { Queryable } from '../db/pool.ts'
import { type ErrorCode, Refusal, reason } from '../errors.ts'

const FULL: ErrorCode = 'HB-606'
const RETRY_AFTER_SECONDS = 30
const FRESH_MS = 1_000
// Counting takes at most this part of the time, however long it takes.
const SHARE = 1 / 20

interface Counted {
  full: boolean
  until: number
}

/** What may wait for one recipient: persons on their way in requests, and hand-overs. */
export interface Waiting {
  rows: number
  handOvers: number
}

/**
 * Keeps intake from growing what a recipient does not take. What waits is counted at most once a second
 * per recipient and process, and never further than the limit.
 */
export class Backlog {
  readonly #db: Queryable
  readonly #most: Waiting
  readonly #counted = new Map<string, Counted>()
  readonly #counting = new Map<string, Promise<Counted>>()

  constructor(parts: { pool: Queryable; most: Waiting }) {
    this.#db = parts.pool
    this.#most = parts.most
  }

  /**
   * Lets a message in for these recipients: of each the place in the body that names it.
   * @throws Refusal HB-606 naming the places whose recipient has too much waiting
   */
  async assertRoom(recipients: ReadonlyMap<string, string>): Promise<void> {
    const full: string[] = []
    for (const [party, pointer] of recipients) if (await this.#isFull(party)) full.push(pointer)
    if (full.length === 0) return
    const whole = full.length === recipients.size
    const remedy = whole
      ? undefined
      : 'Send the other items without these, under another key; these again after Retry-After.'
    const reasons = full.map(pointer => reason(FULL, pointer, 'docs/operations.md, limits', remedy))
    throw new Refusal(reasons, { retryAfter: RETRY_AFTER_SECONDS })
  }

  async #isFull(party: string): Promise<boolean> {
    const known = this.#counted.get(party)
    if (known && known.until > performance.now()) return known.full
    const counting = this.#counting.get(party) ?? this.#count(party)
    this.#counting.set(party, counting)
    try {
      return (await counting).full
    } finally {
      this.#counting.delete(party)
    }
  }

  async #count(party: string): Promise<Counted> {
    const from = performance.now()
    const { handOvers, rows: persons } = this.#most
    const { rows } = await this.#db.query<Waiting>({
      name: 'backlog',
      text: COUNT,
      values: [party, handOvers],
    })
    const { rows: items = 0, handOvers: calls = 0 } = rows[0] ?? {}
    const now = performance.now()
    const until = now + Math.max(FRESH_MS, (now - from) / SHARE)
    const counted = { full: calls >= handOvers || items >= persons, until }
    this.#counted.set(party, counted)
    return counted
  }
}

// Held ones wait for a date or a person, not for the recipient; notices grow with nothing that comes in.
const COUNT = `
  SELECT count(*)::int AS "handOvers",
    coalesce(sum(items) FILTER (WHERE kind = 'request'), 0)::bigint AS rows
  FROM (SELECT items, kind FROM hand_over
    WHERE destination = $1 AND state IN ('queued', 'retrying') AND counted LIMIT $2) AS waiting`
