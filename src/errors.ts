import { ERRORS } from './error-table.ts'

export { ERRORS } from './error-table.ts'

/** What a caller is told for each stable code: the HTTP status, a title, and what to do. */
interface Explanation {
  status: number
  title: string
  remedy: string
}

export type ErrorCode = keyof typeof ERRORS

/** One reason of a refusal: where it is (JSON pointer into the body), which rule, and what to do. */
export interface Reason {
  pointer: string
  code: ErrorCode
  rule: string
  remedy: string
}

/** Looks up the status, title and standard remedy of a code. */
export function explain(code: ErrorCode): Explanation {
  const [status, title, remedy] = ERRORS[code]
  return { status, title, remedy }
}

/** Completes a reason with the standard remedy of its code. */
export function reason(code: ErrorCode, pointer: string, rule: string, remedy?: string): Reason {
  return { pointer, code, rule, remedy: remedy ?? ERRORS[code][2] }
}

/**
 * A refusal on its way to the caller. The first reason gives the code and status of the whole.
 * Its message names the code only: nothing of the input may end up in a log through it.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ErrorCode
  readonly reasons: Reason[]
  /** Seconds after which a retry makes sense, for the Retry-After header. */
  readonly retryAfter: number | undefined

  constructor(reasons: Reason | Reason[], options: { retryAfter?: number; cause?: unknown } = {}) {
    const all = Array.isArray(reasons) ? reasons : [reasons]
    const first = all[0]
    if (!first) throw new TypeError('a refusal needs a reason')
    super(`${first.code} ${ERRORS[first.code][1]}`, { cause: options.cause })
    this.code = first.code
    this.reasons = all
    this.retryAfter = options.retryAfter ?? (this.status === 503 ? 5 : undefined)
  }

  get status(): number {
    return ERRORS[this.code][0]
  }
}

/** Shorthand: a refusal for one reason. */
export function refuse(code: ErrorCode, pointer: string, rule: string, remedy?: string): Refusal {
  return new Refusal(reason(code, pointer, rule, remedy))
}

/** A problem document (RFC 9457) with our code and reasons. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  errors: { pointer: string; code: string; rule: string; remedy: string }[]
  instance: string
  receipt?: string
}

// As the schema of a problem says: of a thousand items each may be wrong twice.
const MOST_REASONS = 1_000

/** The problem document of a refusal; `instance` is the message id, or else the request id. */
export function problemOf(refusal: Refusal, instance: string): Problem {
  const { status, title, remedy } = explain(refusal.code)
  return {
    type: `https://huisbrug.example/errors/${refusal.code}`,
    title,
    status,
    detail: refusal.reasons[0]?.remedy ?? remedy,
    code: refusal.code,
    errors: refusal.reasons.slice(0, MOST_REASONS),
    instance,
  }
}
