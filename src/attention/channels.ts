import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'
import { createTransport } from 'nodemailer'
import { parseWebhookSecret } from '../access/webhook-secret.ts'
import type { MailSettings, WebhookSettings } from '../config-attention.ts'
import type { Context } from '../context.ts'
import { OutboundError } from '../delivery/outbound.ts'
import { webhookHeaders } from '../delivery/webhook-signature.ts'
import { eventOf, mailOf, type Point } from './message.ts'
import type { Channel } from './note.ts'

// Each step of a call of the mail server; all together stay well below how long a worker has a notice.
const STEP_MS = 10_000
const ALL_MS = 40_000

/** What a notice goes out with. */
export type SendParts = Pick<Context, 'config' | 'outbound' | 'clock' | 'log'>

/** A notice that the other side did not take over, with a code for people. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly reason: string

  constructor(reason: string) {
    super(`the notice was not taken over: ${reason}`)
    this.reason = reason
  }
}

/**
 * Sends a notice by one channel; it has the same id in every try, so that who gets it twice can tell.
 * @throws SendError where it was not taken over; Error where a setting is wrong
 */
export async function sendNotice(
  parts: SendParts,
  channel: Channel,
  id: string,
  points: readonly Point[],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { mail, webhook } = parts.config.attention
  if (channel === 'mail' && mail) return sendMail(parts, mail, id, points, signal)
  if (channel === 'webhook' && webhook) return callWebhook(parts, webhook, id, points, signal)
}

async function sendMail(
  { config, log }: SendParts,
  settings: MailSettings,
  id: string,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<void> {
  const { publicUrl, attention } = config
  const transport = openTransport(config, settings)
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = () => reject(new SendError('timeout'))
  const within = AbortSignal.any([signal, AbortSignal.timeout(ALL_MS)])
  within.addEventListener('abort', end, { once: true })
  try {
    const sent = transport.sendMail({
      from: settings.from,
      to: [...settings.to],
      ...mailOf(points, { language: attention.language, publicUrl }),
      messageId: `<${id}@${new URL(publicUrl).hostname}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    const { rejected } = await Promise.race([sent, ended])
    // The others have it: it is not sent to them again.
    if (rejected.length > 0)
      log.warn('the mail server did not take all recipients', { refused: rejected.length })
  } catch (error) {
    throw error instanceof SendError ? error : new SendError(reasonOf(error))
  } finally {
    within.removeEventListener('abort', end)
    transport.close()
  }
}

function openTransport({ outbound, allowLoopback }: SendParts['config'], settings: MailSettings) {
  const url = new URL(settings.url)
  const secure = url.protocol === 'smtps:'
  const password = settings.password ?? readSecret('SMTP_PASSWORD', settings.passwordFile)
  const user = decodeURIComponent(url.username)
  const ca = outbound.caFile
    ? [...getCACertificates('default'), readFileSync(outbound.caFile, 'utf8')]
    : undefined
  return createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    // Without TLS it goes nowhere but to this machine, in the sandbox and in tests.
    requireTLS: !secure && !allowLoopback,
    tls: { minVersion: 'TLSv1.2', ...(ca && { ca }) },
    ...(user && { auth: { user, pass: password ?? '' } }),
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    dnsTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

// What a mail server says may hold anything: its status and the name of the fault are told, no more.
function reasonOf(error: unknown): string {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown }
  if (typeof responseCode === 'number') return `smtp-${responseCode}`
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code.toLowerCase() : 'broken'
}

async function callWebhook(
  { config, outbound, clock }: SendParts,
  settings: WebhookSettings,
  id: string,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<void> {
  const { publicUrl, attention } = config
  const at = clock()
  const body = eventOf(id, points, { language: attention.language, publicUrl }, at)
  const secret = parseWebhookSecret(
    settings.secret ?? readSecret('WEBHOOK_SECRET', settings.secretFile) ?? '',
  )
  if (!secret) {
    throw new Error('HUISBRUG_ATTENTION_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64')
  }
  const headers = {
    'content-type': 'application/cloudevents+json',
    ...webhookHeaders(id, at, body, [secret]),
  }
  const { status } = await outbound
    .request({
      method: 'POST',
      url: settings.url,
      networks: config.outbound.serviceNetworks,
      headers,
      body,
      signal,
    })
    .catch(error => {
      throw error instanceof OutboundError ? new SendError(error.reason) : error
    })
  if (status < 200 || status > 299) throw new SendError(`http-${status}`)
}

function readSecret(name: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new Error(`HUISBRUG_ATTENTION_${name}_FILE cannot be read`)
  }
}
