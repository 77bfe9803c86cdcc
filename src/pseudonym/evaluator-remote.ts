import type { Pool, Tx } from '../db/pool.ts'
import { Refusal, reason, refuse } from '../errors.ts'
import { KeyProviderError } from '../keys/provider.ts'
import { refusalCode, type ServiceClient, type ServiceReply } from '../keys/service-client.ts'
import { blindNumbers, finishPseudonyms, verifyEvaluated } from './blinding.ts'
import { PseudonymError } from './errors.ts'
import type { Evaluator, PseudonymiseRequest, PseudonymKeys } from './evaluator.ts'
import type { PseudonymPool, SealedPseudonym } from './pool.ts'
import { findPublicKey, SUBJECT_DOMAIN } from './published-key.ts'
import { assertBatchSize, assertElement, ELEMENT_BYTES, type EvaluatedBatch } from './voprf.ts'

const CHECK_MS = 2_000
const RULE = 'key service'

/** Told when the key service answers what it should not. */
export type WrongNote = (domain: string, what: string) => void

/** The keys at a key service: made and destroyed there, whatever becomes of the transaction here. */
export class RemoteKeys implements PseudonymKeys {
  protected readonly client: ServiceClient
  readonly #wrong: WrongNote
  #check: { result: Promise<string | undefined>; until: number } | undefined

  constructor({ client, wrong = () => {} }: { client: ServiceClient; wrong?: WrongNote }) {
    this.client = client
    this.#wrong = wrong
  }

  async make(domain: string): Promise<Buffer> {
    const { publicKey } = await this.ask('/evaluator/keys', domain, {})
    const key = bytesOf(publicKey, ELEMENT_BYTES)
    if (key && isElement(key)) return key
    throw this.wrong(domain, 'no public key')
  }

  async destroy(domain: string, _tx?: Tx): Promise<boolean> {
    const { destroyed } = await this.ask('/evaluator/keys/destroy', domain, {})
    if (typeof destroyed === 'boolean') return destroyed
    throw this.wrong(domain, 'not whether it destroyed the key')
  }

  check(): Promise<string | undefined> {
    if (!this.#check || this.#check.until < performance.now()) {
      this.#check = { result: this.#status(), until: performance.now() + CHECK_MS }
    }
    return this.#check.result
  }

  async #status(): Promise<string | undefined> {
    try {
      const { status } = await this.client.call('GET', '/evaluator/status')
      return status === 200 ? undefined : `the key service answered ${status}`
    } catch (error) {
      return (error as Error).message
    }
  }

  /**
   * What the service answers about a key.
   * @throws Refusal HB-413, HB-904, HB-905, HB-906; PseudonymError where it names an element
   */
  protected async ask(
    path: string,
    domain: string,
    body: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const reply = await this.client.call('POST', path, { domain, ...body })
    if (reply.status === 200 && isRecord(reply.body)) return reply.body
    throw toRefusal(reply) ?? this.wrong(domain, `status ${reply.status}`)
  }

  /** What is refused where the service answers wrongly; told to the operator. */
  protected wrong(domain: string, what: string): Refusal {
    this.#wrong(domain, what)
    return refuse('HB-906', '', RULE)
  }
}

/**
 * Has a key service evaluate, blinded, under the keys that it alone has. An answer counts once its
 * proof fits the public key in this process's own database.
 */
export class RemoteEvaluator extends RemoteKeys implements Evaluator {
  readonly #db: Pool
  readonly #pool: PseudonymPool
  readonly #publicKeys = new Map<string, Buffer>()

  constructor(parts: {
    client: ServiceClient
    db: Pool
    pseudonyms: PseudonymPool
    wrong?: WrongNote
  }) {
    super(parts)
    this.#db = parts.db
    this.#pool = parts.pseudonyms
  }

  async assertReachable(): Promise<void> {
    this.client.assertNotResting()
    const wrong = await this.check()
    if (wrong) throw new KeyProviderError(wrong)
  }

  async evaluate(domain: string, blinded: readonly Uint8Array[]): Promise<EvaluatedBatch> {
    assertBatchSize(blinded.length)
    const publicKey = await this.#publicKey(domain)
    const answer = await this.ask('/evaluator/evaluations', domain, {
      blinded: blinded.map(element => Buffer.from(element).toString('base64url')),
    }).catch(error => this.#doubt(error, domain, blinded))
    const batch = toBatch(answer)
    if (!batch) throw this.wrong(domain, 'no evaluation')
    await verifyEvaluated(this.#pool, publicKey, blinded, batch).catch(error => {
      if (!(error instanceof PseudonymError) || error.code === 'worker-failed') throw error
      throw this.wrong(domain, error.code)
    })
    return batch
  }

  async pseudonymise(request: PseudonymiseRequest): Promise<SealedPseudonym[]> {
    const { domain, insz, sealing } = request
    if (insz.length === 0) return []
    const { blinded, blinds } = await blindNumbers(this.#pool, insz)
    const [own, subject] = await Promise.all([
      this.evaluate(domain, blinded),
      this.evaluate(SUBJECT_DOMAIN, blinded),
    ])
    return finishPseudonyms(this.#pool, {
      domain,
      insz,
      blinds,
      domainElements: own.evaluated,
      subjectElements: subject.evaluated,
      sealing,
    })
  }

  // What it says of an element is seen here too.
  #doubt(error: unknown, domain: string, blinded: readonly Uint8Array[]): never {
    if (error instanceof PseudonymError) {
      assertElement(blinded[error.index ?? 0] ?? new Uint8Array(), error.index)
      throw this.wrong(domain, 'that a sound element is none')
    }
    throw error
  }

  // A public key never changes.
  async #publicKey(domain: string): Promise<Buffer> {
    const key = this.#publicKeys.get(domain) ?? (await findPublicKey(this.#db, domain))
    if (!key) throw refuse('HB-412', '/domain', 'pseudonym domain')
    this.#publicKeys.set(domain, key)
    return key
  }
}

function toRefusal({ body }: ServiceReply): Error | undefined {
  const code = refusalCode(body)
  if (code === 'HB-413') return refuse('HB-413', '/domain', 'key epoch')
  if (code === 'HB-410') return new PseudonymError('element-invalid', indexOf(body))
  if (code !== 'HB-905') return undefined
  const retryAfter = isRecord(body) ? Number(body.retryAfter) : Number.NaN
  return new Refusal(reason('HB-905', '', RULE), {
    retryAfter: retryAfter >= 1 && retryAfter <= 86_400 ? Math.ceil(retryAfter) : 3_600,
  })
}

function indexOf(body: unknown): number {
  const index = isRecord(body) ? Number(body.index) : 0
  return Number.isSafeInteger(index) && index >= 0 ? index : 0
}

function toBatch({ evaluated, proof }: Record<string, unknown>): EvaluatedBatch | undefined {
  const bytes = bytesOf(proof)
  if (!bytes || !Array.isArray(evaluated)) return undefined
  const elements = evaluated.flatMap(element => bytesOf(element, ELEMENT_BYTES) ?? [])
  return elements.length === evaluated.length ? { evaluated: elements, proof: bytes } : undefined
}

function bytesOf(text: unknown, length?: number): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64url')
  return length === undefined || bytes.length === length ? bytes : undefined
}

function isElement(bytes: Uint8Array): boolean {
  try {
    assertElement(bytes)
    return true
  } catch {
    return false
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
