import { parseEntry } from './entry.ts'
import type { Problem } from './verify-report.ts'
import type { EntryRow } from './verify-source.ts'

/**
 * Sees to it that a log publishes one key for a domain, ever: with two, each partner could be shown
 * another one, with a good proof.
 */
export class KeysOnce {
  readonly #first = new Map<string | undefined, number>()

  /** Takes an entry of a key from before a verification begins. */
  know({ index, entry }: Pick<EntryRow, 'index' | 'entry'>): void {
    try {
      this.#first.set(parseEntry(entry).reason, index)
    } catch {
      // It was trusted, not recomputed: a check of the whole log names it.
    }
  }

  /** What is wrong with an entry, of which the bytes and columns were checked before. */
  check({ index, action, entry }: EntryRow): Problem | undefined {
    if (action !== 'key.created') return undefined
    const { reason } = parseEntry(entry)
    const first = this.#first.get(reason)
    if (first === undefined) this.#first.set(reason, index)
    const what = `a second key for the domain of entry ${first}: partners may have been deceived`
    return first === undefined ? undefined : { kind: 'key', index, what }
  }
}
