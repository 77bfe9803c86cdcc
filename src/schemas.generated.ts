// Generated from schemas/ by scripts/generate.ts: do not edit, run "npm run generate".

/**
 * Id of a message
 */
export type MessageId = string
/**
 * JSON pointer (RFC 6901) into the request body; empty for the whole
 */
export type Pointer = string
/**
 * Signed receipt: JWS in compact form (EdDSA); its payload is receipt.json
 */
export type ReceiptToken = string
/**
 * 32 random bytes, base64url, new for each message and repeated on a retry, so that a digest of the body cannot be guessed
 */
export type Nonce = string
/**
 * A real calendar date, YYYY-MM-DD
 */
export type CalendarDate = string
/**
 * Id of a party, also its OAuth client id
 */
export type PartyId = string
/**
 * Id of a framework or protocol. Messages name the framework; the accession follows from the sender
 */
export type ProtocolId = string
/**
 * Version of a document: major, minor, patch
 */
export type Version = string
/**
 * Id of a purpose in the protocol
 */
export type PurposeId = string
/**
 * Message type that the protocol lists
 */
export type MessageType = string
/**
 * What an organisation is, and so what it may call
 */
export type PartyKind = 'housing-company' | 'employment-service' | 'welfare-office'
/**
 * Chosen by the caller for each new message and repeated on a retry
 */
export type IdempotencyKey = string
/**
 * The housing company's own reference of a tenant. Must not contain a national number
 */
export type TenantRef = string
/**
 * SHA-256, base64url without padding
 */
export type Digest = string
/**
 * A calendar month, YYYY-MM
 */
export type Period = string
/**
 * RFC 3339, UTC, with milliseconds
 */
export type Timestamp = string
/**
 * Id of one feedback
 */
export type FeedbackId = string
/**
 * Id of a hand-over, stable over its attempts
 */
export type DeliveryId = string
/**
 * Pseudonym of a person within a domain: 16 bytes, base64url
 */
export type Tag = string
/**
 * Id of a sealed row: 16 bytes, base64url, new every month
 */
export type RowId = string
/**
 * ristretto255 group element: 32 bytes, base64url
 */
export type GroupElement = string
/**
 * Pseudonym domain: framework or protocol id, major version, key epoch
 */
export type DomainName = string
/**
 * Stable code of a refusal; error-code.json lists them
 */
export type Code = string
/**
 * The rule that refuses: an article of the protocol or a schema
 */
export type Rule = string
/**
 * What the caller should do
 */
export type Remedy = string
/**
 * Why the person is a tenant: art. 6.1, 1°, (a) named at the start of the lease or (b) by operation of law, Vlaamse Codex Wonen
 */
export type TenantGround = 'art-6.1-1-a' | 'art-6.1-1-b'
/**
 * moeilijk bereikbaar or niet bereikt. No reason is ever given
 */
export type Reachability = 'hard-to-reach' | 'not-reached'
/**
 * opgenomen or afgesloten
 */
export type ProgressStatus = 'taken-up' | 'closed'
/**
 * Where a message stands
 */
export type MessageState =
  | 'accepted'
  | 'refused'
  | 'queued'
  | 'retrying'
  | 'held'
  | 'delivered'
  | 'answered'
  | 'parked'
  | 'expired'
  | 'withdrawn'
/**
 * opening: the recipient prepares its register; current: requests use it; closing: it still routes feedback; closed: its key is destroyed
 */
export type DomainState = 'opening' | 'current' | 'closing' | 'closed'
/**
 * Type of an event
 */
export type EventType =
  | 'be.huisbrug.detection.answered'
  | 'be.huisbrug.feedback.reachability'
  | 'be.huisbrug.feedback.overdue'
  | 'be.huisbrug.interaction.expired'
  | 'be.huisbrug.protocol.suspended'
  | 'be.huisbrug.protocol.resumed'
  | 'be.huisbrug.test'
/**
 * Opaque place in a list, for the query parameter after
 */
export type Cursor = string
/**
 * Pass as after to get the next page; null on the last
 */
export type Next = Cursor | null
/**
 * Body of a webhook and item of the inbox (CloudEvents 1.0, structured JSON)
 */
