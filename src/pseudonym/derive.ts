import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'

export const TAG_BYTES = 16
export const SECRET_BYTES = 32

/** The name under which the subject index is evaluated; its key has no epochs. */
export const SUBJECT_DOMAIN = 'subject'

/** A person's pseudonym in a domain and the secret from which row ids and keys come. */
export interface TagAndSecret {
  /** 16 bytes. */
  tag: Buffer
  /** 32 bytes. */
  secret: Buffer
}

const NO_SALT = Buffer.alloc(0)
const SUBJECT_INFO = Buffer.from('huisbrug subject v1')

/** The input of the pseudorandom function: "be.insz:" and eleven digits. */
export function inputOf(nationalNumber: string): Buffer {
  return Buffer.from(`be.insz:${nationalNumber}`)
}

/** The HKDF info of a domain's tags; make it once per batch. */
export function tagInfo(domain: string): Buffer {
  return Buffer.from(`huisbrug tag v1 ${domain}`)
}

/** tag ‖ secret = HKDF-SHA256(y, salt "", info, 48) of a 64-byte output y. */
export function deriveTag(output: Uint8Array, info: Uint8Array): TagAndSecret {
  const bytes = expand(output, info, TAG_BYTES + SECRET_BYTES)
  return { tag: bytes.subarray(0, TAG_BYTES), secret: bytes.subarray(TAG_BYTES) }
}

/** The gateway's own index of a person: HKDF-SHA256 of the subject key's output, 16 bytes. */
export function deriveSubjectTag(output: Uint8Array): Buffer {
  return expand(output, SUBJECT_INFO, TAG_BYTES)
}

/** The id of a person's row in a period (YYYY-MM): 16 bytes, unlinkable to another period's. */
export function deriveRowId(secret: Uint8Array, period: string): Buffer {
  return keyedHash(secret, `row-id ${period}`).subarray(0, TAG_BYTES)
}

/** The AES-256 key of a person's rows in a period (YYYY-MM): 32 bytes. */
export function deriveRowKey(secret: Uint8Array, period: string): Buffer {
  return keyedHash(secret, `row-key ${period}`)
}

// A key object costs a third of what node:crypto takes to make one of bytes by itself.
function expand(output: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', createSecretKey(output), NO_SALT, info, length))
}

function keyedHash(secret: Uint8Array, message: string): Buffer {
  return createHmac('sha256', createSecretKey(secret)).update(message).digest()
}
