import type { Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { PseudonymPool, SealedPseudonym, Sealing } from './pool.ts'
import { SUBJECT_DOMAIN } from './published-key.ts'
import { type EvaluatedBatch, generateKeyPair, keyPairOf } from './voprf.ts'

/**
 * Makes and destroys the keys of pseudonyms, wherever they live. A key is called by its domain, or
 * `subject`; a name is used for one key ever.
 */
export interface PseudonymKeys {
  /**
   * Makes a key where there is none of that name yet; asking again changes nothing. Where keys live
   * elsewhere, a key outlives a transaction that is rolled back: the next try gets it.
   * @returns the public key, 32 bytes
   * @throws Refusal HB-413 where it was destroyed, HB-904 where the keys cannot be reached
   */
  make(domain: string, tx: Tx): Promise<Buffer>
  /**
   * Destroys a key for good; the last thing that a transaction does, for elsewhere it is not undone.
   * @returns whether there was one
   * @throws Refusal HB-904 where the keys cannot be reached
   */
  destroy(domain: string, tx: Tx): Promise<boolean>
  /** What is wrong with where the keys live, and what to do; undefined where all is well. */
  check(): Promise<string | undefined>
}

/** National numbers of a message, and what is sealed for each. */
export interface PseudonymiseRequest {
  domain: string
  /** Eleven digits each, already checked; the caller drops them after. */
  insz: readonly string[]
  sealing: Sealing
}

/**
 * Uses the keys of pseudonyms: in this process, or at a service that sees blinded elements only.
 * Both give the same pseudonyms for the same keys.
 */
export interface Evaluator extends PseudonymKeys {
  /**
   * Refuses before something is used up for an evaluation that cannot be made now.
   * @throws Refusal HB-904 where the keys live elsewhere and are known to be out of reach
   */
  assertReachable(): Promise<void>
  /**
   * Evaluates a batch blindly, with one proof over all of it.
   * @param blinded up to 5,000 elements
   * @throws PseudonymError batch-…, or element-… with the index of the element
   * @throws Refusal HB-412 never made, HB-413 destroyed, HB-904 not reachable, HB-905 ceiling of the key service,
   *   HB-906 the key service answered wrongly
   */
  evaluate(domain: string, blinded: readonly Uint8Array[]): Promise<EvaluatedBatch>
  /**
   * Turns national numbers into pseudonyms with a sealed row each, in their order.
   * @throws as evaluate; PseudonymError row-too-long, worker-failed
   */
  pseudonymise(request: PseudonymiseRequest): Promise<SealedPseudonym[]>
}

/** The keys in this process's own key store: made and destroyed in the caller's transaction. */
export class LocalKeys implements PseudonymKeys {
  protected readonly keys: KeyStore

  constructor(keys: KeyStore) {
    this.keys = keys
  }

  async make(domain: string, tx: Tx): Promise<Buffer> {
    const name = storedName(domain)
    const found = await this.keys.find(name, tx)
    if (found) return Buffer.from(keyPairOf(found).publicKey)
    if (await this.keys.isDestroyed(name, tx)) throw refuse('HB-413', '/domain', 'key epoch')
    const { secretKey, publicKey } = generateKeyPair()
    await this.keys.put(name, secretKey, tx)
    return Buffer.from(publicKey)
  }

  destroy(domain: string, tx: Tx): Promise<boolean> {
    return this.keys.destroy(storedName(domain), tx)
  }

  check(): Promise<string | undefined> {
    return this.keys.check()
  }
}

/** Evaluates in this process: it holds the keys. */
export class LocalEvaluator extends LocalKeys implements Evaluator {
  readonly #pseudonyms: PseudonymPool

  constructor({ keys, pseudonyms }: { keys: KeyStore; pseudonyms: PseudonymPool }) {
    super(keys)
    this.#pseudonyms = pseudonyms
  }

  async assertReachable(): Promise<void> {}

  /** @throws Refusal HB-412 where there is no key of that name, HB-413 where it was destroyed */
  async assertKey(domain: string): Promise<void> {
    await this.#key(domain)
  }

  async evaluate(domain: string, blinded: readonly Uint8Array[]): Promise<EvaluatedBatch> {
    const key = await this.#key(domain)
    const { publicKey } = keyPairOf(key)
    return this.#pseudonyms.evaluate({ key, publicKey, blinded })
  }

  async pseudonymise(request: PseudonymiseRequest): Promise<SealedPseudonym[]> {
    const [domainKey, subjectKey] = await Promise.all([
      this.#key(request.domain),
      this.#key(SUBJECT_DOMAIN),
    ])
    return this.#pseudonyms.pseudonymise({ ...request, domainKey, subjectKey })
  }

  async #key(domain: string): Promise<Buffer> {
    const name = storedName(domain)
    const key = await this.keys.find(name)
    if (key) return key
    const gone = await this.keys.isDestroyed(name)
    throw gone
      ? refuse('HB-413', '/domain', 'key epoch')
      : refuse('HB-412', '/domain', 'pseudonym domain')
  }
}

/** The name of a key in the key store. */
export function storedName(domain: string): string {
  return domain === SUBJECT_DOMAIN ? SUBJECT_DOMAIN : `domain:${domain}`
}
