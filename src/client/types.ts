export type * from './explain-types.ts'

// The shapes of the outside contract as the kit sees them; schemas/ defines them.

/** Once per message, and the same on every retry of it; made by the kit where left out. */
export interface SendOptions {
  /** `[A-Za-z0-9._-]{1,64}`. Keep it with the message, so that a restart repeats it. */
  idempotencyKey?: string
  /**
   * 32 random bytes, base64url: the body must be the same to the byte when it is repeated. Left out, it
   * follows from the message, an `idempotencyKey` that was given, and the private key.
   */
  nonce?: string
}

export interface Tenant {
  /** National number, eleven digits or in the display form. */
  insz: string
  /** The own reference of the tenancy; no national number may be in it. */
  tenantRef: string
  tenantGround: 'art-6.1-1-a' | 'art-6.1-1-b'
}

/** A tenant of a blind sender; `blindTenants` of `huisbrug/register` makes the first three. */
export interface BlindTenant extends Omit<Tenant, 'insz'> {
  /** Pseudonym in the domain: 16 bytes, base64url. */
  tag: string
  /** 32 bytes, base64url; the gateway seals with it and forgets it. */
  secret: string
  /** The person in the gateway's own index: 16 bytes, base64url. */
  subjectTag: string
}

export interface DetectionRequest {
  protocol: string
  purpose: string
  /** `YYYY-MM-DD`, in this month or the one before. */
  referenceDate: string
  targetGroup: { id: string; version: string }
  /** Of a blind sender: the domain of the pseudonyms, the current one. */
  domain?: string
  /** At most 1,000; of one form, not of both. */
  tenants: Tenant[] | BlindTenant[]
}

export interface RefusedItem {
  index: number
  tenantRef?: string
  code: string
  pointer: string
  rule: string
  remedy: string
}

export interface Accepted {
  messageId: string
  state: string
  accepted: number
  refused: RefusedItem[]
  /** Signed (JWS): what was accepted or refused. */
  receipt: string
}

export type FeedbackAccepted = Omit<Accepted, 'state'>

export interface Answer {
  /** As it came with the request. */
  requestDigest: string
  /** A number where the protocol grants counts, the row ids found where it grants persons. */
  found: number | string[]
}

export type Reachability = 'hard-to-reach' | 'not-reached'

export interface FeedbackItem {
  tag: string
  reachability: Reachability
  establishedOn: string
}

export interface Feedback {
  protocol: string
  domain: string
  /** At most 1,000. */
  items: FeedbackItem[]
}

export interface Progress {
  status: 'taken-up' | 'closed'
  on: string
}

export interface TenanciesEnded {
  protocol: string
  items: { tenantRef: string; endedOn: string }[]
}

export interface MessageState {
  messageId: string
  type: string
  protocol: string | null
  state: string
  at: string
  items: Record<
    'accepted' | 'refused' | 'delivered' | 'pending' | 'parked' | 'expired' | 'withdrawn',
    number
  >
  transitions: { state: string; at: string; code?: string }[]
}

export interface Receipt {
  messageId: string
  receipt: string
  /** c2sp.org/tlog-proof@v1; null until the entry is sequenced. */
  proof: string | null
}

export interface Domain {
  /** `<framework or protocol id>/<major version>/<key epoch>`, or `subject` for who sends blindly. */
  domain: string
  state: 'opening' | 'current' | 'closing' | 'closed'
  /** Not to be trusted: `publishedKey` gives the one that the audit log publishes. */
  publicKey: string
  quotaLeft: number
  /** Absent until the log has a place for the entry, less than a second after the key is made. */
  published?: { entry: string; proof: string }
}

export interface EvaluationRequest {
  domain: string
  /** At most 5,000 elements, base64url. */
  blinded: string[]
}

export interface Evaluation {
  domain: string
  publicKey: string
  evaluated: string[]
  proof: string
  quotaLeft: number
}

export interface Webhook {
  url: string
  events?: string[]
  /** `whsec_…`, shown once. */
  secret?: string
  /** Until when the secret before the last rotation signs too. */
  formerSecretUntil?: string
  /** `paused`: it fails and is tried again; `gone`: it answered 410 and must be set again. */
  state?: 'active' | 'paused' | 'gone'
  statistics?: WebhookStatistics
}

export interface WebhookStatistics {
  attempts: number
  delivered: number
  failed: number
  failuresInARow: number
  lastDeliveredAt: string | null
  lastFailedAt: string | null
  lastReason: string | null
  pausedUntil: string | null
}

export interface Delivery {
  deliveryId: string
  messageId: string | null
  event: string
  state: string
  attempts: number
  lastStatus: number | null
  /** Why it waits or why the last try failed, as a code. */
  reason?: string | null
  nextAt: string | null
}

