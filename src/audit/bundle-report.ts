/** One thing that was looked at, in plain words. */
export interface BundleCheck {
  /** What it is about, such as `checkpoint`. */
  name:
    | 'form'
    | 'checkpoint'
    | 'entry'
    | 'receipt'
    | 'body'
    | 'signature'
    | 'protocol'
    | 'statement'
  result: 'fits' | 'wrong' | 'not checked'
  /** What was checked and with which key, what is wrong, or what is needed to check it. */
  what: string
}

/** What checking a bundle came to: `ok` where nothing is wrong; the last check is what is. */
export interface BundleReport {
  ok: boolean
  messageId?: string
  checks: BundleCheck[]
}

/** Something in a bundle is wrong. The message holds nothing of it but ids, names and numbers. */
export class BundleFault extends Error {
  override readonly name = 'BundleFault'
}

/** Collects checks; the first that throws ends them. */
export class BundleChecks {
  readonly #list: BundleCheck[] = []
  #now: BundleCheck['name'] = 'form'

  get list(): readonly BundleCheck[] {
    return this.#list
  }

  /** Names what is looked at next: what goes wrong from here on is about that. */
  about(name: BundleCheck['name']): void {
    this.#now = name
  }

  fits(what: string): void {
    this.#list.push({ name: this.#now, result: 'fits', what })
  }

  skipped(what: string): void {
    this.#list.push({ name: this.#now, result: 'not checked', what })
  }

  wrong(what: string): void {
    this.#list.push({ name: this.#now, result: 'wrong', what })
  }
}

/** @throws BundleFault unless it holds */
export function insist(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new BundleFault(otherwise)
}
