import { createHash, createHmac } from 'node:crypto'
import { Refusal, refuse } from '../errors.ts'
import { parseStrictJson } from '../json.ts'
import type { KeyStore } from '../keys/key-store.ts'

const NONCE_FORM = /^[A-Za-z0-9_-]{43}$/
const DIGEST_KEY = 'digest:body'
const KEYED = 'keyed-'
const MAX_COUNTED_ITEMS = 1_000_000

/** The body as JSON, or the refusal it calls for. */
export function parseBody(incoming: {
  raw: Buffer
  unreadable?: Refusal
}): { body: unknown } | { fault: Refusal } {
  if (incoming.unreadable) return { fault: incoming.unreadable }
  try {
    return { body: parseStrictJson(incoming.raw) }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { fault: thrown }
    throw thrown
  }
}

/**
 * The digest of a body. One without the sender's nonce could be guessed from its digest, national
 * numbers and all: its digest is keyed with a secret of the gateway, and its receipt has none.
 */
export async function digestOf(keys: KeyStore, raw: Buffer, body: unknown): Promise<string> {
  if (hasNonce(body)) return createHash('sha256').update(raw).digest('base64url')
  const key = await keys.secret(DIGEST_KEY)
  return `${KEYED}${createHmac('sha256', key).update(raw).digest('base64url')}`
}

/** Whether a digest can be shown: it is not keyed. */
export function isPlainDigest(digest: string): boolean {
  return !digest.startsWith(KEYED)
}

function hasNonce(body: unknown): boolean {
  const nonce = (body as { nonce?: unknown } | null | undefined)?.nonce
  return typeof nonce === 'string' && NONCE_FORM.test(nonce)
}

/** @throws Refusal HB-202 */
export function asObject(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>
  }
  throw refuse('HB-202', '', 'the body is a JSON object')
}

/** The protocol that a body names, unchecked. */
export function protocolNamed(body: unknown): string | undefined {
  const id = (body as { protocol?: unknown } | null | undefined)?.protocol
  return typeof id === 'string' ? id : undefined
}

/** How many items a refused body counts for: a message without items is one. */
export function countItems(body: unknown): number {
  const { tenants, items } = (body ?? {}) as { tenants?: unknown; items?: unknown }
  const list = Array.isArray(tenants) ? tenants : Array.isArray(items) ? items : []
  return Math.min(Math.max(list.length, 1), MAX_COUNTED_ITEMS)
}
