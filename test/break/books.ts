import { HuisbrugProblem } from '../../src/client/index.ts'
import type { Accepted, Envelope } from '../../src/client/types.ts'

/** The housing companies: two with a webhook, the last one reads its inbox only. */
export const COMPANIES = ['woonboog', 'leefgoed', 'de-noorderkempen'] as const
export type Company = (typeof COMPANIES)[number]
export const INBOX_ONLY: Company = 'de-noorderkempen'

/** Synthetic persons are numbers here; which of them VDAB has, and what becomes of them. */
export const isClient = (person: number) => person % 5 !== 4
export const isUnreached = (person: number) => isClient(person) && person % 3 === 0
export const isLeaving = (person: number) => isClient(person) && person % 3 === 1

export interface Receipt {
  type: string
  accepted: number
  at: number
}

type Reply = Pick<Accepted, 'messageId' | 'accepted' | 'refused' | 'receipt'>

interface TakenRequest {
  rows: number
  persons: number[]
  at: number
}

/** What every side wrote down: senders what was receipted, receivers what they hold. */
export class Books {
  /** By message id. */
  readonly receipts = new Map<string, Receipt>()
  /** By message id: the tenants that its request named, all accepted. */
  readonly named = new Map<string, { company: Company; persons: number[] }>()
  /** Persons in accepted feedback, in accepted endings, and steps of progress that were accepted. */
  readonly fedBack: number[] = []
  readonly ended: number[] = []
  readonly progressed: string[] = []
  /** VDAB: by message id, and by Idempotency-Key. */
  readonly requests = new Map<string, TakenRequest>()
  readonly endings = new Map<string, { persons: number[]; at: number }>()
  /** Housing companies: events by id. */
  readonly events = new Map<Company, Map<string, Envelope & { at: number }>>()
  /** Instants at which a sender got a receipt. */
  readonly accepted: number[] = []
  duplicates = 0
  /** Calls that were made once more on purpose after their reply. */
  repeated = 0
  /** What went wrong that may never; names and codes, no values. */
  readonly problems = new Set<string>()
  readonly #open = new Set<Promise<void>>()
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
    for (const company of COMPANIES) this.events.set(company, new Map())
  }

  /** How many tasks are under way. */
  get open(): number {
    return this.#open.size
  }

  /** Does something that has to end well. */
  run(what: string, signal: AbortSignal, work: () => Promise<void>): void {
    const task = work()
      .catch(error => {
        if (!signal.aborted) this.problems.add(`${what}: ${nameOf(error)}`)
      })
      .finally(() => this.#open.delete(task))
    this.#open.add(task)
  }

  /**
   * Makes a call and keeps its receipt. Now and then it is made twice at once, or once more later, with
   * the same key: the reply has to be the same.
   */
  async send<T extends Reply>(type: string, call: () => Promise<T>): Promise<T> {
    const draw = this.#random()
    const twin = draw < 0.05 ? call() : undefined
    const reply = await call()
    const others = twin ? [await twin] : draw > 0.85 ? [await call()] : []
    for (const other of others) {
      this.repeated++
      const same = other.messageId === reply.messageId && other.receipt === reply.receipt
      if (!same) this.problems.add(`${type}: a repeated call got another reply`)
    }
    const at = Date.now()
    this.accepted.push(at)
    this.receipts.set(reply.messageId, { type, accepted: reply.accepted, at })
    for (const { code } of reply.refused) this.problems.add(`${type}: an item was refused, ${code}`)
    return reply
  }
}

/** Code of a refusal, or what kind of error it is: never what it says. */
export function nameOf(error: unknown): string {
  if (error instanceof HuisbrugProblem) return `${error.status} ${error.code}`
  const { code, name } = error as { code?: string; name?: string }
  return code ?? name ?? 'error'
}
