import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import type { KeyStore } from '../keys/key-store.ts'

const NONCE_BYTES = 12
const GCM_TAG_BYTES = 16
// The longest tenant reference; shorter ones are padded, so that their length tells nothing.
const REFERENCE_BYTES = 64

/**
 * Encrypts the tenant references of one housing company in one domain, under a key of their own:
 * without it a route says of whom it is to nobody. Two keys come from the stored one by HKDF, for
 * encryption and for the hash that finds a reference again.
 */
export class RouteCipher {
  readonly #cipherKey: KeyObject
  readonly #hashKey: KeyObject
  readonly #associated: Buffer

  constructor(key: Uint8Array, domain: string, party: string) {
    this.#cipherKey = subKey(key, 'huisbrug route cipher v1')
    this.#hashKey = subKey(key, 'huisbrug route hash v1')
    this.#associated = Buffer.from(`route|${domain}|${party}`)
  }

  /** The cipher of a party in a domain; its key `route:<domain>:<party>` is made on first use. */
  static async open(keys: KeyStore, domain: string, party: string): Promise<RouteCipher> {
    const key = await keys.secret(`route:${domain}:${party}`)
    const known = OPENED.get(key)
    if (known) return known
    const opened = new RouteCipher(key, domain, party)
    OPENED.set(key, opened)
    return opened
  }

  /** One of {@link sealAll}. */
  seal(tenantRef: string): Buffer {
    const [sealed] = this.sealAll([tenantRef])
    return sealed!
  }

  /**
   * Nonce, ciphertext and tag of each: 92 bytes for any reference.
   * @throws RangeError where a reference has more than 64 bytes
   */
  sealAll(tenantRefs: readonly string[]): Buffer[] {
    const nonces = randomBytes(tenantRefs.length * NONCE_BYTES)
    return tenantRefs.map((tenantRef, at) => {
      const plaintext = Buffer.from(tenantRef.padEnd(REFERENCE_BYTES))
      if (plaintext.length !== REFERENCE_BYTES)
        throw new RangeError('a tenant reference has at most 64 bytes')
      const nonce = nonces.subarray(at * NONCE_BYTES, (at + 1) * NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', this.#cipherKey, nonce)
      cipher.setAAD(this.#associated)
      const body = cipher.update(plaintext)
      cipher.final()
      return Buffer.concat([nonce, body, cipher.getAuthTag()])
    })
  }

  /**
   * The reference that was sealed.
   * @throws Error where it was sealed for another party or domain, or was changed
   */
  open(sealed: Uint8Array): string {
    if (sealed.length !== NONCE_BYTES + REFERENCE_BYTES + GCM_TAG_BYTES) {
      throw new RangeError('not a sealed tenant reference')
    }
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#cipherKey, nonce)
    decipher.setAAD(this.#associated)
    decipher.setAuthTag(sealed.subarray(-GCM_TAG_BYTES))
    const body = decipher.update(sealed.subarray(NONCE_BYTES, -GCM_TAG_BYTES))
    decipher.final()
    return body.toString().trimEnd()
  }

  /** HMAC-SHA256 of a reference, 32 bytes: the same for the same reference of this party here. */
  hash(tenantRef: string): Buffer {
    return createHmac('sha256', this.#hashKey).update(tenantRef).digest()
  }
}

/** Ciphers by the buffer of their key, of which each secret has its own: gone when the key store lets go of it. */
const OPENED = new WeakMap<Buffer, RouteCipher>()

function subKey(key: Uint8Array, info: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', info, 32)))
}
