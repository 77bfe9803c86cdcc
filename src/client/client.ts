import { randomUUID } from 'node:crypto'
import type { JWK } from 'jose'
import type { Annex1, Annex1Accepted, Annex1Report } from './annex-1.ts'
import { type DecryptionKeys, openEvent } from './envelope.ts'
import { newNonce, repeatableNonce } from './nonce.ts'
import type { ProtocolSummary, SignedIn, UsageQuestion, Usages } from './public-types.ts'
import {
  type ClientOptions,
  type Connection,
  createTransport,
  type Transport,
} from './transport.ts'
import type {
  Accepted,
  Answer,
  DeliveriesRetry,
  Delivery,
  DetectionRequest,
  Domain,
  Envelope,
  Evaluation,
  EvaluationRequest,
  ExplainRequest,
  Explanation,
  Feedback,
  FeedbackAccepted,
  Message,
  MessageState,
  Page,
  PageOptions,
  Progress,
  Receipt,
  SealedEnvelope,
  SendOptions,
  TenanciesEnded,
  Webhook,
} from './types.ts'

export { newNonce } from './nonce.ts'
export type HuisbrugClient = ReturnType<typeof createClient>

/**
 * The kit: one party's view of the gateway. Every call fetches its token by itself and is repeated
 * with the same body, nonce and Idempotency-Key while it fails in a way that may pass. To repeat a
 * message after a restart too, give it an `idempotencyKey` of your own and keep that with the message: the
 * same message under the same key is the same to the byte, as long as the private key is the same.
 * @throws HuisbrugProblem for a refusal (code, pointer, rule, remedy), HuisbrugUnreachable where no
 *   answer came
 */
export function createClient(options: ClientOptions) {
  const { call, signIn } = createTransport(options)
  const send = createSender(call, options.privateKey)
  return {
    ...publicCalls(call, signIn),
    ...messageCalls(call, send),
    ...housingCompanyCalls(call, send),
    ...employmentServiceCalls(call, send),
    ...webhookCalls(call),
    ...deliveryCalls(call, options.encryptionKeys ?? []),
  }
}

type Sender = ReturnType<typeof createSender>

/** Sends what bears persons: with a nonce, and a key under which it is done once. */
function createSender(call: Transport, privateKey: JWK) {
  return <T>(path: string, body: object, options: SendOptions): Promise<T> => {
    const { idempotencyKey = randomUUID() } = options
    const mayRepeat = options.idempotencyKey !== undefined
    const own = mayRepeat ? repeatableNonce(privateKey, { path, idempotencyKey, body }) : newNonce()
    const nonced = { ...body, nonce: options.nonce ?? own }
    return call<T>({ method: 'POST', path, body: nonced, idempotencyKey })
  }
}

function segment(id: string): string {
  return encodeURIComponent(id)
}

function publicCalls(call: Transport, signIn: Connection['signIn']) {
  return {
    /** Fetches a new token, to see that it works: every call does so by itself. */
    signIn: async (): Promise<SignedIn> => {
      const { scope, expiresAt, type } = await signIn()
      return { scope, expiresAt, bound: type === 'DPoP' }
    },
    /** The publication list: every protocol, whatever its state. No token is needed. */
    protocols: () =>
      call<Page<ProtocolSummary>>({ method: 'GET', path: '/v1/protocols', open: true }),
    /** A protocol document, as it was signed. No token is needed. */
    protocol: (id: string) =>
      call<Record<string, unknown>>({
        method: 'GET',
        path: `/v1/protocols/${segment(id)}`,
        open: true,
      }),
  }
}

function messageCalls(call: Transport, send: Sender) {
  return {
    /** Sends a message of any type that a protocol lists. */
    send: (message: Message, options: SendOptions = {}) =>
      send<Accepted>('/v1/messages', message, options),
    /** Would this message pass? Every national number in it must be the word `synthetic`. */
    explain: (question: ExplainRequest) =>
      call<Explanation>({ method: 'POST', path: '/v1/explain', body: question }),
    /** Where an own message stands. */
    message: (id: string) =>
      call<MessageState>({ method: 'GET', path: `/v1/messages/${segment(id)}` }),
    /** The signed receipt of an own message, with its proof once sequenced. */
    receipt: (id: string) => call<Receipt>({ method: 'GET', path: `/v1/receipts/${segment(id)}` }),
  }
}

