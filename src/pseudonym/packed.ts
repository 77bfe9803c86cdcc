import { SECRET_BYTES, TAG_BYTES } from './derive.ts'
import { CIPHERTEXT_BYTES, NONCE_BYTES } from './row.ts'

export const NUMBER_BYTES = 11

/** What is known of a person once the national number is gone. */
export interface Pseudonym {
  /** Pseudonym in the domain, 16 bytes. */
  tag: Buffer
  /** The gateway's own index of the person, 16 bytes. */
  subjectTag: Buffer
}

/** A sealed row with its id. */
export interface SealedPerson {
  /** 16 bytes. */
  rowId: Buffer
  /** 12-byte nonce; 144 bytes of ciphertext, its tag included. */
  row: { nonce: Buffer; ciphertext: Buffer }
}

/** A pseudonym with the person's sealed row. */
export type SealedPseudonym = Pseudonym & SealedPerson

/** Bytes of one packed pseudonym, of one packed row, and of both. */
export const PSEUDONYM_BYTES = 2 * TAG_BYTES
export const ROW_BYTES = TAG_BYTES + NONCE_BYTES + CIPHERTEXT_BYTES
export const SEALED_BYTES = PSEUDONYM_BYTES + ROW_BYTES

/**
 * Eleven digits each, as bytes, in a buffer of its own: it moves to a thread instead of being
 * copied, and strings, which cannot be wiped, do not travel.
 * @throws RangeError where a number has not eleven digits
 */
export function packNumbers(numbers: readonly string[]): Uint8Array<ArrayBuffer> {
  if (numbers.some(number => number.length !== NUMBER_BYTES)) throw new RangeError('eleven digits')
  const packed = new Uint8Array(numbers.length * NUMBER_BYTES)
  const bytes = Buffer.from(packed.buffer)
  for (const [i, number] of numbers.entries()) bytes.write(number, i * NUMBER_BYTES, 'latin1')
  return packed
}

/**
 * Secrets of blind senders, 32 bytes each, in a buffer of its own that moves to a thread.
 * @param secrets base64url without padding
 * @throws RangeError where one is not 32 bytes
 */
export function packSecrets(secrets: readonly string[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(secrets.length * SECRET_BYTES)
  const bytes = Buffer.from(packed.buffer)
  for (const [i, secret] of secrets.entries()) {
    const whole =
      secret.length === SECRET_TEXT && bytes.write(secret, i * SECRET_BYTES, 'base64url')
    if (whole !== SECRET_BYTES) throw new RangeError('32 bytes')
  }
  return packed
}

const SECRET_TEXT = Math.ceil((SECRET_BYTES * 4) / 3)

/** Several byte strings in one buffer of its own. */
export function pack(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    packed.set(part, at)
    at += part.length
  }
  return packed
}

/** Views of `size` bytes each. */
export function unpack(packed: Uint8Array, size: number): Buffer[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  return Array.from({ length: packed.length / size }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
}

export function unpackPseudonym(packed: Buffer): Pseudonym {
  const [tag, subjectTag] = split(packed, [TAG_BYTES, TAG_BYTES])
  return { tag: tag!, subjectTag: subjectTag! }
}

export function unpackSealed(packed: Buffer): SealedPseudonym {
  const [pseudonym, row] = split(packed, [PSEUDONYM_BYTES, ROW_BYTES])
  return { ...unpackPseudonym(pseudonym!), ...unpackRow(row!) }
}

export function unpackRow(packed: Buffer): SealedPerson {
  const [rowId, nonce, ciphertext] = split(packed, [TAG_BYTES, NONCE_BYTES, CIPHERTEXT_BYTES])
  return { rowId: rowId!, row: { nonce: nonce!, ciphertext: ciphertext! } }
}

function split(packed: Buffer, sizes: readonly number[]): Buffer[] {
  let end = 0
  return sizes.map(size => {
    end += size
    return packed.subarray(end - size, end)
  })
}
