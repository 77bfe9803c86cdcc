import { recordEntry } from '../audit/record.ts'
import { inTransaction, type Pool, type Tx } from '../db/pool.ts'
import { Refusal, reason, refuse } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { LocalEvaluator, storedName } from './evaluator.ts'
import type { PseudonymPool } from './pool.ts'
import { SUBJECT_DOMAIN } from './published-key.ts'
import { nextAllowanceAt } from './quota.ts'
import { assertBatchSize, type EvaluatedBatch, keyPairOf } from './voprf.ts'

const DOMAIN = /^[A-Za-z0-9._-]{1,64}\/[0-9]{1,6}\/[0-9]{1,6}$/
const GATEWAY = { role: 'gateway' }
const CEILING = 'HUISBRUG_EVALUATOR_PER_DAY'

export interface KeyServiceParts {
  /** Its own database, not the gateway's. */
  pool: Pool
  keys: KeyStore
  pseudonyms: PseudonymPool
  clock: () => Date
  /** Most elements per key and UTC day. */
  perDay: number
  /** Told of each batch that was asked for. */
  onUse?: (domain: string, decision: 'taken' | 'refused', elements: number) => void
}

/**
 * The keys of the pseudonyms, for processes that must not have them. It sees blinded elements, counts
 * them per key, and keeps evidence of what was made, used and destroyed; never a number, a tag or a row.
 */
export class KeyService {
  readonly #parts: KeyServiceParts
  readonly #evaluator: LocalEvaluator

  constructor(parts: KeyServiceParts) {
    this.#parts = parts
    this.#evaluator = new LocalEvaluator(parts)
  }

  /**
   * Makes the key of a domain or of the subject index, once.
   * @returns the public key, 32 bytes
   * @throws Refusal HB-412 no name of a domain, HB-413 it was destroyed
   */
  make(domain: string): Promise<Buffer> {
    assertName(domain)
    return this.#exclusively(domain, async tx => {
      const known = await this.#parts.keys.find(storedName(domain), tx)
      const publicKey = await this.#evaluator.make(domain, tx)
      if (!known) await this.#record(tx, 'key.created', domain, publicKey)
      return publicKey
    })
  }

  /**
   * Takes a key that was made elsewhere; taking the same one again changes nothing.
   * @param secret 32 bytes
   * @returns the public key, 32 bytes
   * @throws Refusal HB-412, HB-413 as make; HB-501 where there is another key of that name
   */
  take(domain: string, secret: Uint8Array): Promise<Buffer> {
    assertName(domain)
    const publicKey = Buffer.from(keyPairOf(secret).publicKey)
    const { keys } = this.#parts
    const name = storedName(domain)
    return this.#exclusively(domain, async tx => {
      const known = await keys.find(name, tx)
      if (known && !known.equals(secret)) throw refuse('HB-501', '/domain', 'one key per name')
      if (known) return publicKey
      if (await keys.isDestroyed(name, tx)) throw refuse('HB-413', '/domain', 'key epoch')
      await keys.put(name, secret, tx)
      await this.#record(tx, 'key.created', domain, publicKey)
      return publicKey
    })
  }

  /**
   * Destroys the key of a domain for good; the key of the subject index stays.
   * @returns whether there was one
   * @throws Refusal HB-412 no name of a domain
   */
  destroy(domain: string): Promise<boolean> {
    assertName(domain)
    if (domain === SUBJECT_DOMAIN) throw refuse('HB-412', '/domain', 'pseudonym domain')
    return this.#exclusively(domain, async tx => {
      const known = await this.#parts.keys.find(storedName(domain), tx)
      const destroyed = await this.#evaluator.destroy(domain, tx)
      if (known && destroyed) {
        await this.#record(tx, 'key.closed', domain, keyPairOf(known).publicKey)
      }
      return destroyed
    })
  }

  /**
   * Evaluates a batch with one proof. It counts before it is done, so that what fails cannot be used
   * to guess.
   * @throws PseudonymError batch-…, element-…; Refusal HB-412, HB-413, HB-905 until UTC midnight
   */
  async evaluate(domain: string, blinded: readonly Uint8Array[]): Promise<EvaluatedBatch> {
    assertName(domain)
    assertBatchSize(blinded.length)
    await this.#evaluator.assertKey(domain)
    const at = this.#parts.clock()
    const isTaken = await inTransaction(this.#parts.pool, tx =>
      this.#count(tx, domain, blinded.length, at),
    )
    this.#parts.onUse?.(domain, isTaken ? 'taken' : 'refused', blinded.length)
    if (!isTaken) throw refuseUntilMidnight(at)
    return this.#evaluator.evaluate(domain, blinded)
  }

  // One statement, so that the ceiling is exact whatever runs at once.
  async #count(tx: Tx, domain: string, elements: number, at: Date): Promise<boolean> {
    const { rowCount } = await tx.query(
      `INSERT INTO evaluator_use AS total (domain, day, used)
       SELECT $1, $2::date, $3::bigint WHERE $3::bigint <= $4::bigint
       ON CONFLICT (domain, day) DO UPDATE SET used = total.used + excluded.used
         WHERE total.used + excluded.used <= $4::bigint`,
      [domain, at.toISOString().slice(0, 10), elements, this.#parts.perDay],
    )
    const isTaken = rowCount === 1
    await recordEntry(tx, {
      action: isTaken ? 'quota.used' : 'quota.refused',
      decision: isTaken ? 'allowed' : 'refused',
      at,
      actor: GATEWAY,
      counts: { elements },
      rule: CEILING,
      reason: `domain ${domain}`,
      ...(!isTaken && { code: 'HB-905' }),
    })
    return isTaken
  }

  async #record(
    tx: Tx,
    action: 'key.created' | 'key.closed',
    domain: string,
    publicKey: Uint8Array,
  ): Promise<void> {
    await recordEntry(tx, {
      action,
      at: this.#parts.clock(),
      actor: GATEWAY,
      reason: `domain ${domain}`,
      rule: `public-key ${Buffer.from(publicKey).toString('base64url')}`,
    })
  }

  #exclusively<T>(domain: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return inTransaction(this.#parts.pool, async tx => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`key ${domain}`])
      return work(tx)
    })
  }
}

function assertName(domain: string): void {
  if (domain === SUBJECT_DOMAIN || DOMAIN.test(domain)) return
  throw refuse('HB-412', '/domain', 'pseudonym domain')
}

function refuseUntilMidnight(at: Date): Refusal {
  const retryAfter = Math.ceil((nextAllowanceAt(at).getTime() - at.getTime()) / 1000)
  return new Refusal(reason('HB-905', '', CEILING), { retryAfter })
}