function housingCompanyCalls(call: Transport, send: Sender) {
  return {
    /** Asks VDAB which of these tenants, all in the target group, it has in its client file. */
    detect: (request: DetectionRequest, options: SendOptions = {}) =>
      send<Accepted>('/v1/detections', request, options),
    /**
     * Nothing more is asked for this month: lets the one number of the month go out. The receipt is
     * absent where the time of the protocol had closed it before.
     */
    closePeriod: (protocol: string, period: string) =>
      call<{ protocol: string; period: string; state: string } & Partial<Omit<Receipt, 'proof'>>>({
        method: 'POST',
        path: '/v1/periods/close',
        body: { protocol, period },
      }),
    /** Says what was done with a feedback; the default key is the same for the same step. */
    progress: (feedbackId: string, progress: Progress, options: SendOptions = {}) =>
      send<Accepted>(`/v1/feedback/${segment(feedbackId)}/progress`, progress, {
        idempotencyKey: `${feedbackId}.${progress.status}`,
        ...options,
      }),
    tenanciesEnded: (ended: TenanciesEnded, options: SendOptions = {}) =>
      send<Accepted>('/v1/tenancies/ended', ended, options),
    /** Reports Annex 1 of the call: counts alone, in any phase. A newer report of the same day counts. */
    reportAnnex1: (report: Annex1, options: SendOptions = {}) =>
      send<Annex1Accepted>('/v1/reports/annex-1', report, options),
    /** What the gateway did with data about a current tenant, as far as this party sent or got it. */
    usage: (question: UsageQuestion) =>
      call<Usages>({ method: 'POST', path: '/v1/subjects/usage', body: question }),
    /** What was reported as Annex 1, newest first, with what was replaced. */
    annex1Reports: (page: PageOptions = {}) =>
      call<Page<Annex1Report>>({ method: 'GET', path: '/v1/reports/annex-1', query: { ...page } }),
  }
}

function employmentServiceCalls(call: Transport, send: Sender) {
  return {
    /** Answers a request; the default key is the same for the same request. */
    answer: (messageId: string, answer: Answer, options: SendOptions = {}) =>
      send<Accepted>(`/v1/detections/${segment(messageId)}/answer`, answer, {
        idempotencyKey: `answer-${messageId}`,
        ...options,
      }),
    feedback: (feedback: Feedback, options: SendOptions = {}) =>
      send<FeedbackAccepted>('/v1/feedback', feedback, options),
    /** Blind evaluation. Check the proof against the key that `publishedKey` gives. */
    evaluate: (request: EvaluationRequest) =>
      call<Evaluation>({ method: 'POST', path: '/v1/pseudonyms/evaluations', body: request }),
    domains: () => call<{ items: Domain[] }>({ method: 'GET', path: '/v1/pseudonyms/domains' }),
    /** The register is prepared for this domain: requests may use it. */
    domainReady: (domain: string) =>
      call<Domain>({ method: 'POST', path: '/v1/pseudonyms/domains/ready', body: { domain } }),
  }
}

function webhookCalls(call: Transport) {
  const path = '/v1/webhook'
  return {
    /** Sets where events go. The secret of the signatures is in this reply only. */
    setWebhook: (webhook: { url: string; events?: string[] }) =>
      call<Webhook>({ method: 'PUT', path, body: webhook }),
    getWebhook: () => call<Webhook>({ method: 'GET', path }),
    deleteWebhook: () => call<void>({ method: 'DELETE', path }),
    testWebhook: () => call<{ deliveryId: string }>({ method: 'POST', path: `${path}/test` }),
    rotateWebhook: () => call<Webhook>({ method: 'POST', path: `${path}/rotate` }),
  }
}

function deliveryCalls(call: Transport, keys: DecryptionKeys) {
  return {
    deliveries: (page: PageOptions = {}) =>
      call<Page<Delivery>>({ method: 'GET', path: '/v1/deliveries', query: { ...page } }),
    retryDelivery: (id: string) =>
      call<Delivery>({ method: 'POST', path: `/v1/deliveries/${segment(id)}/retry` }),
    /** Has all that fit tried again, as long as they are kept. */
    retryDeliveries: (which: DeliveriesRetry = {}) =>
      call<{ retried: number; gone: number }>({
        method: 'POST',
        path: '/v1/deliveries/retry',
        body: which,
      }),
    /** Events not yet taken, the data of each opened. @throws EnvelopeError where a key for it lacks */
    inbox: async (page: PageOptions = {}): Promise<Page<Envelope>> => {
      const query = { ...page }
      const path = '/v1/inbox'
      const { items, next } = await call<Page<Envelope | SealedEnvelope>>({
        method: 'GET',
        path,
        query,
      })
      return { items: await Promise.all(items.map(item => openEvent(item, keys))), next }
    },
    /** Everything up to and including this event is taken. */
    acknowledge: (upTo: string) =>
      call<{ upTo: string; acknowledged: number }>({
        method: 'POST',
        path: '/v1/inbox/acknowledgements',
        body: { upTo },
      }),
  }
}
