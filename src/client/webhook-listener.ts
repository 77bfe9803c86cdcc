import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DecryptionKeys, EnvelopeError, openEvent } from './envelope.ts'
import { type MessageCheck, MessageError, verifyMessage } from './message-signature.ts'
import { readBody } from './read-body.ts'
import type { Envelope } from './types.ts'
import { verifyWebhook, WebhookError, type WebhookHeaders } from './webhook.ts'

const MAX_BODY_BYTES = 1024 * 1024

/** Which events were taken already; keep it on disk, for retries come after a restart too. */
export interface SeenEvents {
  has(id: string): boolean | Promise<boolean>
  add(id: string): unknown
}

export interface WebhookReceiver {
  /** The current secret, and the one before while a rotation is under way. */
  secrets(): readonly string[]
  /** Checks the gateway's own signature too (X-JWS-Signature), and refuses what has none. */
  gateway?: Omit<MessageCheck, 'now'>
  seen: SeenEvents
  /** The private encryption keys, the former ones too: needed where a protocol asks for envelopes. */
  encryptionKeys?(): DecryptionKeys
  /** Told why a request was not taken, for the own log: it holds nothing of what came. */
  onRefused?(error: WebhookError | EnvelopeError | MessageError): unknown
  /** Called once per event, its data opened. When it throws, the answer is 500 and the gateway tries again later. */
  handle(event: Envelope): unknown
  now?(): Date
}

/** Status of the answer, and whether the event had been taken before. */
export interface Reception {
  status: 204 | 400 | 401 | 500
  duplicate?: boolean
}

/**
 * Takes webhook requests one way for any framework: verifies, passes each event on once by its
 * webhook-id, and says which status to answer. Two requests for one event at the same instant share
 * one handling.
 */
export function createWebhookReceiver(receiver: WebhookReceiver) {
  const underWay = new Map<string, Promise<Reception>>()
  return async (headers: WebhookHeaders, rawBody: Uint8Array): Promise<Reception> => {
    let event: Envelope
    try {
      const now = receiver.now?.() ?? new Date()
      const sent = verifyWebhook(headers, rawBody, { secrets: receiver.secrets(), now })
      if (receiver.gateway) await verifyMessage(headers, rawBody, { ...receiver.gateway, now })
      event = await openEvent(sent, receiver.encryptionKeys?.() ?? [])
    } catch (error) {
      if (!isRefusal(error)) return { status: 500 }
      receiver.onRefused?.(error)
      return { status: statusOf(error) }
    }
    const running = underWay.get(event.id)
    if (running) return { ...(await running), duplicate: true }
    const handling = takeOnce(receiver, event).finally(() => underWay.delete(event.id))
    underWay.set(event.id, handling)
    return handling
  }
}

function isRefusal(error: unknown): error is WebhookError | EnvelopeError | MessageError {
  return [WebhookError, EnvelopeError, MessageError].some(kind => error instanceof kind)
}

// A key that is given later opens what is tried again; what is damaged will be sealed anew by hand.
function statusOf(error: WebhookError | EnvelopeError | MessageError): Reception['status'] {
  if (error instanceof EnvelopeError) return error.mayPass ? 500 : 400
  if (error instanceof MessageError) return error.mayPass ? 500 : 401
  return error.code === 'bad-body' ? 400 : 401
}

async function takeOnce(receiver: WebhookReceiver, event: Envelope): Promise<Reception> {
  try {
    if (await receiver.seen.has(event.id)) return { status: 204, duplicate: true }
    await receiver.handle(event)
    await receiver.seen.add(event.id)
    return { status: 204 }
  } catch {
    return { status: 500 }
  }
}

/** The same as a listener for node:http, or for any framework that passes its requests through. */
export function webhookListener(receiver: WebhookReceiver) {
  const receive = createWebhookReceiver(receiver)
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, MAX_BODY_BYTES)
    const status = body ? (await receive(request.headers, body)).status : 413
    response.writeHead(status).end()
  }
}
