import { randomBytes } from 'node:crypto'
import type { Pool, Queryable } from '../db/pool.ts'
import { Shared } from '../db/together.ts'
import { refuse } from '../errors.ts'
import { type KeyProvider, KeyProviderError, type Keyring, LocalKey } from './provider.ts'

// Another process may rotate or destroy a key: what is remembered here is soon read again.
const CACHE_MS = 2_000
const CHECK_MS = 2_000
const MAX_TRIES = 5
/** The row that shows which key wraps from now on, and that a process has it. */
export const CHECK = 'check'

interface WrappedRow {
  wrapped: Buffer | null
  wrapped_by: string | null
}

interface Remembered {
  secret: Buffer
  wrapped: Buffer
  /** Until when the row is not read again, and until when the provider is not asked again. */
  fresh: number
  until: number
}

/** Told when the provider stops answering, and when it answers again. */
export type ProviderNote = (answers: boolean, message: string) => void

/**
 * Secrets at rest: each wrapped by a key-encryption key and bound to its name, so that a row cannot be
 * swapped for another. Names look like `sign:token`, `sign:receipt`, `sign:log`,
 * `domain:wm-vdab/1/1`, `subject`, `route:<domain>:<party>`, `webhook:<party>`.
 *
 * Every method throws KeyProviderError (HB-904) where the key that wraps cannot be reached.
 */
export class KeyStore {
  readonly keyring: Keyring
  readonly #pool: Pool
  readonly #note: ProviderNote
  readonly #cache = new Map<string, Remembered>()
  readonly #reading = new Shared<Buffer | undefined>()
  readonly #unwrapping = new Shared<Buffer>()
  #lost = false
  #check: { result: Promise<string | undefined>; until: number } | undefined

  /** @param keys the keyring, or the 32 bytes of the only key */
  constructor(pool: Pool, keys: Keyring | Uint8Array, note: ProviderNote = () => {}) {
    this.keyring = keys instanceof Uint8Array ? { current: new LocalKey(keys) } : keys
    this.#pool = pool
    this.#note = note
  }

  /** The database that it is in. */
  get db(): Queryable {
    return this.#pool
  }

  /**
   * The secret of that name, made by `generate` where there is none yet; the first writer wins, so
   * all processes see the same one.
   * @throws Refusal HB-413 where it was destroyed
   */
  async secret(name: string, generate: () => Uint8Array = () => randomBytes(32)): Promise<Buffer> {
    const found = await this.find(name)
    if (found) return found
    await this.#write(name, generate(), this.#pool, 'DO NOTHING')
    const stored = await this.find(name)
    if (!stored) throw refuse('HB-413', '', 'key epoch')
    return stored
  }

  /** The secret of that name, or undefined where there is none (or it was destroyed). */
  async find(name: string, db: Queryable = this.#pool): Promise<Buffer | undefined> {
    const known = this.#cache.get(name)
    if (known && known.fresh > performance.now()) return known.secret
    // A transaction sees what it wrote itself.
    if (db !== this.#pool) return this.#read(name, db)
    const found = await this.#reading.ask(name, () => this.#read(name, db))
    // It may have been written since somebody began to look.
    return found ?? this.#read(name, db)
  }

  async #read(name: string, db: Queryable): Promise<Buffer | undefined> {
    const row = await readRow(name, db)
    if (!row?.wrapped) {
      this.#cache.delete(name)
      return undefined
    }
    const known = this.#cache.get(name)
    const now = performance.now()
    if (known && known.until > now && known.wrapped.equals(row.wrapped)) {
      known.fresh = now + CACHE_MS
      return known.secret
    }
    return this.#unwrapOnce(name, { wrapped: row.wrapped, wrapped_by: row.wrapped_by })
  }

  /** Has a secret read anew the next time: another process may just have replaced it. */
  forget(name: string): void {
    this.#cache.delete(name)
    this.#reading.forget(name)
  }

  /** Stores or replaces a secret. */
  async put(name: string, secret: Uint8Array, db: Queryable = this.#pool): Promise<void> {
    const update = `DO UPDATE SET wrapped = excluded.wrapped, wrapped_by = excluded.wrapped_by,
      destroyed_at = NULL`
    await this.#write(name, secret, db, update)
    this.forget(name)
  }

  /**
   * Destroys a secret for good; its row stays as a mark that it existed.
   * @returns whether there was one
   */
  async destroy(name: string, db: Queryable = this.#pool): Promise<boolean> {
    const { rowCount } = await db.query(
      `UPDATE wrapped_key SET wrapped = NULL, destroyed_at = now()
       WHERE name = $1 AND wrapped IS NOT NULL`,
      [name],
    )
    this.forget(name)
    return rowCount === 1
  }

  /** Whether there was a secret of that name that is destroyed. */
  async isDestroyed(name: string, db: Queryable = this.#pool): Promise<boolean> {
    const row = await readRow(name, db)
    return row !== undefined && row.wrapped === null
  }