export type Envelope =
  | DetectionAnsweredEvent
  | FeedbackReachabilityEvent
  | FeedbackOverdueEvent
  | InteractionExpiredEvent
  | ProtocolSuspendedEvent
  | ProtocolResumedEvent
  | TestEvent

/**
 * 202 of POST /v1/reports/annex-1
 */
export interface Annex1Accepted {
  messageId: MessageId
  /**
   * What looks odd but is not refused
   *
   * @minItems 0
   * @maxItems 20
   *
   * Items: One warning
   */
  warnings: {
    pointer: Pointer
    /**
     * What looks odd
     */
    text: string
  }[]
  receipt: ReceiptToken
}
/**
 * POST /v1/reports/annex-1: counts only, in any phase, no protocol needed. checked <= tenants; regularised <= extraTime.tenants
 */
export interface Annex1 {
  nonce?: Nonce
  referenceDate: CalendarDate
  /**
   * Tenants in total: reference tenants and their partner or legal cohabitant
   */
  tenants: number
  /**
   * Tenants checked on the VDAB obligation
   */
  checked: number
  /**
   * Compliant tenants, by category; the source does not say that the categories exclude each other
   */
  compliant: {
    /**
     * werkt of is zelfstandige
     */
    worksOrSelfEmployed: number
    /**
     * is ingeschreven bij VDAB
     */
    registeredWithVdab: number
    /**
     * is ouder dan 65
     */
    olderThan65: number
    /**
     * is arbeidsongeschikt, invalide of ernstig gehandicapt
     */
    unfitForWork: number
    /**
     * ontvangt een leefloon
     */
    livingWage: number
  }
  /**
   * voldoen niet aan de huurdersverplichting
   */
  notCompliant: number
  /**
   * Extra time given to comply
   */
  extraTime: {
    /**
     * Whether extra time was given
     */
    given: boolean
    /**
     * How long, in days
     */
    days?: number
    /**
     * To how many tenants
     */
    tenants: number
    /**
     * How many of those complied in that time
     */
    regularised: number
  }
  /**
   * Files passed to the supervisor before
   */
  passedToSupervisor: number
}
/**
 * The target group of the protocol, by id and version of its criterion
 */
export interface TargetGroup {
  /**
   * Id of the target group in the protocol
   */
  id: string
  /**
   * Version of its criterion
   */
  version: string
}
/**
 * One reason of a refusal. It never repeats a value of the request
 */
export interface Reason {
  pointer: Pointer
  code: Code
  rule: Rule
  remedy: Remedy
}
/**
 * One refused item; the others of the message go on
 */
export interface RefusedItem {
  /**
   * Position of the item in the request, from 0
   */
  index: number
  tenantRef?: TenantRef
  code: Code
  pointer: Pointer
  rule: Rule
  remedy: Remedy
}
/**
 * GET /v1/deliveries
 */
export interface Deliveries {
  /**
   * Newest first
   *
   * @minItems 0
   * @maxItems 1000
   */
  items: Delivery[]
  next: Next
}
/**
 * One hand-over to the caller; also the reply of POST /v1/deliveries/{id}/retry
 */
export interface Delivery {
  deliveryId: DeliveryId
  /**
   * The message it belongs to; null for a test or a notice
   */
  messageId: MessageId | null
  event: EventType
  /**
   * Where it stands
   */
  state: 'queued' | 'retrying' | 'held' | 'delivered' | 'parked' | 'expired' | 'withdrawn'
  /**
   * Times it was tried
   */
  attempts: number
  /**
   * HTTP status of the last answer; null where there was none
   */
  lastStatus: number | null
  /**
   * When it is tried next; null where it is not
   */
  nextAt: Timestamp | null
}
/**
 * 202 of POST /v1/detections. Same key and body again give the same answer
 */
