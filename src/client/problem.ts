/** One reason of a refusal: where it is (JSON pointer into the body), which rule, what to do. */
export interface ProblemReason {
  pointer: string
  code: string
  rule: string
  remedy: string
}

/** What the gateway refused, and why (RFC 9457 problem details). Never holds what was sent. */
export class HuisbrugProblem extends Error {
  override readonly name = 'HuisbrugProblem'
  readonly status: number
  /** A stable code such as `HB-309`; `HTTP-<status>` where the answer was no problem document. */
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: ProblemReason[]
  /** The message id or request id to name in a question to the operator. */
  readonly instance: string | undefined
  /** How long the gateway asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, document: Record<string, unknown>, retryAfterMs?: number) {
    const code = text(document['code']) ?? `HTTP-${status}`
    const title = text(document['title']) ?? 'An answer that is no problem document'
    super(`${code} ${title}`)
    this.status = status
    this.code = code
    this.title = title
    this.detail = text(document['detail']) ?? ''
    this.errors = Array.isArray(document['errors']) ? (document['errors'] as ProblemReason[]) : []
    this.instance = text(document['instance'])
    this.retryAfterMs = retryAfterMs
  }

  /** What the caller should do now. */
  get remedy(): string {
    return this.errors[0]?.remedy ?? this.detail
  }

  /** Whether the same call may succeed later: 429 and 5xx. */
  get mayPass(): boolean {
    return this.status === 429 || this.status >= 500
  }
}

/** No answer came: refused connection, reset, time-out. The call may or may not have been done. */
export class HuisbrugUnreachable extends Error {
  override readonly name = 'HuisbrugUnreachable'
  readonly code: string

  constructor(code: string) {
    super(`the gateway cannot be reached (${code})`)
    this.code = code
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