/** Which deliveries are tried again; all that is given must hold. */
export interface DeliveriesRetry {
  /** `parked` if left out. */
  state?: 'parked' | 'retrying' | 'delivered'
  since?: string
  until?: string
  event?: string
}

export interface Page<T> {
  items: T[]
  /** Pass as `after` to get the next page; null on the last. */
  next: string | null
}

export interface PageOptions {
  limit?: number
  after?: string
}

/** CloudEvents 1.0: what a webhook and the inbox carry. */
export interface Envelope {
  specversion: '1.0'
  /** The hand-over, stable over its retries; also the webhook-id. */
  id: string
  source: string
  type: string
  time: string
  subject?: string
  datacontenttype: 'application/json'
  data: Record<string, unknown>
}

/** The same where the protocol asks for an envelope: `openEvent` makes an Envelope of it. */
export interface SealedEnvelope extends Omit<Envelope, 'datacontenttype' | 'data'> {
  datacontenttype: 'application/jose'
  /** Compact JWE (RFC 7516) for the own encryption key. */
  data: string
}

/** Data of `be.huisbrug.feedback.reachability`. */
export interface ReachabilityData {
  feedbackId: string
  protocol: string
  tenantRef: string
  reachability: Reachability
  establishedOn: string
  purpose: string
}

/** Data of `be.huisbrug.detection.answered` where the protocol grants counts. */
export interface CountsData {
  protocol: string
  period: string
  purpose: string
  tenants: number
  /** Rounded; null where it is withheld. */
  found: number | null
  suppressed: boolean
}

/** A message of any type that a protocol lists: `POST /v1/messages`. */
export interface Message {
  protocol: string
  type: string
  purpose: string
  /** Of a request, where the protocol lists them. */
  referenceDate?: string
  targetGroup?: { id: string; version: string }
  /** Of an event whose items name persons by their tag. */
  domain?: string
  /** Of an answer, or of counts: the request that it is about. */
  inReplyTo?: string
  requestDigest?: string
  /** At most 1,000, with the fields that the protocol lists; progress also names its `feedbackId`. */
  items: Record<string, string | number | boolean>[]
}

/** Data of `be.huisbrug.message.received`. */
export interface MessageData {
  feedbackId: string
  protocol: string
  type: string
  purpose: string
  /** The own reference of the person, and the fields that the protocol lists. */
  item: Record<string, string>
}

/** Data of `be.huisbrug.message.answered`: one result for each item that was asked. */
export interface AnsweredData {
  messageId: string
  protocol: string
  type: string
  purpose: string
  /** The answer is null where the party that answers does not have this person. */
  results: { item: Record<string, string>; answer: Record<string, string> | null }[]
}

/** What the gateway sends to VDAB where a type has no endpoint of its own: `POST {base}/messages`. */
export interface ForwardedMessage {
  messageId: string
  /** The hand-over, also the Idempotency-Key. */
  deliveryId: string
  protocol: string
  type: string
  purpose: string
  domain: string
  sender: string
  /** Of a request: with its rows, as in ForwardedDetection. */
  period?: string
  referenceDate?: string
  targetGroup?: { id: string; version: string }
  requestDigest?: string
  granularity?: 'counts' | 'person'
  rows?: SealedRow[]
  /** Of everything else: persons by their tag. */
  items?: Record<string, string>[]
}

/** Data of `be.huisbrug.protocol.suspended` and `be.huisbrug.protocol.resumed`. */
export interface ProtocolNoticeData {
  /** Framework, protocol or accession id. */
  protocol: string
  version: string
  /** RFC 3339. */
  at: string
  /** Of a suspension. */
  reason?: string
}

/** What the gateway sends to VDAB: `POST {base}/detections`. */
export interface ForwardedDetection {
  messageId: string
  protocol: string
  domain: string
  period: string
  sender: string
  purpose: string
  referenceDate: string
  targetGroup: { id: string; version: string }
  requestDigest: string
  granularity: 'counts' | 'person'
  rows: SealedRow[]
}

/** One person's sealed item; all base64url. */
export interface SealedRow {
  rowId: string
  nonce: string
  ciphertext: string
}

/** What the gateway sends to VDAB: `POST {base}/tenancies/ended`. */
export interface ForwardedTenanciesEnded {
  messageId: string
  protocol: string
  domain: string
  items: { tag: string; endedOn: string }[]
}

/** What the gateway sends to VDAB: `POST {base}/progress`, where the protocol lists it. */
export interface ForwardedProgress {
  messageId: string
  protocol: string
  domain: string
  items: { tag: string; status: 'taken-up' | 'closed'; on: string }[]
}
