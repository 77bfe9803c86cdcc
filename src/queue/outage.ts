import { faultOf, type Logger } from '../log.ts'

/** Tells the log once that something fails, and once that it works again. */
export class Outage {
  readonly #log: Logger
  readonly #what: string
  #failing = false

  constructor(log: Logger, what: string) {
    this.#log = log
    this.#what = what
  }

  get failing(): boolean {
    return this.#failing
  }

  failed(error: unknown): void {
    if (this.#failing) return
    this.#failing = true
    this.#log.warn(`${this.#what} fails; it is tried again`, { ...faultOf(error) })
  }

  worked(): void {
    if (this.#failing) this.#log.info(`${this.#what} works again`)
    this.#failing = false
  }
}
