import type { JWK } from 'jose'

/** What the bare server is told. */
export interface BarePlan {
  /** With a table `bare (id text, row bytea)`. */
  databaseUrl: string
  /** As many as the product writes for one message. */
  rowBytes: number
  /** Of tokens and receipts. */
  issuer: string
  /** Private, Ed25519: of tokens and receipts alike. */
  tokenKey: JWK
}