export interface DetectionAccepted {
  messageId: MessageId
  state: MessageState
  /**
   * Items accepted; a message without items is one
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST /v1/detections/{messageId}/answer: a number where the protocol grants counts, row ids where it grants answers per person
 */
export interface DetectionAnswer {
  nonce: Nonce
  requestDigest: Digest
  /**
   * How many people were found, or the row ids of those found
   *
   * @maxItems 1000
   */
  found: number | RowId[]
}
/**
 * POST {base}/detections: gateway to the employment service. The message id is also the Idempotency-Key
 */
export interface DetectionForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  period: Period
  sender: PartyId
  purpose: PurposeId
  referenceDate: CalendarDate
  targetGroup: TargetGroup
  requestDigest: Digest
  /**
   * The form of answer that the protocol grants: a number, or the row ids found
   */
  granularity: 'counts' | 'person'
  /**
   * Sealed rows, sorted by row id
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person's sealed item: only who knows the person can compute its key
   */
  rows: {
    rowId: RowId
    /**
     * AES-256-GCM nonce: 12 bytes, base64url
     */
    nonce: string
    /**
     * 128 padded bytes and the 16-byte tag, base64url; associated data: domain|period|messageId|rowId
     */
    ciphertext: string
  }[]
}
/**
 * POST /v1/detections: which of these tenants are in the client file?
 */
export interface DetectionRequest {
  protocol: ProtocolId
  purpose: PurposeId
  nonce: Nonce
  referenceDate: CalendarDate
  targetGroup: TargetGroup
  /**
   * The tenants in the target group, each once
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One tenant
   */
  tenants: {
    /**
     * National number, eleven digits or as 85.07.30-033.28. Kept in memory only until it is a pseudonym. An invalid one refuses its item, so any short text is let through here
     */
    insz: string
    tenantRef: TenantRef
    tenantGround: TenantGround
  }[]
}
/**
 * POST /v1/pseudonyms/domains/ready: the recipient's register is prepared under this key
 */
export interface DomainReady {
  domain: DomainName
}
/**
 * One pseudonym domain; 200 of POST /v1/pseudonyms/domains/ready
 */
export interface Domain {
  domain: DomainName
  state: DomainState
  publicKey: GroupElement
  /**
   * Elements that may still be evaluated now
   */
  quotaLeft: number
}
/**
 * GET /v1/pseudonyms/domains
 */
export interface Domains {
  /**
   * The domains of the caller's protocols
   */
  items: Domain[]
  next?: Next
}
/**
 * Event of type be.huisbrug.detection.answered
 */
export interface DetectionAnsweredEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.detection.answered'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  /**
   * What happened
   */
  data: EventCountsAnswered | EventPersonAnswered
}
/**
 * Data of be.huisbrug.detection.answered where the protocol grants counts: one number per month
 */
export interface EventCountsAnswered {
  protocol: ProtocolId
  period: Period
  purpose: PurposeId
  /**
   * Distinct tenants asked about in the month
   */
  tenants: number
  /**
   * How many of them were found, rounded to a multiple of the threshold; null where it is suppressed
   */
  found: number | null
  /**
   * Whether the number is withheld, because it could point at people
   */
  suppressed: boolean
}
/**
 * Data of be.huisbrug.detection.answered where the protocol grants answers per person
 */
export interface EventPersonAnswered {
  messageId: MessageId
  protocol: ProtocolId
  purpose: PurposeId
  /**
   * One result per accepted item
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: One tenant
   */
  results: {
    tenantRef: TenantRef
    /**
     * Whether the person is in the client file. not-found is not: not registered
     */
    result: 'found' | 'not-found'
  }[]
}
/**
 * Event of type be.huisbrug.feedback.reachability
 */
export interface FeedbackReachabilityEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.feedback.reachability'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventReachability
}
/**
 * Data of be.huisbrug.feedback.reachability
 */
export interface EventReachability {
  feedbackId: FeedbackId
  protocol: ProtocolId
  tenantRef: TenantRef
  reachability: Reachability
  establishedOn: CalendarDate
  purpose: PurposeId
}
/**
 * Event of type be.huisbrug.feedback.overdue
 */
export interface FeedbackOverdueEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.feedback.overdue'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventOverdue
}
/**
 * Data of be.huisbrug.feedback.overdue: feedback that waits longer than the protocol allows
 */
export interface EventOverdue {
  feedbackId: FeedbackId
  protocol: ProtocolId
  tenantRef: TenantRef
  /**
   * Where it stands
   */
  status: 'open' | 'taken-up'
  dueOn: CalendarDate
}
/**
 * Event of type be.huisbrug.interaction.expired
 */
export interface InteractionExpiredEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.interaction.expired'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventExpired
}
/**
 * Data of be.huisbrug.interaction.expired: no answer came within the window of the protocol
 */
