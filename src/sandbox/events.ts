import { Journal } from '../client/journal.ts'
import type { CountsData, Envelope, ReachabilityData } from '../client/types.ts'

/** A released number of a month, as the housing company got it. */
export type Release = Pick<CountsData, 'period' | 'tenants' | 'found' | 'suppressed'>

/** What a housing company received, each event once, as it came: on disk before it says 204. */
export class ReceivedEvents {
  readonly #journal: Journal<Envelope>
  readonly #ids = new Set<string>()
  readonly #feedback: ReachabilityData[] = []
  readonly #releases = new Map<string, Release>()
  #others = 0

  private constructor(journal: Journal<Envelope>, events: Envelope[]) {
    this.#journal = journal
    for (const event of events) this.#apply(event)
  }

  static async open(file: string): Promise<ReceivedEvents> {
    const { journal, entries } = await Journal.open<Envelope>(file)
    return new ReceivedEvents(journal, entries)
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  async add(event: Envelope): Promise<void> {
    await this.#journal.append(event)
    this.#apply(event)
  }

  get feedback(): readonly ReachabilityData[] {
    return this.#feedback
  }

  get releases(): Release[] {
    return [...this.#releases.values()]
  }

  /** Events that are neither feedback nor a released number. */
  get others(): number {
    return this.#others
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  #apply(event: Envelope): void {
    this.#ids.add(event.id)
    if (event.type === 'be.huisbrug.feedback.reachability') {
      this.#feedback.push(event.data as unknown as ReachabilityData)
    } else if (event.type === 'be.huisbrug.detection.answered' && 'period' in event.data) {
      const { period, tenants, found, suppressed } = event.data as unknown as CountsData
      this.#releases.set(period, { period, tenants, found, suppressed })
    } else this.#others++
  }
}
