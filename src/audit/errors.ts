export type AuditErrorCode =
  | 'entry-too-large'
  | 'entry-malformed'
  | 'entry-holds-national-number'
  | 'note-malformed'
  | 'note-key-malformed'
  | 'note-bad-signature'
  | 'note-unverified'
  | 'checkpoint-malformed'
  | 'proof-malformed'
  | 'proof-wrong'
  | 'range-outside-tree'
  | 'tile-missing'
  | 'head-does-not-fit'
  | 'not-leading'
  | 'timestamp-refused'
  | 'timestamp-wrong'
  | 'log-rolled-back'
  | 'log-key-differs'

/** Something is wrong with evidence. The message never holds content of an entry. */
export class AuditError extends Error {
  override readonly name = 'AuditError'
  readonly code: AuditErrorCode

  constructor(code: AuditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
