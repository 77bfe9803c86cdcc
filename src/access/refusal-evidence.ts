import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool } from '../db/pool.ts'
import type { ErrorCode } from '../errors.ts'
import type { Logger } from '../log.ts'

const WINDOW_MS = 1_000

interface Refused {
  code: ErrorCode
  client: string | undefined
  role: string
}

/**
 * Writes `access.refused` entries. The log is append-only and anyone may knock, so a refusal is
 * written at once only the first time within a second; more of the same code and client are counted
 * and written as one entry when the second is over. A refusal stands also where it cannot be written.
 */
export class RefusalEvidence {
  readonly #pool: Pool
  readonly #log: Logger
  readonly #now: () => Date
  readonly #window = new Map<string, Refused & { more: number }>()
  readonly #writing = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: { pool: Pool; log: Logger; now: () => Date }) {
    this.#pool = parts.pool
    this.#log = parts.log
    this.#now = parts.now
  }

  /**
   * Notes a refusal; `client` is a registered party id, proven or claimed, or the id of a session, never
   * other input; `role` is that of the session. Only the first of a code in a second is waited for: would
   * each client's first be, a stranger could tell by the time who is registered.
   */
  async note(code: ErrorCode, client?: string, role = 'client'): Promise<void> {
    const id = `${code} ${client ?? ''}`
    const seen = this.#window.get(id)
    if (seen) {
      seen.more += 1
      return
    }
    const isFirst = ![...this.#window.values()].some(one => one.code === code)
    this.#window.set(id, { code, client, role, more: 0 })
    this.#timer ??= setTimeout(() => void this.flush(), WINDOW_MS).unref()
    const written = this.#write([this.#draft({ code, client, role }, 1)])
    this.#writing.add(written)
    void written.finally(() => this.#writing.delete(written))
    if (isFirst) await written
  }

  /** Writes what was counted and not yet written; call it before the pool ends. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const counted = [...this.#window.values()].filter(seen => seen.more > 0)
    this.#window.clear()
    await this.#write(counted.map(seen => this.#draft(seen, seen.more)))
    await Promise.all(this.#writing)
  }

  #draft({ code, client, role }: Refused, attempts: number): EntryDraft {
    return {
      action: 'access.refused',
      at: this.#now(),
      actor: { role, ...(client && { client }) },
      decision: 'refused',
      code,
      counts: { attempts },
    }
  }

  async #write(drafts: EntryDraft[]): Promise<void> {
    if (drafts.length === 0) return
    try {
      await inTransaction(this.#pool, tx => recordEntries(tx, drafts))
    } catch {
      this.#log.error('a refusal of access could not be written as evidence')
    }
  }
}
