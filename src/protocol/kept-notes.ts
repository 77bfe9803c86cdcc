import type { Logger } from '../log.ts'
import { NO_NOTES, type NotedSuspension, type Notes, type StatementNotes } from './notes.ts'
import type { ProtocolSet } from './versions.ts'

/** How long the start waits for signatures: a party's key set address may be slow. */
const OPENING_MILLISECONDS = 2_000

/** Where it is known what the files do not tell. */
export interface NotesSource {
  /** Tries the signatures of a set; what was tried before is not tried again. */
  statements(set: ProtocolSet): Promise<StatementNotes>
  suspensions(): Promise<readonly NotedSuspension[]>
}

/**
 * What is known besides the files, kept while its source does not answer: a signature that verified
 * goes on counting, and nothing that is suspended resumes.
 */
export class KeptNotes {
  readonly #source: NotesSource | undefined
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #failing = new Set<string>()
  readonly #running = new Map<string, Promise<boolean>>()
  #notes: Notes = NO_NOTES
  #fingerprint = fingerprintOf(NO_NOTES)
  #closed = false

  constructor(source: NotesSource | undefined, log: Pick<Logger, 'warn' | 'info'>) {
    this.#source = source
    this.#log = log
  }

  /** The same object while nothing is different. */
  now(): Notes {
    return this.#notes
  }

  /**
   * Asks for the first time. Without the suspensions nothing may begin; signatures may come later.
   * @throws Error where the suspensions cannot be read
   */
  async open(set: ProtocolSet): Promise<void> {
    if (!this.#source) return
    this.#keep({ suspensions: await this.#source.suspensions() })
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, OPENING_MILLISECONDS)
    await Promise.race([this.#askStatements(set), late])
    clearTimeout(timer)
  }

  /** Asks now, and waits for the answers. Tells whether anything is different. */
  async refresh(set: ProtocolSet): Promise<boolean> {
    const before = this.#fingerprint
    await Promise.all(this.#running.values())
    await Promise.all([this.#askSuspensions(), this.#askStatements(set)])
    return before !== this.#fingerprint
  }

  /** Asks where no question is open, and calls back for each answer that is different. */
  poll(set: ProtocolSet, changed: () => void): void {
    this.#closed = false
    for (const asked of [this.#askSuspensions(), this.#askStatements(set)]) {
      asked?.then(different => {
        if (different && !this.#closed) changed()
      })
    }
  }

  /** After this nothing is called back or logged, until asked to poll again. */
  close(): void {
    this.#closed = true
  }

  #askSuspensions(): Promise<boolean> | undefined {
    return this.#ask('suspensions', async source => ({ suspensions: await source.suspensions() }))
  }

  #askStatements(set: ProtocolSet): Promise<boolean> | undefined {
    return this.#ask('signatures', source => source.statements(set))
  }

  /** One question of a kind at a time; undefined while one is open. Never rejects. */
  #ask(
    what: string,
    question: (source: NotesSource) => Promise<Partial<Notes>>,
  ): Promise<boolean> | undefined {
    const source = this.#source
    if (!source || this.#running.has(what)) return undefined
    const asked = question(source)
      .then(
        answer => this.#answered(what, answer),
        (error: unknown) => this.#failed(what, error),
      )
      .finally(() => this.#running.delete(what))
    this.#running.set(what, asked)
    return asked
  }

  #answered(what: string, answer: Partial<Notes>): boolean {
    if (this.#failing.delete(what)) this.#log.info(`the ${what} of protocols can be read again`)
    return this.#keep(answer)
  }

  #failed(what: string, error: unknown): boolean {
    if (this.#closed || this.#failing.has(what)) return false
    this.#failing.add(what)
    const { name } = error as Error
    this.#log.warn(`the ${what} of protocols cannot be read; what was known holds`, { error: name })
    return false
  }

  #keep(answer: Partial<Notes>): boolean {
    const next = { ...this.#notes, ...answer }
    const fingerprint = fingerprintOf(next)
    if (fingerprint === this.#fingerprint) return false
    this.#notes = next
    this.#fingerprint = fingerprint
    return true
  }
}

/** Verified statements never change and are never forgotten, so that their number tells. */
function fingerprintOf({ verified, faults, revocations, suspensions }: Notes): string {
  return JSON.stringify([verified.size, [...faults], revocations.length, suspensions])
}
