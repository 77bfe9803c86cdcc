/** A statement of a party over a document that verified against a key registered at that time. */
export interface VerifiedStatement {
  protocol: string
  version: string
  /** Digest of the document that was signed. */
  digest: string
  party: string
  statement: 'accept' | 'reject' | 'revoke'
  signer: string
  function: string
  /** Date of signing, YYYY-MM-DD, as the statement says. */
  date: string
  /** Instant of signing. */
  at: Date
  /** RFC 7638 thumbprint of the key. */
  thumbprint: string
}

/** A suspension by command or console. */
export interface NotedSuspension {
  /** Framework, protocol or accession id. */
  protocol: string
  /** RFC 3339. */
  from: string
  /** RFC 3339; null while it lasts. */
  until: string | null
  by: string
  reason: string
}
