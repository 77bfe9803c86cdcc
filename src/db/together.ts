import { isConnectionLost } from './away.ts'
import type { Pool, Queryable } from './pool.ts'

/** What became of one of many: its result, or an error of its own. */
export type Settled<R> = { value: R } | { error: unknown }

export interface TurnOptions<T> {
  /** The most that a turn holds, counted by `sizeOf`; one at least. */
  most: number
  sizeOf?: (one: T) => number
}

interface Waiting<T, R> {
  one: T
  resolve: (value: R) => void
  reject: (error: unknown) => void
}

/** Callers who wait for the same work, and its next turn. */
class Line<T, R> {
  readonly #options: TurnOptions<T>
  #waiting: Waiting<T, R>[] = []

  constructor(options: TurnOptions<T>) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  join(one: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ one, resolve, reject })
    })
  }

  /**
   * Has the next turn done.
   * @param work settles each in the order given; what it throws is thrown to all of the turn
   */
  async turn(work: (those: T[]) => Promise<Settled<R>[]>): Promise<void> {
    const turn = this.#next()
    try {
      const settled = await work(turn.map(({ one }) => one))
      turn.forEach(({ resolve, reject }, position) => {
        const result = settled[position] ?? { error: new Error('a result is missing') }
        if ('error' in result) reject(result.error)
        else resolve(result.value)
      })
    } catch (error) {
      for (const { reject } of turn) reject(error)
    }
  }

  #next(): Waiting<T, R>[] {
    const { most, sizeOf = () => 1 } = this.#options
    let size = 0
    let end = 0
    for (const { one } of this.#waiting) {
      size += sizeOf(one)
      if (end > 0 && size > most) break
      end += 1
    }
    return this.#waiting.splice(0, end)
  }
}

/**
 * Has work done for many callers at once: while one turn is under way those who come fill the next, so
 * that a transaction, its journey and its flush to the disk are shared, and nobody waits where nobody
 * else is there.
 */
export class Together<T, R> {
  readonly #work: (those: T[]) => Promise<Settled<R>[]>
  readonly #line: Line<T, R>
  #working = false

  /** @param work settles each in the order given; what it throws is thrown to all of the turn */
  constructor(work: (those: T[]) => Promise<Settled<R>[]>, options: TurnOptions<T>) {
    this.#work = work
    this.#line = new Line(options)
  }

  /** Resolves with the result of this one. */
  do(one: T): Promise<R> {
    const result = this.#line.join(one)
    void this.#workAll()
    return result
  }

  async #workAll(): Promise<void> {
    if (this.#working) return
    this.#working = true
    while (!this.#line.isEmpty) await this.#line.turn(this.#work)
    this.#working = false
  }
}

/** One answer for all who ask for the same while it is looked for. */
export class Shared<T> {
  readonly #asked = new Map<string, Promise<T>>()

  /** The answer that somebody is looking for already, or that of `find`. */
  ask(name: string, find: () => Promise<T>): Promise<T> {
    const asked = this.#asked.get(name)
    if (asked) return asked
    const answer = find().finally(() => {
      if (this.#asked.get(name) === answer) this.#asked.delete(name)
    })
    this.#asked.set(name, answer)
    return answer
  }

  /** Who asks from now on is not told what is being looked for: it changed since. */
  forget(name: string): void {
    this.#asked.delete(name)
  }
}

/** Answers a question for many callers: one statement, sent before anything is awaited. */
export type Answering<T, R> = (db: Queryable, those: T[]) => Promise<Settled<R>[]>

/**
 * Short questions of many callers to one database: all that wait, of every kind, go out together on one
 * connection, so that the journey there and back is shared. In a turn no kind waits for another.
 */
export class Questions {
  readonly #pool: Pool
  readonly #lines: { isEmpty: boolean; ask: (db: Queryable) => Promise<void> }[] = []
  #asking = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Those of everybody who asks this database in this process. */
  static of(pool: Pool): Questions {
    const known = QUESTIONS.get(pool)
    if (known) return known
    const questions = new Questions(pool)
    QUESTIONS.set(pool, questions)
    return questions
  }

  /** A kind of question; what it gives back asks one. */
  kind<T, R>(answer: Answering<T, R>, options: TurnOptions<T>): (one: T) => Promise<R> {
    const line = new Line<T, R>(options)
    this.#lines.push({
      get isEmpty() {
        return line.isEmpty
      },
      ask: db => line.turn(those => answer(db, those)),
    })
    return one => {
      const result = line.join(one)
      void this.#askAll()
      return result
    }
  }

  async #askAll(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    // Who comes in the same moment is in the same turn.
    await undefined
    while (this.#lines.some(line => !line.isEmpty)) await this.#turn()
    this.#asking = false
  }

  async #turn(): Promise<void> {
    const asked = this.#lines.filter(line => !line.isEmpty)
    let lost: Error | undefined
    const connecting = this.#pool.connect()
    const db = await connecting.catch(() => undefined)
    const query: Queryable['query'] = ((...all: Parameters<Queryable['query']>) => {
      if (!db) return connecting
      const sent = db.query(...all) as unknown as Promise<unknown>
      sent.catch(error => {
        if (isConnectionLost(error)) lost = error
      })
      return sent
    }) as never
    await Promise.all(asked.map(line => line.ask({ query })))
    db?.release(lost)
  }
}

const QUESTIONS = new WeakMap<Pool, Questions>()
