import type { JWK } from 'jose'

// The ordinary implementation, as a good team would write it; docs/performance.md says what it is and is not.

/** How a national number becomes a pseudonym: HMAC-SHA256, or RFC 9497 with one or two keys. */
export type Hashing = 'keyed-hash' | 'voprf' | 'voprf-twice'

/** What one ordinary program is told when it starts. */
export interface OrdinarySettings {
  hashing: Hashing
  /** One job and one POST for each tenant, or for each message. */
  jobs: 'per-tenant' | 'per-message'
  /** Threads for the VOPRF; the keyed hash needs none. */
  threads: number
  redisUrl: string
  logFile: string
  /** The employment service. */
  baseUrl: string
  tokenUrl: string
  /** Key of the tokens of those who send, EdDSA. */
  tokenKey: JWK
}

/** Posts under way at once. */
export const CONCURRENCY = { 'per-tenant': 50, 'per-message': 16 } as const

/** Tries of a job, and the first wait between two; it doubles, with jitter. */
export const RETRIES = { attempts: 15, backoff: { type: 'exponential', delay: 2_000, jitter: 0.5 } }

/** Who may send, in the token, and to whom. */
export const TOKEN = { issuer: 'https://tokens.example', audience: 'https://ordinary.example' }

/** What is sent of a tenant; only its form is the product's. */
export interface SentRow {
  pseudonym: string
  tenantGround: string
}

/** A POST to the employment service, and all that a job carries. */
export interface Forward {
  messageId: string
  protocol: string
  period: string
  sender: string
  purpose: string
  referenceDate: string
  targetGroup: { id: string; version: string }
  rows: SentRow[]
}

/** A request that has the form of the schema. */
export interface DetectionRequest {
  protocol: string
  purpose: string
  nonce: string
  referenceDate: string
  targetGroup: { id: string; version: string }
  tenants: { insz: string; tenantRef: string; tenantGround: string }[]
}