export interface EventExpired {
  messageId: MessageId
  protocol: ProtocolId
  type: MessageType
  expiredAt: Timestamp
}
/**
 * Event of type be.huisbrug.protocol.suspended
 */
export interface ProtocolSuspendedEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.protocol.suspended'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventProtocolSuspended
}
/**
 * Data of be.huisbrug.protocol.suspended: nothing moves under the protocol until it is resumed
 */
export interface EventProtocolSuspended {
  protocol: ProtocolId
  version: Version
  at: Timestamp
  /**
   * Reason given, about the protocol and never about a person
   */
  reason?: string
}
/**
 * Event of type be.huisbrug.protocol.resumed
 */
export interface ProtocolResumedEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.protocol.resumed'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventProtocolResumed
}
/**
 * Data of be.huisbrug.protocol.resumed: what was held goes on
 */
export interface EventProtocolResumed {
  protocol: ProtocolId
  version: Version
  at: Timestamp
}
/**
 * Event of type be.huisbrug.test
 */
export interface TestEvent {
  /**
   * CloudEvents version
   */
  specversion: '1.0'
  id: DeliveryId
  /**
   * The gateway
   */
  source: string
  /**
   * What happened
   */
  type: 'be.huisbrug.test'
  time: Timestamp
  /**
   * The feedback or message it is about, where there is one
   */
  subject?: string
  /**
   * Form of data
   */
  datacontenttype: 'application/json'
  data: EventTest
}
/**
 * Data of be.huisbrug.test
 */
export interface EventTest {
  /**
   * For people
   */
  note: string
}
/**
 * 200 of POST /v1/pseudonyms/evaluations. Check the proof against the public key in the audit log, not this one
 */
export interface EvaluationReply {
  domain: DomainName
  publicKey: GroupElement
  /**
   * Evaluated elements, in the order of the request
   *
   * @minItems 1
   * @maxItems 5000
   */
  evaluated: GroupElement[]
  /**
   * The two RFC 9497 scalars of one batched DLEQ proof, 64 bytes, base64url
   */
  proof: string
  /**
   * Elements that may still be evaluated now
   */
  quotaLeft: number
}
/**
 * POST /v1/pseudonyms/evaluations: blind evaluation (RFC 9497, VOPRF, ristretto255-SHA512)
 */
export interface EvaluationRequest {
  domain: DomainName
  /**
   * Blinded elements, at most 5,000
   *
   * @minItems 1
   * @maxItems 5000
   *
   * Items: ristretto255 group element: 32 bytes, base64url
   */
  blinded: string[]
}
/**
 * 202 of POST /v1/feedback
 */
export interface FeedbackAccepted {
  messageId: MessageId
  /**
   * Items accepted
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST /v1/feedback: tenants whom the employment service reaches with difficulty or not at all
 */
export interface FeedbackRequest {
  protocol: ProtocolId
  domain: DomainName
  nonce: Nonce
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    reachability: Reachability
    establishedOn: CalendarDate
  }[]
}
/**
 * 200 of POST /v1/inbox/acknowledgements
 */
export interface InboxAcknowledged {
  upTo: DeliveryId
  /**
   * Events that this acknowledged
   */
  acknowledged: number
}
/**
 * POST /v1/inbox/acknowledgements: everything up to and including this event is taken
 */
export interface InboxAcknowledgement {
  upTo: DeliveryId
}
/**
 * GET /v1/inbox: the same envelopes as webhooks, oldest first
 */
export interface Inbox {
  /**
   * Events not yet acknowledged
   *
   * @minItems 0
   * @maxItems 1000
   */
  items: Envelope[]
  next: Next
}
/**
 * 202 of a message: of an answer, progress, ended tenancies and the general form
 */
export interface MessageAccepted {
  messageId: MessageId
  state: MessageState
  /**
   * Items accepted; a message without items is one
   */
  accepted: number
  /**
   * Items refused, each with its reason
   *
   * @minItems 0
   * @maxItems 1000
   */
  refused: RefusedItem[]
  receipt: ReceiptToken
}
/**
 * POST /v1/messages: any message type that a protocol lists. The named operations are shorthands of this. What an item may hold is what the protocol lists for the type
 */
