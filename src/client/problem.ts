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
    return this.errors[0]?.remedy ?? (this.detail || adviceOn(this.status))
  }

  /** Whether the same call may succeed later: 429 and 5xx. */
  get mayPass(): boolean {
    return this.status === 429 || this.status >= 500
  }
}

// Of an answer that is no problem document: hardly one of a gateway.
function adviceOn(status: number): string {
  if (status >= 300 && status < 400)
    return 'The address redirects: give the public URL of the gateway itself.'
  if (status === 429 || status >= 500)
    return 'The gateway, or what stands before it, is in trouble: try again later.'
  return 'No gateway answered this: check its address, and any proxy on the way.'
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/
const LATE = new Set(['ECONNABORTED', 'ETIMEDOUT'])
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN'])

/** No answer came: refused connection, reset, time-out. The call may or may not have been done. */
export class HuisbrugUnreachable extends Error {
  override readonly name = 'HuisbrugUnreachable'
  /** Of the network, such as `ECONNREFUSED`; `NOT_JSON` where something else than a gateway answered. */
  readonly code: string

  constructor(code: string) {
    super(
      code === 'NOT_JSON'
        ? 'what answered is no gateway (NOT_JSON)'
        : `the gateway cannot be reached (${code})`,
    )
    this.code = code
  }

  /** What the caller should do now. */
  get remedy(): string {
    const { code } = this
    if (CERTIFICATE.test(code))
      return 'The certificate of the gateway is not trusted here: give its authority in NODE_EXTRA_CA_CERTS.'
    if (UNKNOWN_NAME.has(code)) return 'The name in the address is not known: check the address.'
    if (LATE.has(code)) return 'It took too long: try again; the same call is never done twice.'
    if (code === 'NOT_JSON') return 'Check the address of the gateway, and any proxy on the way.'
    return 'Check the address, the network and whether the gateway runs, and try again.'
  }

  /** Whether the same call may succeed later: not where a certificate is not trusted. */
  get mayPass(): boolean {
    return !CERTIFICATE.test(this.code)
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
