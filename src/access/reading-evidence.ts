import { recordEntry } from '../audit/record.ts'
import type { Pool } from '../db/pool.ts'
import type { Logger } from '../log.ts'
import type { Person } from './people.ts'
import { actorOf } from './scope.ts'

const WINDOW_MS = 60_000

/**
 * Writes `audit.read` of who reads entry tiles. A program that follows the log reads thousands, and each
 * entry about it would be one more to read: the first of a session within a minute is an entry before
 * anything is given out, and the others are counted and written as one when the minute is over.
 */
export class ReadingEvidence {
  readonly #pool: Pool
  readonly #log: Logger
  readonly #now: () => Date
  readonly #window = new Map<string, { person: Person; more: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: { pool: Pool; log: Logger; now: () => Date }) {
    this.#pool = parts.pool
    this.#log = parts.log
    this.#now = parts.now
  }

  /** Notes that a person is about to get so many entries. @throws a database error: give out nothing */
  async note(person: Person, entries: number): Promise<void> {
    const seen = this.#window.get(person.id)
    if (seen) {
      seen.more += entries
      return
    }
    await this.#write(person, entries)
    this.#window.set(person.id, { person, more: 0 })
    this.#timer ??= setTimeout(() => void this.flush(), WINDOW_MS).unref()
  }

  /** Writes what was counted and not yet written; call it before the pool ends. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const counted = [...this.#window.values()].filter(({ more }) => more > 0)
    this.#window.clear()
    for (const { person, more } of counted) {
      await this.#write(person, more).catch(() => {
        this.#log.error('reading of entry tiles could not be written as evidence')
      })
    }
  }

  async #write(person: Person, entries: number): Promise<void> {
    await recordEntry(this.#pool, {
      action: 'audit.read',
      at: this.#now(),
      actor: actorOf(person),
      decision: 'allowed',
      counts: { entries },
      reason: 'tiles',
    })
  }
}
