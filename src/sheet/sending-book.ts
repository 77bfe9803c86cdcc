import { createHmac } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { JWK } from 'jose'
import { Journal } from '../client/journal.ts'
import type { DetectionRequest, Tenant } from '../client/types.ts'

/** What all requests of one sending have in common. */
export type RequestHead = Omit<DetectionRequest, 'tenants' | 'domain'>

/** One request as it was or will be sent: persons by keyed digests alone, in its order. */
export interface Batch {
  /** Its Idempotency-Key. */
  key: string
  head: RequestHead
  /** Of each tenant: the person, and all of what is sent about it. */
  tenants: [person: string, content: string][]
}

/** What became of a batch. */
export interface Settlement {
  key: string
  messageId?: string
  /** Where it was refused as a whole: only what `refused` names is decided then. */
  code?: string
  refused: [index: number, code: string][]
}

type Entry = ({ kind: 'batch' } & Batch) | ({ kind: 'settled' } & Settlement)

/** What the gateway took of a person. */
export interface Taken {
  content: string
  messageId?: string
}

/** The gateway has this tenant for the month already. */
export const SENT_BEFORE = 'HB-404'
const DIGEST_BYTES = 12

/**
 * What was sent in one month, on disk: a batch is written down before it is sent, so that after a kill
 * it is repeated to the byte. It holds no national number and no reference: digests under a key that
 * comes from the private key of the party, without which nobody can try numbers against them.
 */
export class SendingBook {
  readonly #secret: Buffer
  readonly #journal: Journal<Entry>
  readonly #batches = new Map<string, Batch>()
  readonly #settled = new Set<string>()
  readonly #taken = new Map<string, Taken>()

  private constructor(secret: Buffer, journal: Journal<Entry>, entries: Entry[]) {
    this.#secret = secret
    this.#journal = journal
    for (const entry of entries) this.#apply(entry)
  }

  /**
   * @param privateKey of the party
   * @param again whether what was sent before is forgotten
   */
  static async open(file: string, privateKey: JWK, again = false): Promise<SendingBook> {
    if (again) await rm(file, { force: true })
    const { journal, entries } = await Journal.open<Entry>(file)
    const secret = createHmac('sha256', String(privateKey.d)).update('huisbrug sheet v1').digest()
    return new SendingBook(secret, journal, entries)
  }

  /** What was taken of the person of this tenant, by an earlier sending or this one. */
  taken(tenant: Tenant): (Taken & { isSame: boolean }) | undefined {
    const [person, content] = this.#digestsOf(tenant)
    const taken = this.#taken.get(person)
    return taken && { ...taken, isSame: taken.content === content }
  }

  /** Batches that may or may not have arrived. */
  unsettled(): Batch[] {
    return [...this.#batches.values()].filter(({ key }) => !this.#settled.has(key))
  }

  /** The tenants of a batch, in its order; undefined where one is not the same any more. */
  tenantsOf<T extends { tenant: Tenant }>(batch: Batch, rows: readonly T[]): T[] | undefined {
    const byContent = new Map(rows.map(row => [this.#digestsOf(row.tenant)[1], row]))
    const found = batch.tenants.flatMap(([, content]) => byContent.get(content) ?? [])
    return found.length === batch.tenants.length ? found : undefined
  }

  /** Writes down a new batch, before it is sent. */
  async add(head: RequestHead, tenants: readonly Tenant[]): Promise<Batch> {
    const digests = tenants.map(tenant => this.#digestsOf(tenant))
    const key = `sheet-${this.#keyed(`batch ${this.#batches.size} ${JSON.stringify(digests)}`, 24)}`
    const batch = { key, head, tenants: digests }
    await this.#record({ kind: 'batch', ...batch })
    return batch
  }

  settle(settlement: Settlement): Promise<void> {
    return this.#record({ kind: 'settled', ...settlement })
  }

  /** Gives the file free. */
  close(): Promise<void> {
    return this.#journal.close()
  }

  async #record(entry: Entry): Promise<void> {
    await this.#journal.append(entry)
    this.#apply(entry)
  }

  #apply(entry: Entry): void {
    if (entry.kind === 'batch') {
      this.#batches.set(entry.key, entry)
      return
    }
    this.#settled.add(entry.key)
    const refused = new Map(entry.refused)
    this.#batches.get(entry.key)?.tenants.forEach(([person, content], index) => {
      const code = refused.get(index)
      const isTaken = code === SENT_BEFORE || (code === undefined && entry.code === undefined)
      const { messageId } = entry
      // What was sent before by other means is known by its person only.
      const known = code === SENT_BEFORE ? '' : content
      if (isTaken && !this.#taken.has(person))
        this.#taken.set(person, { content: known, ...(messageId && !code && { messageId }) })
    })
  }

  #digestsOf({ insz, tenantRef, tenantGround }: Tenant): [string, string] {
    const content = JSON.stringify([insz, tenantRef, tenantGround])
    return [this.#keyed(`person ${insz}`), this.#keyed(`content ${content}`)]
  }

  #keyed(text: string, bytes = DIGEST_BYTES): string {
    const digest = createHmac('sha256', this.#secret).update(text).digest()
    return digest.subarray(0, bytes).toString('base64url')
  }
}
