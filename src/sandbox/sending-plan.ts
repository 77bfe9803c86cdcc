import { randomUUID } from 'node:crypto'
import { newNonce } from '../client/client.ts'
import { Journal } from '../client/journal.ts'

/** One detection request as it was or will be sent. Names people by the own reference only. */
export interface Batch {
  key: string
  nonce: string
  /** Which population the references are of. */
  seed: string
  population: number
  referenceDate: string
  refs: string[]
}

/** What the gateway said to a batch. */
export interface Settlement {
  key: string
  messageId?: string
  accepted: number
  refused: number
  /** Code, where the whole batch was refused. */
  code?: string
}

type Entry = ({ kind: 'batch' } & Batch) | ({ kind: 'settled' } & Settlement) | { kind: 'closed' }

export const MAX_TENANTS = 1_000

/**
 * What one housing company sent in one period, on disk: a batch is written before it is sent, with
 * its Idempotency-Key and nonce, so that after a kill it is repeated to the byte; nobody is sent
 * twice in a period, whatever population asks for it. Holds no national number.
 */
export class SendingPlan {
  readonly #journal: Journal<Entry>
  readonly #batches = new Map<string, Batch>()
  readonly #settled = new Map<string, Settlement>()
  #closed = false

  private constructor(journal: Journal<Entry>, entries: Entry[]) {
    this.#journal = journal
    for (const entry of entries) this.#apply(entry)
  }

  static async open(file: string): Promise<SendingPlan> {
    const { journal, entries } = await Journal.open<Entry>(file)
    return new SendingPlan(journal, entries)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Batches that may or may not have arrived: they are sent again as they are. */
  unsettled(): Batch[] {
    return [...this.#batches.values()].filter(({ key }) => !this.#settled.has(key))
  }

  settlements(): Settlement[] {
    return [...this.#settled.values()]
  }

  /** Of these references, in their order, those that no batch holds unless it was refused whole. */
  notYetSent(refs: readonly string[]): string[] {
    const refused = (key: string) => this.#settled.get(key)?.code !== undefined
    const standing = [...this.#batches.values()].filter(({ key }) => !refused(key))
    const sent = new Set(standing.flatMap(batch => batch.refs))
    return refs.filter(ref => !sent.has(ref))
  }

  /** Writes down a new batch, before it is sent. */
  async add(content: Omit<Batch, 'key' | 'nonce'>): Promise<Batch> {
    const batch = { key: randomUUID(), nonce: newNonce(), ...content }
    await this.#record({ kind: 'batch', ...batch })
    return batch
  }

  settle(settlement: Settlement): Promise<void> {
    return this.#record({ kind: 'settled', ...settlement })
  }

  /** The gateway takes nothing more for the period. */
  async close(): Promise<void> {
    if (!this.#closed) await this.#record({ kind: 'closed' })
  }

  /** Gives the file free. */
  end(): Promise<void> {
    return this.#journal.close()
  }

  async #record(entry: Entry): Promise<void> {
    await this.#journal.append(entry)
    this.#apply(entry)
  }

  #apply(entry: Entry): void {
    if (entry.kind === 'batch') this.#batches.set(entry.key, entry)
    else if (entry.kind === 'settled') this.#settled.set(entry.key, entry)
    else this.#closed = true
  }
}

/** Cuts a list into batches of at most 1,000. */
export function inBatches<T>(items: readonly T[], size = MAX_TENANTS): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
