import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Pool, Queryable } from '../db/pool.ts'

// Another process may rotate or destroy a key: what is remembered here is soon read again.
const CACHE_MS = 2_000

/**
 * Secrets at rest: each wrapped with AES-256-GCM under the key-encryption key, its name as
 * associated data, so that a row cannot be swapped for another. Names look like
 * `sign:token`, `sign:receipt`, `sign:log`, `domain:wm-vdab/1/1`, `subject`, `route:<domain>:<party>`,
 * `webhook:<party>`.
 */
export class KeyStore {
  readonly #pool: Pool
  readonly #masterKey: Buffer
  readonly #cache = new Map<string, { secret: Buffer; until: number }>()

  constructor(pool: Pool, masterKey: Buffer) {
    this.#pool = pool
    this.#masterKey = masterKey
  }

  /**
   * The secret of that name, made by `generate` where there is none yet; the first writer wins, so
   * all processes see the same one.
   */
  async secret(name: string, generate: () => Uint8Array = () => randomBytes(32)): Promise<Buffer> {
    const found = await this.find(name)
    if (found) return found
    await this.#pool.query(
      'INSERT INTO wrapped_key (name, wrapped) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING',
      [name, this.#wrap(name, generate())],
    )
    const stored = await this.find(name)
    if (!stored) throw new Error(`key ${name} was destroyed`)
    return stored
  }

  /** The secret of that name, or undefined where there is none (or it was destroyed). */
  async find(name: string, db: Queryable = this.#pool): Promise<Buffer | undefined> {
    const cached = this.#cache.get(name)
    if (cached && cached.until > performance.now()) return cached.secret
    const { rows } = await db.query('SELECT wrapped FROM wrapped_key WHERE name = $1', [name])
    if (!rows[0]?.wrapped) return undefined
    const secret = this.#unwrap(name, rows[0].wrapped)
    this.#cache.set(name, { secret, until: performance.now() + CACHE_MS })
    return secret
  }

  /** Stores or replaces a secret. */
  async put(name: string, secret: Uint8Array, db: Queryable = this.#pool): Promise<void> {
    await db.query(
      `INSERT INTO wrapped_key (name, wrapped) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET wrapped = excluded.wrapped, destroyed_at = NULL`,
      [name, this.#wrap(name, secret)],
    )
    this.#cache.delete(name)
  }

  /** Destroys a secret for good; its row stays as a mark that it existed. */
  async destroy(name: string, db: Queryable = this.#pool): Promise<void> {
    await db.query('UPDATE wrapped_key SET wrapped = NULL, destroyed_at = now() WHERE name = $1', [
      name,
    ])
    this.#cache.delete(name)
  }

  /**
   * Proves that the master key is the one that wrapped this database's secrets.
   * @throws Error with the remedy where it is another one: the program must not start
   */
  async assertFits(): Promise<void> {
    try {
      await this.secret('check')
    } catch {
      throw new Error(
        'the master key does not fit this database: start with the key that was used before',
      )
    }
  }

  #wrap(name: string, secret: Uint8Array): Buffer {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#masterKey, nonce)
    cipher.setAAD(Buffer.from(name))
    return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
  }

  #unwrap(name: string, wrapped: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#masterKey, wrapped.subarray(0, 12))
    decipher.setAAD(Buffer.from(name))
    decipher.setAuthTag(wrapped.subarray(-16))
    return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()])
  }
}
