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

/** What a signed statement has to say to count for one line of signatures.json. */
export interface ExpectedStatement {
  protocol: string
  version: string
  digest: string
  party: string
  /** The plain copies beside it, which people read. */
  copies: { statement: string; function: string; date: string; name?: string }
}

/** A line of signatures.json that is in order but for its signature, which needs the party's key. */
export interface PresentedStatement extends ExpectedStatement {
  jws: string
  /** The key that it says it is signed with. */
  kid: string
}

/** Why a signed statement does not count. */
export type StatementFault =
  | 'malformed'
  | 'wrong-party'
  | 'other-protocol'
  | 'other-digest'
  | 'differs'
  | 'unknown-key'
  | 'bad-signature'
  | 'future'

/** What is known of the signatures that lie beside the documents. */
export interface StatementNotes {
  /** By JWS. */
  verified: ReadonlyMap<string, VerifiedStatement>
  /** Those that were tried and do not count, by JWS. */
  faults: ReadonlyMap<string, StatementFault>
  /** Every revocation that ever verified, also where the file lost it. */
  revocations: readonly VerifiedStatement[]
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

/** What is known besides the files. */
export interface Notes extends StatementNotes {
  suspensions: readonly NotedSuspension[]
}

/** Nothing is known: no signature counts. */
export const NO_NOTES: Notes = {
  verified: new Map(),
  faults: new Map(),
  revocations: [],
  suspensions: [],
}
