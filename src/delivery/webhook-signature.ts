import { createHmac } from 'node:crypto'

/**
 * The headers of Standard Webhooks 1.0 for one try.
 * @param id stable over all tries, for the receiver's deduplication
 * @param secrets the key bytes behind `whsec_`, the newest first: each signs
 */
export function webhookHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly Uint8Array[],
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const sign = (secret: Uint8Array) =>
    createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(secret => `v1,${sign(secret)}`).join(' '),
  }
}
