import { createHmac, randomBytes } from 'node:crypto'
import type { JWK } from 'jose'

/** 32 random bytes, base64url: keeps digests of a person-bearing body from being guessed. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url')
}

/** A message as it is repeated: the same of all of it gives the same nonce. */
export interface Repeated {
  path: string
  idempotencyKey: string
  /** Without its nonce. */
  body: object
}

/**
 * The nonce of a message that may have to be repeated after a restart, to the byte: 32 bytes, base64url,
 * that only who has this private key can make, and nobody can guess from the message.
 */
export function repeatableNonce(privateKey: JWK, { path, idempotencyKey, body }: Repeated): string {
  const secret = createHmac('sha256', String(privateKey.d)).update('huisbrug nonce v1').digest()
  return createHmac('sha256', secret)
    .update(JSON.stringify([path, idempotencyKey, body]))
    .digest('base64url')
}
