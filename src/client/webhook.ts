import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Envelope, SealedEnvelope } from './types.ts'

export type WebhookFault =
  | 'missing-header'
  | 'malformed-header'
  | 'too-old'
  | 'too-new'
  | 'bad-signature'
  | 'bad-body'

const ADVICE: Readonly<Record<WebhookFault, string>> = {
  'missing-header':
    'it has no webhook-id, webhook-timestamp or webhook-signature: it is no webhook',
  'malformed-header': 'its webhook-timestamp is no number of seconds: it is no webhook',
  'too-old': 'it was sent more than five minutes ago: check the clock of this machine',
  'too-new': 'it was sent in the future: check the clock of this machine',
  'bad-signature':
    'no given secret made its signature: give the secret that setting or rotating the webhook showed, ' +
    'and the raw body, before it is parsed',
  'bad-body': 'its body is no event with the id of its header: do not take it',
}

/** Why a webhook request is not taken, and what to do; it holds nothing of what came. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError'
  readonly code: WebhookFault

  constructor(code: WebhookFault) {
    super(`webhook refused: ${code}: ${ADVICE[code]}`)
    this.code = code
  }
}

export interface WebhookCheck {
  /** `whsec_…`; two while a rotation is under way. */
  secrets: readonly string[]
  /** How far its time may be from ours, in seconds (300). */
  toleranceSeconds?: number
  now?: Date
}

/** Header names in lower case, as node:http gives them. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>

/**
 * Checks a webhook request after Standard Webhooks 1.0 and reads its envelope: HMAC-SHA256 over
 * `id.timestamp.body`, any of the given signatures by any of the secrets, time within five minutes.
 * The body must be the raw bytes, not parsed and written again. `openEvent` opens data that is sealed.
 * @throws WebhookError
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  rawBody: Uint8Array,
  check: WebhookCheck,
): Envelope | SealedEnvelope {
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature')
  assertRecent(timestamp, check)
  const expected = check.secrets.map(secret => sign(secret, id, timestamp, rawBody))
  const given = signatures.split(' ').flatMap(decodeSignature)
  const fits = given.some(bytes => expected.some(own => isEqual(bytes, own)))
  if (!fits) throw new WebhookError('bad-signature')
  return parseEnvelope(rawBody, id)
}

/** The value of webhook-signature for a body, as a sender makes it: for tests and own tools. */
export function signWebhook(
  secret: string,
  id: string,
  timestampSeconds: number,
  rawBody: Uint8Array,
): string {
  return `v1,${sign(secret, id, String(timestampSeconds), rawBody).toString('base64')}`
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers[name]
  if (typeof value !== 'string' || value === '') throw new WebhookError('missing-header')
  return value
}

function assertRecent(timestamp: string, check: WebhookCheck): void {
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookError('malformed-header')
  const tolerance = check.toleranceSeconds ?? 300
  const now = Math.floor((check.now ?? new Date()).getTime() / 1000)
  if (now - Number(timestamp) > tolerance) throw new WebhookError('too-old')
  if (Number(timestamp) - now > tolerance) throw new WebhookError('too-new')
}

function sign(secret: string, id: string, timestamp: string, body: Uint8Array): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

// Versions other than v1 may stand beside it and are not ours to judge.
function decodeSignature(item: string): Buffer[] {
  return item.startsWith('v1,') ? [Buffer.from(item.slice(3), 'base64')] : []
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function parseEnvelope(rawBody: Uint8Array, id: string): Envelope | SealedEnvelope {
  try {
    const envelope = JSON.parse(Buffer.from(rawBody).toString('utf8')) as Envelope | SealedEnvelope
    if (envelope?.id === id && typeof envelope.type === 'string') return envelope
  } catch {
    // Falls through to the one error: what is wrong with it is not worth telling a stranger.
  }
  throw new WebhookError('bad-body')
}
