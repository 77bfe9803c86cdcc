/** A protocol in the publication list: `GET /v1/protocols`. */
export interface ProtocolSummary {
  protocolId: string
  version: string
  kind: 'protocol' | 'framework' | 'accession' | 'deliberation-backed'
  /** Of an accession. */
  framework?: string
  title: string
  /** `active` where it is in force. */
  state: string
  /** SHA-256 over its canonical JSON (RFC 8785), base64url. */
  contentHash: string
}

/** What a housing company asks about a current tenant of its own. */
export interface UsageQuestion {
  tenantRef: string
  /** RFC 3339. */
  from?: string
  until?: string
  offset?: number
  limit?: number
}

/** What the gateway did with data about that tenant, as far as this party sent or got it. */
export interface Usages {
  totalUsages: number
  usagePeriod: { from: string; until: string }
  /** Until when the log is signed. */
  heartbeat: string | null
  /** Newest first. */
  usages: Usage[]
  /** What to repeat the question with for the next page. */
  next?: { until: string; offset: number }
}

export interface Usage {
  logtime: string
  /** In plain Dutch. */
  action: string
  purpose: string
  legalBasis: string
  /** Names of data that moved; no values. */
  data: string[]
  protocol: { id: string; version: string; digest: string } | null
  receiverCode: string | null
  receiverName: string
  receiverSystem: string
  /** Place in the log, and RFC 6962 leaf hash of the entry. */
  proof: { index: number; commitment: string }
}

/** A token that was fetched: who signs in works. */
export interface SignedIn {
  /** What it allows, such as `detections:write`. */
  scope: string[]
  expiresAt: Date
  /** Whether it is bound to a key of this process (DPoP). */
  bound: boolean
}
