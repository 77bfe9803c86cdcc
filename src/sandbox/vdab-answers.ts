import { newNonce } from '../client/client.ts'
import { Journal } from '../client/journal.ts'
import type { Answer, Feedback, ForwardedDetection } from '../client/types.ts'
import type { FoundPerson } from './vdab-register.ts'

/** What VDAB sends for one request, fixed before it is acknowledged: a restart repeats it exactly. */
export interface PlannedAnswer {
  messageId: string
  sender: string
  rows: number
  found: number
  answer: Answer
  answerNonce: string
  feedback?: Feedback
  feedbackNonce: string
}

type Entry =
  | ({ kind: 'request' } & PlannedAnswer)
  | { kind: 'answered'; messageId: string; code?: string }
  | { kind: 'fed-back'; messageId: string; accepted: number; refused: number; code?: string }
  | { kind: 'ended'; messageId: string; tags: string[] }
  | { kind: 'progress'; messageId: string; items: number }

/** Numbers over everything since the folder was made. */
export interface AnswerCounts {
  requests: number
  rows: number
  found: number
  answered: number
  feedback: number
  feedbackRefused: number
  /** Requests of which the answer or the feedback is still to be accepted. */
  open: number
  /** Codes of refusals that will not pass. */
  refusals: Record<string, number>
}

/**
 * VDAB's memory of requests, on disk: what it will answer is written before it says 202, and what
 * the gateway took is written after. After a kill it goes on where it was.
 */
export class AnswerBook {
  readonly #journal: Journal<Entry>
  readonly #planned = new Map<string, PlannedAnswer>()
  readonly #answered = new Set<string>()
  readonly #done = new Set<string>()
  readonly #endedTags = new Set<string>()
  readonly #taken = new Set<string>()
  readonly #counts = { feedback: 0, feedbackRefused: 0 }
  readonly #refusals: Record<string, number> = {}

  private constructor(journal: Journal<Entry>) {
    this.#journal = journal
  }

  static async open(file: string): Promise<AnswerBook> {
    const { journal, entries } = await Journal.open<Entry>(file)
    const book = new AnswerBook(journal)
    for (const entry of entries) book.#apply(entry)
    return book
  }

  /** Whether the message (request, ended tenancies, progress) was taken before. */
  has(messageId: string): boolean {
    return this.#planned.has(messageId) || this.#taken.has(messageId)
  }

  /** Requests that need an answer or feedback sent, oldest first. */
  open(): PlannedAnswer[] {
    return [...this.#planned.values()].filter(({ messageId }) => !this.#done.has(messageId))
  }

  isAnswered(messageId: string): boolean {
    return this.#answered.has(messageId)
  }

  isDone(messageId: string): boolean {
    return this.#done.has(messageId)
  }

  /** Fixes and stores what will be answered. Feedback leaves out people whose tenancy ended. */
  async plan(
    request: ForwardedDetection,
    found: FoundPerson[],
    today: string,
  ): Promise<PlannedAnswer> {
    const items = found.flatMap(({ tag, reachability }) =>
      reachability === 'reached' || this.#endedTags.has(tag)
        ? []
        : [{ tag, reachability, establishedOn: today }],
    )
    const { messageId, protocol, domain, requestDigest } = request
    const rowIds = found.map(person => person.rowId)
    const planned: PlannedAnswer = {
      messageId,
      sender: request.sender,
      rows: request.rows.length,
      found: found.length,
      answer: {
        requestDigest,
        found: request.granularity === 'person' ? rowIds : rowIds.length,
      },
      answerNonce: newNonce(),
      ...(items.length > 0 && { feedback: { protocol, domain, items } }),
      feedbackNonce: newNonce(),
    }
    await this.#record({ kind: 'request', ...planned })
    return planned
  }

  answered(messageId: string, code?: string): Promise<void> {
    return this.#record({ kind: 'answered', messageId, ...(code && { code }) })
  }

  fedBack(
    messageId: string,
    result: { accepted: number; refused: number; code?: string },
  ): Promise<void> {
    return this.#record({ kind: 'fed-back', messageId, ...result })
  }

  /** People who are tenants no longer: no further feedback about them. */
  tenanciesEnded(messageId: string, tags: string[]): Promise<void> {
    return this.#record({ kind: 'ended', messageId, tags })
  }

  progress(messageId: string, items: number): Promise<void> {
    return this.#record({ kind: 'progress', messageId, items })
  }

  counts(): AnswerCounts {
    const planned = [...this.#planned.values()]
    return {
      requests: planned.length,
      rows: planned.reduce((sum, { rows }) => sum + rows, 0),
      found: planned.reduce((sum, { found }) => sum + found, 0),
      answered: this.#answered.size,
      ...this.#counts,
      open: planned.length - this.#done.size,
      refusals: { ...this.#refusals },
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
    if (entry.kind === 'request') this.#planned.set(entry.messageId, entry)
    else if (entry.kind === 'answered') this.#applyAnswered(entry)
    else if (entry.kind === 'fed-back') this.#applyFedBack(entry)
    else {
      this.#taken.add(entry.messageId)
      if (entry.kind === 'ended') for (const tag of entry.tags) this.#endedTags.add(tag)
    }
  }

  #applyAnswered({ messageId, code }: { messageId: string; code?: string }): void {
    this.#answered.add(messageId)
    if (code) this.#countRefusal(code)
    // Without feedback, or where the answer came too late, this request is finished.
    if (code || !this.#planned.get(messageId)?.feedback) this.#done.add(messageId)
  }

  #applyFedBack(entry: Extract<Entry, { kind: 'fed-back' }>): void {
    this.#done.add(entry.messageId)
    this.#counts.feedback += entry.accepted
    this.#counts.feedbackRefused += entry.refused
    if (entry.code) this.#countRefusal(entry.code)
  }

  #countRefusal(code: string): void {
    this.#refusals[code] = (this.#refusals[code] ?? 0) + 1
  }
}