export interface MessageRequest {
  protocol: ProtocolId
  type: MessageType
  purpose: PurposeId
  nonce: Nonce
  referenceDate?: CalendarDate
  targetGroup?: TargetGroup
  domain?: DomainName
  inReplyTo?: MessageId
  requestDigest?: Digest
  /**
   * The items
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: Fields that the protocol lists for the type
   */
  items: {
    [k: string]: string | number | boolean
  }[]
}
/**
 * GET /v1/messages/{id}: where a message stands, for its sender
 */
export interface Message {
  messageId: MessageId
  type: MessageType
  /**
   * The protocol; null where it was not known
   */
  protocol: ProtocolId | null
  state: MessageState
  at: Timestamp
  /**
   * Its items: accepted = delivered + pending + parked + expired + withdrawn
   */
  items: {
    /**
     * Accepted
     */
    accepted: number
    /**
     * Refused
     */
    refused: number
    /**
     * Taken by the recipient
     */
    delivered: number
    /**
     * Queued, retrying or held
     */
    pending: number
    /**
     * Given up for now, waiting for a person
     */
    parked: number
    /**
     * Too late
     */
    expired: number
    /**
     * Stopped, with a reason
     */
    withdrawn: number
  }
  /**
   * How it got there, oldest first
   *
   * Items: One step
   */
  transitions: {
    state: MessageState
    at: Timestamp
    code?: Code
  }[]
}
/**
 * Form of every list: pass next as after for the following page
 */
export interface Page {
  /**
   * The items
   *
   * @minItems 0
   * @maxItems 1000
   *
   * Items: As the operation says
   */
  items: {}[]
  next: Next
}
/**
 * POST /v1/periods/close: no further request of this housing company for this month
 */
export interface PeriodClose {
  protocol: ProtocolId
  period: Period
}
/**
 * 202 of POST /v1/periods/close. The number follows as one event once every request is answered or expired
 */
export interface PeriodClosed {
  protocol: ProtocolId
  period: Period
  /**
   * The period takes no more requests
   */
  state: 'closed'
}
/**
 * Refusal of a whole request (RFC 9457, application/problem+json). No value of the request is repeated
 */
export interface Problem {
  /**
   * Page about the code
   */
  type: string
  /**
   * What is wrong, in a few words
   */
  title: string
  /**
   * HTTP status
   */
  status: number
  /**
   * What to do about it
   */
  detail: string
  code: Code
  /**
   * Every reason, the first of which decided
   *
   * @minItems 1
   * @maxItems 1000
   */
  errors: Reason[]
  /**
   * Id of the message or of the request, to name in a question
   */
  instance: string
  /**
   * Error of RFC 6749, from the token endpoint only
   */
  error?: string
  /**
   * Title once more, where RFC 6749 clients look, from the token endpoint only
   */
  error_description?: string
}
/**
 * POST {base}/progress: gateway to the employment service, only where the protocol lists it
 */
export interface ProgressForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    status: ProgressStatus
    on: CalendarDate
  }[]
}
/**
 * POST /v1/feedback/{feedbackId}/progress: what the housing company did with the feedback
 */
export interface Progress {
  status: ProgressStatus
  on: CalendarDate
  nonce?: Nonce
}
/**
 * GET /v1/receipts/{messageId}
 */
export interface ReceiptReply {
  messageId: MessageId
  receipt: ReceiptToken
  /**
   * c2sp.org/tlog-proof@v1 of the entry; null until it is sequenced
   */
  proof: string | null
}
/**
 * Payload of a receipt (JWS, EdDSA, typ huisbrug-receipt+jws)
 */
export interface Receipt {
  /**
   * The gateway
   */
  iss?: string
  messageId: MessageId
  /**
   * What was decided; accepted when at least one item was
   */
  decision: 'accepted' | 'refused'
  code?: Code
  digest: Digest
  /**
   * The protocol; null where it was not known
   */
  protocol: ProtocolId | null
  /**
   * Digest of the document that decided; null where there was none
   */
  protocolDigest: Digest | null
  entryCommitment: Digest
  /**
   * The message that this answers
   */
  answers?: {
    messageId: MessageId
    digest: Digest
  }
  /**
   * When, in seconds since 1970
   */
  iat: number
}
/**
 * POST {base}/tenancies/ended: gateway to the employment service
 */
