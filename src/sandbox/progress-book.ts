import { newNonce } from '../client/client.ts'
import { Journal } from '../client/journal.ts'
import type { Progress } from '../client/types.ts'

/** What a housing company will report about one feedback, fixed before it is sent. */
export interface PlannedProgress {
  feedbackId: string
  on: string
  steps: { status: Progress['status']; nonce: string }[]
}

type Entry =
  | ({ kind: 'planned' } & PlannedProgress)
  | { kind: 'reported'; feedbackId: string; status: Progress['status']; code?: string }

export interface ProgressCounts {
  takenUp: number
  closed: number
  /** Codes of refusals that will not pass. */
  refusals: Record<string, number>
  /** Steps still to be accepted. */
  open: number
}

/** A housing company's memory of the progress it reports, on disk, so that a repeat is a repeat. */
export class ProgressBook {
  readonly #journal: Journal<Entry>
  readonly #planned = new Map<string, PlannedProgress>()
  readonly #reported = new Map<string, string | undefined>()

  private constructor(journal: Journal<Entry>, entries: Entry[]) {
    this.#journal = journal
    for (const entry of entries) this.#apply(entry)
  }

  static async open(file: string): Promise<ProgressBook> {
    const { journal, entries } = await Journal.open<Entry>(file)
    return new ProgressBook(journal, entries)
  }

  /** The plan for a feedback, made and stored where there is none: some are closed, all taken up. */
  async planFor(feedbackId: string, today: string): Promise<PlannedProgress> {
    const known = this.#planned.get(feedbackId)
    if (known) return known
    const takenUp = { status: 'taken-up', nonce: newNonce() } as const
    const closed = { status: 'closed', nonce: newNonce() } as const
    const steps = isClosedAtOnce(feedbackId) ? [takenUp, closed] : [takenUp]
    const planned = { feedbackId, on: today, steps }
    await this.#record({ kind: 'planned', ...planned })
    return planned
  }

  /** Whether every step about a feedback was reported. */
  isFinished(feedbackId: string): boolean {
    const planned = this.#planned.get(feedbackId)
    return planned?.steps.every(({ status }) => this.isReported(feedbackId, status)) ?? false
  }

  isReported(feedbackId: string, status: Progress['status']): boolean {
    return this.#reported.has(stepKey(feedbackId, status))
  }

  reported(feedbackId: string, status: Progress['status'], code?: string): Promise<void> {
    return this.#record({ kind: 'reported', feedbackId, status, ...(code && { code }) })
  }

  counts(): ProgressCounts {
    const steps = [...this.#planned.values()].reduce((sum, plan) => sum + plan.steps.length, 0)
    const taken = [...this.#reported].filter(([, code]) => !code).map(([key]) => key)
    const refusals: Record<string, number> = {}
    for (const code of this.#reported.values()) if (code) refusals[code] = (refusals[code] ?? 0) + 1
    return {
      takenUp: taken.filter(key => key.endsWith(' taken-up')).length,
      closed: taken.filter(key => key.endsWith(' closed')).length,
      refusals,
      open: steps - this.#reported.size,
    }
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  async #record(entry: Entry): Promise<void> {
    await this.#journal.append(entry)
    this.#apply(entry)
  }

  #apply(entry: Entry): void {
    if (entry.kind === 'planned') this.#planned.set(entry.feedbackId, entry)
    else this.#reported.set(stepKey(entry.feedbackId, entry.status), entry.code)
  }
}

function stepKey(feedbackId: string, status: string): string {
  return `${feedbackId} ${status}`
}

// Fictitious: about a third is settled at once.
function isClosedAtOnce(feedbackId: string): boolean {
  return feedbackId.charCodeAt(feedbackId.length - 1) % 3 === 0
}
