import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { PseudonymError } from './errors.ts'

/** Every plaintext is padded to this, so that a row's length tells nothing. */
export const PLAINTEXT_BYTES = 128
export const NONCE_BYTES = 12
export const GCM_TAG_BYTES = 16
export const CIPHERTEXT_BYTES = PLAINTEXT_BYTES + GCM_TAG_BYTES

/** What a row says about a person: the fields that the protocol lists, in its order. */
export type RowContent = Readonly<Record<string, string | number | boolean>>

/** To what a row is bound: it opens in no other message, period or domain, nor under another id. */
export interface RowBinding {
  domain: string
  period: string
  messageId: string
  rowId: Uint8Array
}

/** A row as it is stored and sent: nonce, and ciphertext with the 16-byte GCM tag appended. */
export interface SealedRow {
  nonce: Uint8Array
  ciphertext: Uint8Array
}

/**
 * The JSON of a row's content, padded with spaces to 128 bytes.
 * @throws PseudonymError row-too-long
 */
export function encodeContent(content: RowContent): Buffer {
  const json = Buffer.from(JSON.stringify(content))
  if (json.length > PLAINTEXT_BYTES) throw new PseudonymError('row-too-long')
  return Buffer.concat([json, Buffer.alloc(PLAINTEXT_BYTES - json.length, ' ')])
}

/**
 * Seals 128 bytes under a row key; the nonce is 12 random bytes, used once with this key.
 * @throws PseudonymError row-malformed where the sizes are not these
 */
export function sealRow(
  rowKey: Uint8Array,
  nonce: Uint8Array,
  binding: RowBinding,
  plaintext: Uint8Array,
): SealedRow {
  if (plaintext.length !== PLAINTEXT_BYTES || nonce.length !== NONCE_BYTES) {
    throw new PseudonymError('row-malformed')
  }
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(rowKey), nonce)
  cipher.setAAD(associatedData(binding))
  const body = cipher.update(plaintext)
  cipher.final()
  return { nonce, ciphertext: Buffer.concat([body, cipher.getAuthTag()]) }
}

/**
 * Opens a row; all of it comes from the other side.
 * @throws PseudonymError row-malformed, or row-not-authentic: another key, binding or content
 */
export function openRow(rowKey: Uint8Array, binding: RowBinding, row: SealedRow): RowContent {
  if (row.nonce.length !== NONCE_BYTES || row.ciphertext.length !== CIPHERTEXT_BYTES) {
    throw new PseudonymError('row-malformed')
  }
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(rowKey), row.nonce)
  decipher.setAAD(associatedData(binding))
  decipher.setAuthTag(row.ciphertext.subarray(PLAINTEXT_BYTES))
  const plaintext = decipher.update(row.ciphertext.subarray(0, PLAINTEXT_BYTES))
  try {
    decipher.final()
  } catch {
    throw new PseudonymError('row-not-authentic')
  }
  return decodeContent(plaintext)
}

function decodeContent(plaintext: Buffer): RowContent {
  try {
    const content: unknown = JSON.parse(plaintext.toString())
    if (isContent(content)) return content
  } catch {
    // The engine's message quotes the text: it must not travel.
  }
  throw new PseudonymError('row-malformed')
}

function isContent(value: unknown): value is RowContent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every(one => one !== null && typeof one !== 'object')
}

function associatedData({ domain, period, messageId, rowId }: RowBinding): Buffer {
  return Buffer.from(`${domain}|${period}|${messageId}|${Buffer.from(rowId).toString('base64url')}`)
}
