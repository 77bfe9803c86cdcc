/** What can be wrong with pseudonym material; stable, safe to log. */
export type PseudonymCode =
  | 'element-length'
  | 'element-invalid'
  | 'element-identity'
  | 'element-repeated'
  | 'scalar-invalid'
  | 'batch-empty'
  | 'batch-uneven'
  | 'batch-too-large'
  | 'proof-length'
  | 'proof-wrong'
  | 'input-invalid'
  | 'row-too-long'
  | 'row-not-authentic'
  | 'row-malformed'
  | 'worker-failed'
  | 'pool-busy'

/** A failure in the pseudonym core: a code and a place, never an input, key or scalar. */
export class PseudonymError extends Error {
  override readonly name = 'PseudonymError'
  readonly code: PseudonymCode
  /** Which element of the batch, from 0. */
  readonly index: number | undefined

  constructor(code: PseudonymCode, index?: number) {
    super(index === undefined ? code : `${code} at ${index}`)
    this.code = code
    this.index = index
  }
}