export interface TenanciesEndedForward {
  messageId: MessageId
  protocol: ProtocolId
  domain: DomainName
  /**
   * One item per person
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One person
   */
  items: {
    tag: Tag
    endedOn: CalendarDate
  }[]
}
/**
 * POST /v1/tenancies/ended: these persons are tenants no longer
 */
export interface TenanciesEnded {
  protocol: ProtocolId
  nonce: Nonce
  /**
   * One item per tenant
   *
   * @minItems 1
   * @maxItems 1000
   *
   * Items: One tenant
   */
  items: {
    tenantRef: TenantRef
    endedOn: CalendarDate
  }[]
}
/**
 * Form of POST /oauth/token (RFC 6749 section 4.4 with RFC 7523 section 2.2)
 */
export interface TokenRequest {
  /**
   * The only grant
   */
  grant_type: 'client_credentials'
  client_id?: PartyId
  /**
   * The only form of client authentication
   */
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  /**
   * JWT signed with a registered key: iss = sub = party id, aud = token URL, exp - iat at most 120 s, fresh jti
   */
  client_assertion: string
  /**
   * Scopes asked for, separated by spaces; all that the party may have if left out
   */
  scope?: string
}
/**
 * Access token (RFC 6749 section 5.1; the token is RFC 9068)
 */
export interface TokenResponse {
  /**
   * Send it as Authorization: Bearer
   */
  access_token: string
  /**
   * Kind of token
   */
  token_type: 'Bearer'
  /**
   * Seconds it lasts
   */
  expires_in: number
  /**
   * What it allows, separated by spaces
   */
  scope: string
}
/**
 * Reply of PUT and GET /v1/webhook and of POST /v1/webhook/rotate
 */
export interface WebhookReply {
  /**
   * The address
   */
  url: string
  /**
   * Event types wanted; all if left out
   *
   * @minItems 1
   * @maxItems 20
   */
  events?: EventType[]
  /**
   * Secret of the signatures (Standard Webhooks), shown once
   */
  secret?: string
}
/**
 * 202 of POST /v1/webhook/test: an event be.huisbrug.test is on its way
 */
export interface WebhookTest {
  deliveryId: DeliveryId
}
/**
 * PUT /v1/webhook: where the party receives events
 */
export interface Webhook {
  /**
   * An https address that is publicly reachable
   */
  url: string
  /**
   * Event types wanted; all if left out
   *
   * @minItems 1
   * @maxItems 20
   */
  events?: EventType[]
}

/** The type of each schema, by the name of its file. */
export interface WireTypes {
  'annex-1-accepted': Annex1Accepted
  'annex-1': Annex1
  'deliveries': Deliveries
  'delivery': Delivery
  'detection-accepted': DetectionAccepted
  'detection-answer': DetectionAnswer
  'detection-forward': DetectionForward
  'detection-request': DetectionRequest
  'domain-ready': DomainReady
  'domain': Domain
  'domains': Domains
  'envelope': Envelope
  'evaluation-reply': EvaluationReply
  'evaluation-request': EvaluationRequest
  'event-counts-answered': EventCountsAnswered
  'event-expired': EventExpired
  'event-overdue': EventOverdue
  'event-person-answered': EventPersonAnswered
  'event-protocol-resumed': EventProtocolResumed
  'event-protocol-suspended': EventProtocolSuspended
  'event-reachability': EventReachability
  'event-test': EventTest
  'feedback-accepted': FeedbackAccepted
  'feedback-request': FeedbackRequest
  'inbox-acknowledged': InboxAcknowledged
  'inbox-acknowledgement': InboxAcknowledgement
  'inbox': Inbox
  'message-accepted': MessageAccepted
  'message-request': MessageRequest
  'message': Message
  'page': Page
  'period-close': PeriodClose
  'period-closed': PeriodClosed
  'problem': Problem
  'progress-forward': ProgressForward
  'progress': Progress
  'receipt-reply': ReceiptReply
  'receipt': Receipt
  'tenancies-ended-forward': TenanciesEndedForward
  'tenancies-ended': TenanciesEnded
  'token-request': TokenRequest
  'token-response': TokenResponse
  'webhook-reply': WebhookReply
  'webhook-test': WebhookTest
  'webhook': Webhook
}
