import { ipKeyGenerator } from 'express-rate-limit'
import type { Pool, Queryable } from '../db/pool.ts'
import { Questions, type Settled } from '../db/together.ts'
import { Refusal, reason } from '../errors.ts'
import { type Limit, refill, type Standing, standingOf } from './limit-bucket.ts'

interface Row {
  name: string
  granted: number
  level: number
}

const MOST_CALLS = 10_000

/**
 * One bucket per party, shared by all processes on the database. Calls that wait at the same moment ask
 * together, in one statement, so that a process has one question under way whatever the load. What the
 * database does not answer is not let through.
 */
export class PartyLimits {
  readonly #ask: (party: string) => Promise<Standing>
  readonly #limit: Limit
  readonly #wrong: (error: unknown) => void

  /** @param parts.wrong is told why the database did not answer */
  constructor(parts: { pool: Pool; limit: Limit; wrong?: (error: unknown) => void }) {
    this.#limit = parts.limit
    this.#wrong = parts.wrong ?? (() => {})
    this.#ask = Questions.of(parts.pool).kind((db, calls) => this.#takeAll(db, calls), {
      most: MOST_CALLS,
    })
  }

  /** Asks for one token. @throws Refusal HB-903 where the database does not answer */
  take(party: string): Promise<Standing> {
    return this.#ask(party)
  }

  async #takeAll(db: Queryable, calls: string[]): Promise<Settled<Standing>[]> {
    const { burst, perSecond } = this.#limit
    const counts = Map.groupBy(calls, party => party)
    try {
      const { rows } = await db.query<Row>({
        name: 'limit-take',
        text: TAKE,
        values: [
          [...counts.keys()],
          [...counts.values()].map(those => Math.min(those.length, burst)),
          burst,
          perSecond,
        ],
      })
      const taken = new Map(rows.map(row => [row.name, { ...row, turn: 0 }]))
      return calls.map(party => {
        const row = taken.get(party)
        if (!row) throw new Error('a bucket is missing')
        return { value: standingOf(this.#limit, { ...row, turn: row.turn++ }) }
      })
    } catch (cause) {
      this.#wrong(cause)
      throw new Refusal(reason('HB-903', '', 'docs/operations.md, limits'), { cause })
    }
  }
}

// In the order of the names, so that two processes never wait for each other. The instant is that of
// the locked row: a statement that waited sees what was taken meanwhile.
const LEVEL = `least($3::float8, b.level +
  greatest(0, extract(epoch FROM clock_timestamp() - b.at)::float8) * $4::float8)`
const TAKE = `
  INSERT INTO limit_bucket AS b (name, granted, level, at)
  SELECT name, asked, $3::float8 - asked, clock_timestamp()
  FROM unnest($1::text[], $2::int[]) AS a (name, asked) ORDER BY name
  ON CONFLICT (name) DO UPDATE SET
    granted = least(excluded.granted, floor(${LEVEL})::int),
    level = ${LEVEL} - least(excluded.granted, floor(${LEVEL})),
    at = clock_timestamp()
  RETURNING name, granted, level`

const MAX_ADDRESSES = 10_000
// What one household or office gets: a longer prefix would give anyone as many buckets as it likes.
const IPV6_PREFIX = 56

/**
 * One bucket per source address, of this process alone: for what is done without a token. The
 * number of addresses it remembers is bounded; the one seen longest ago is forgotten first.
 */
export class AddressLimits {
  readonly #limit: Limit
  readonly #now: () => number
  readonly #buckets = new Map<string, { level: number; at: number }>()

  /** @param parts.now seconds, never going back */
  constructor(parts: { limit: Limit; now?: () => number }) {
    this.#limit = parts.limit
    this.#now = parts.now ?? (() => performance.now() / 1000)
  }

  /** Takes one token. @throws Refusal HB-601 where there is none */
  take(address: string): void {
    const key = ipKeyGenerator(address, IPV6_PREFIX)
    const at = this.#now()
    const known = this.#buckets.get(key)
    const { burst, perSecond } = this.#limit
    const level = known ? refill(known.level, at - known.at, this.#limit) : burst
    this.#buckets.delete(key)
    this.#buckets.set(key, { level: level >= 1 ? level - 1 : level, at })
    this.#forget()
    if (level < 1) throw refuseTooMany(Math.ceil((1 - level) / perSecond))
  }

  /** How many addresses it remembers. */
  get size(): number {
    return this.#buckets.size
  }

  #forget(): void {
    if (this.#buckets.size <= MAX_ADDRESSES) return
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      return
    }
  }
}

/** Lets a party in, or throws HB-601. */
export function admitter(limits: PartyLimits): (party: string) => Promise<Standing> {
  return async party => {
    const standing = await limits.take(party)
    if (!standing.granted) throw refuseTooMany(standing.retryAfter)
    return standing
  }
}

/** The refusal of a caller without a token left. */
export function refuseTooMany(retryAfter: number): Refusal {
  return new Refusal(reason('HB-601', '', 'docs/operations.md, limits'), { retryAfter })
}
