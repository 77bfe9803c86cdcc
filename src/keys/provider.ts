import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Refusal, reason } from '../errors.ts'

/**
 * A key-encryption key, wherever it lives: the program hands over a secret and gets it back wrapped, or
 * the other way round. It need never see the key itself, so a vault or an HSM can hold it.
 */
export interface KeyProvider {
  /** Public name of the key, the same in every process that has it; says nothing of the key. */
  readonly id: string
  /** How long a secret that it unwrapped may be used without asking again, in milliseconds. */
  readonly rememberMs: number
  /**
   * @param name of the secret; what is wrapped under one name opens under no other
   * @throws KeyProviderError where the key cannot be reached
   */
  wrap(name: string, secret: Uint8Array): Promise<Buffer>
  /** @throws KeyProviderError where the key cannot be reached, Error where it does not open */
  unwrap(name: string, wrapped: Uint8Array): Promise<Buffer>
}

/** The keys that a process has: two while secrets are wrapped anew. */
export interface Keyring {
  current: KeyProvider
  /** The one that `huisbrug keys rewrap` goes to. */
  next?: KeyProvider
  /** Signs the checkpoints of the audit log, where that key is not in the database. */
  log?: SigningKey
}

/** An Ed25519 key that is held elsewhere. */
export interface SigningKey {
  /** 32 bytes. @throws KeyProviderError where the key cannot be reached */
  publicKey(): Promise<Buffer>
  /**
   * A signature that was verified.
   * @throws KeyProviderError where the key cannot be reached, or gives something else
   */
  sign(text: string): Promise<Buffer>
}

/**
 * A key cannot be used now. To a caller it is HB-904; its message is for the operator, and names
 * what happened and what to do, never a secret or what a command printed.
 */
export class KeyProviderError extends Refusal {
  /** Whether asking again at once makes no sense. */
  readonly rest: boolean

  constructor(message: string, rest = false) {
    super(reason('HB-904', '', 'key provider'))
    this.message = message
    this.rest = rest
  }
}

/** A key that the program itself holds: 32 bytes, AES-256-GCM with the name as associated data. */
export class LocalKey implements KeyProvider {
  readonly id: string
  readonly rememberMs = 0
  readonly #key: Buffer

  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new RangeError('a master key has 32 bytes')
    this.#key = Buffer.from(key)
    const name = Buffer.from(hkdfSync('sha256', key, '', 'huisbrug key id v1', 12))
    this.id = `local-${name.toString('base64url')}`
  }

  async wrap(name: string, secret: Uint8Array): Promise<Buffer> {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(name))
    return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
  }

  async unwrap(name: string, wrapped: Uint8Array): Promise<Buffer> {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, wrapped.subarray(0, 12))
    decipher.setAAD(Buffer.from(name))
    decipher.setAuthTag(wrapped.subarray(-16))
    return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()])
  }
}
