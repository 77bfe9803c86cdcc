import { openRows, prepareRegister } from '../client/blind.ts'
import { evaluateWith } from '../client/blind-evaluation.ts'
import type { HuisbrugClient } from '../client/client.ts'
import { publishedKey } from '../client/published-key.ts'
import { RegisterStore } from '../client/register-store.ts'
import type { Domain, ForwardedDetection, Reachability } from '../client/types.ts'
import { clientFile, type Population } from './population.ts'

// Small enough for a bar that moves, and the next batch is blinded while this one is away.
const BATCH = 1_000

/** A person of the client file who is in a request. */
export interface FoundPerson {
  rowId: string
  tag: string
  reachability: 'reached' | Reachability
  /** Place in the client file, from 0. */
  client: number
}

export interface RegisterProgress {
  domain: string
  done: number
  total: number
}

export interface VdabRegisterOptions {
  client: HuisbrugClient
  population: Population
  /** Of the prepared register. */
  folder: string
  /** Verifier key of the gateway's audit log. */
  logKey: string
}

/**
 * VDAB's client file and what it prepared of it per domain. Nobody in it is named to the gateway:
 * numbers are evaluated blindly, and rows of other people stay closed.
 */
export class VdabRegister {
  readonly #client: HuisbrugClient
  readonly #people: ReturnType<typeof clientFile>
  readonly #store: RegisterStore
  readonly #logKey: string
  readonly #prepared = new Set<string>()

  constructor({ client, population, folder, logKey }: VdabRegisterOptions) {
    this.#client = client
    this.#people = clientFile(population)
    this.#store = new RegisterStore(folder)
    this.#logKey = logKey
  }

  get size(): number {
    return this.#people.length
  }

  isPrepared(domain: string): boolean {
    return this.#prepared.has(domain)
  }

  /**
   * Prepares the client file for every domain that needs it and tells the gateway of those that
   * wait for it. Under a key that the audit log is not shown to publish, nothing is prepared.
   * @throws RegisterError key-not-published, proof-wrong, quota-used-up
   * @returns the domains that became ready now
   */
  async prepareDomains(onProgress: (progress: RegisterProgress) => void): Promise<string[]> {
    const { items } = await this.#client.domains()
    const wanted = items.filter(
      ({ domain, state }) => state !== 'closed' && !this.isPrepared(domain),
    )
    for (const domain of wanted) await this.#prepare(domain, onProgress)
    return wanted.map(({ domain }) => domain)
  }

  /**
   * The people of the client file who are in a request.
   * @throws RegisterError row-not-authentic
   */
  async match(request: ForwardedDetection): Promise<FoundPerson[]> {
    const opened = await openRows(this.#store, request)
    return opened.map(({ rowId, tag, ref }) => {
      const reachability = this.#people[Number(ref)]?.reachability ?? 'reached'
      return { rowId, tag, reachability, client: Number(ref) }
    })
  }

  close(): void {
    this.#store.close()
  }

  async #prepare(item: Domain, onProgress: (progress: RegisterProgress) => void): Promise<void> {
    const { domain, state } = item
    const publicKey = publishedKey(item, this.#logKey)
    const total = this.#people.length
    await prepareRegister({
      domain,
      publicKey,
      numbers: this.#people.map(({ insz }, position) => ({ insz, ref: String(position) })),
      store: this.#store,
      batchSize: BATCH,
      evaluate: evaluateWith(this.#client),
      onProgress: ({ added, known }) => onProgress({ domain, done: added + known, total }),
    })
    if (state === 'opening') await this.#client.domainReady(domain)
    this.#prepared.add(domain)
  }
}