  /**
   * Proves that this process can open this database's secrets.
   * @throws Error with the remedy where it cannot: the program must not start
   */
  async assertFits(): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string; count: number }>(
      `SELECT wrapped_by AS id, count(*)::int AS count FROM wrapped_key
       WHERE wrapped IS NOT NULL AND wrapped_by IS NOT NULL GROUP BY 1`,
    )
    const strange = rows.filter(({ id }) => !this.#providers().some(key => key.id === id))
    if (strange.length > 0) {
      const under = strange.map(({ id, count }) => `${count} under ${id}`).join(', ')
      throw new Error(`${MISFIT} (${under}; while keys are wrapped anew: with both)`)
    }
    await this.#fitCheck().catch(error => {
      throw error instanceof KeyProviderError ? error : new Error(MISFIT)
    })
    await this.#pool.query(
      'UPDATE wrapped_key SET wrapped_by = $1 WHERE wrapped_by IS NULL AND wrapped IS NOT NULL',
      [this.keyring.current.id],
    )
  }

  /**
   * Whether the key that wraps answers now; asked at most every two seconds.
   * @returns undefined, or what is wrong and what to do
   */
  check(): Promise<string | undefined> {
    if (!this.#check || this.#check.until < performance.now()) {
      const result = this.#unwrapCheck().then(
        () => undefined,
        (error: Error) => (error instanceof KeyProviderError ? error.message : MISFIT),
      )
      this.#check = { result, until: performance.now() + CHECK_MS }
    }
    return this.#check.result
  }

  async #fitCheck(): Promise<void> {
    await this.#wrappingKey(this.#pool)
    await this.#unwrapCheck()
  }

  async #unwrapCheck(): Promise<void> {
    const row = await readRow(CHECK, this.#pool)
    if (row?.wrapped) await this.#unwrap(CHECK, row.wrapped, row.wrapped_by)
  }

  // Requests that come together ask the provider once.
  #unwrapOnce(
    name: string,
    { wrapped, wrapped_by }: { wrapped: Buffer; wrapped_by: string | null },
  ) {
    return this.#unwrapping.ask(`${name} ${wrapped.toString('base64')}`, async () => {
      const { secret, rememberMs } = await this.#unwrap(name, wrapped, wrapped_by)
      const now = performance.now()
      this.#cache.set(name, { secret, wrapped, fresh: now + CACHE_MS, until: now + rememberMs })
      return secret
    })
  }

  async #unwrap(name: string, wrapped: Buffer, by: string | null) {
    const provider = this.#providerOf(by)
    const secret = await this.#watch(() => provider.unwrap(name, wrapped))
    return { secret, rememberMs: provider.rememberMs }
  }

  // The row of the check is held while writing, so that nothing is written under the former key
  // once wrapping anew has begun.
  async #write(name: string, secret: Uint8Array, db: Queryable, onConflict: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const provider = await this.#wrappingKey(db)
      const wrapped = await this.#watch(() => provider.wrap(name, secret))
      const { rows } = await db.query<{ held: boolean }>(
        `WITH held AS (SELECT 1 FROM wrapped_key WHERE name = '${CHECK}' AND wrapped_by = $3 FOR SHARE),
         written AS (
           INSERT INTO wrapped_key (name, wrapped, wrapped_by) SELECT $1, $2, $3 FROM held
           ON CONFLICT (name) ${onConflict})
         SELECT EXISTS (SELECT FROM held) AS held`,
        [name, wrapped, provider.id],
      )
      if (rows[0]?.held) return
    }
    throw new KeyProviderError('the key that wraps changed too often while a secret was written')
  }

  async #wrappingKey(db: Queryable): Promise<KeyProvider> {
    const row = (await readRow(CHECK, db)) ?? (await this.#makeCheck())
    if (row.wrapped_by) return this.#providerOf(row.wrapped_by)
    // Wrapped before names were kept: by the key that the program was always started with.
    await this.#unwrap(CHECK, row.wrapped ?? Buffer.alloc(0), null)
    await this.#pool.query('UPDATE wrapped_key SET wrapped_by = $1 WHERE name = $2', [
      this.keyring.current.id,
      CHECK,
    ])
    return this.keyring.current
  }

  async #makeCheck(): Promise<WrappedRow> {
    const { current } = this.keyring
    const wrapped = await this.#watch(() => current.wrap(CHECK, randomBytes(32)))
    await this.#pool.query(
      `INSERT INTO wrapped_key (name, wrapped, wrapped_by) VALUES ('${CHECK}', $1, $2)
       ON CONFLICT (name) DO NOTHING`,
      [wrapped, current.id],
    )
    return (await readRow(CHECK, this.#pool)) ?? { wrapped, wrapped_by: current.id }
  }

  #providers(): KeyProvider[] {
    const { current, next } = this.keyring
    return next ? [current, next] : [current]
  }

  #providerOf(id: string | null): KeyProvider {
    const found = id === null ? this.keyring.current : this.#providers().find(it => it.id === id)
    if (found) return found
    const message =
      `secrets are wrapped under ${id}, a key that this process does not have: give it as ` +
      'HUISBRUG_NEW_MASTER_KEY, _FILE or HUISBRUG_NEW_KEY_COMMAND and start again'
    this.#lose(message)
    throw new KeyProviderError(message)
  }

  async #watch<T>(ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask()
      if (this.#lost) this.#note(true, 'the key provider answers again')
      this.#lost = false
      return answer
    } catch (error) {
      if (error instanceof KeyProviderError) this.#lose(error.message)
      throw error
    }
  }

  #lose(message: string): void {
    if (!this.#lost) this.#note(false, message)
    this.#lost = true
  }
}

const MISFIT = 'the master key does not fit this database: start with the key that was used before'

async function readRow(name: string, db: Queryable): Promise<WrappedRow | undefined> {
  const { rows } = await db.query<WrappedRow>(
    'SELECT wrapped, wrapped_by FROM wrapped_key WHERE name = $1',
    [name],
  )
  return rows[0]
}
