/** Why the register's kit stops; stable, safe to show and to log. */
export type RegisterCode =
  | 'quota-used-up'
  | 'key-not-published'
  | 'log-key-malformed'
  | 'reply-malformed'
  | 'proof-wrong'
  | 'row-not-authentic'
  | 'store-in-use'
  | 'store-other-key'
  | 'reference-too-long'

/** A failure of the kit. It holds no national number, tag or secret. */
export class RegisterError extends Error {
  override readonly name = 'RegisterError'
  readonly code: RegisterCode
  /** With quota-used-up: when the next allowance starts. */
  readonly retryAt: Date | undefined
  /** With quota-used-up: how many evaluations are still open now, where known. */
  readonly left: number | undefined

  constructor(
    code: RegisterCode,
    message: string,
    details: { retryAt?: Date; left?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause })
    this.code = code
    this.retryAt = details.retryAt
    this.left = details.left
  }
}
