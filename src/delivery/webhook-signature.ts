import { createHmac } from 'node:crypto'

/**
 * The headers of Standard Webhooks 1.0 for one try.
 * @param id stable over all tries, for the receiver's deduplication
 * @param secret the key bytes behind `whsec_`
 */
export function webhookHeaders(
  id: string,
  at: Date,
  body: string,
  secret: Uint8Array,
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signature = createHmac('sha256', secret)
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
