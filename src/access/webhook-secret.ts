import { randomBytes } from 'node:crypto'

/** The secret of a webhook: 32 random bytes, kept raw as the key `webhook:<party>`. */
export function newWebhookSecret(): Buffer {
  return randomBytes(32)
}

/** A webhook secret as its receiver gets it (Standard Webhooks 1.0): `whsec_` and base64. */
export function showWebhookSecret(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`
}

/** The bytes behind `whsec_…` (Standard Webhooks 1.0: 24 to 64 of them), or undefined. */
export function parseWebhookSecret(text: string): Buffer | undefined {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  const secret = Buffer.from(base64 ?? '', 'base64')
  return secret.length >= 24 && secret.length <= 64 ? secret : undefined
}
