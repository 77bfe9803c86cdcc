import { randomBytes } from 'node:crypto'

/** The secret of a webhook: 32 random bytes, kept raw as the key `webhook:<party>`. */
export function newWebhookSecret(): Buffer {
  return randomBytes(32)
}

/** A webhook secret as its receiver gets it (Standard Webhooks 1.0): `whsec_` and base64. */
export function showWebhookSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}
