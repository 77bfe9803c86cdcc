import {
  deriveRowKey,
  deriveSubjectTag,
  deriveTag,
  inputOf,
  SUBJECT_DOMAIN,
  tagInfo,
} from '../pseudonym/derive.ts'
import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { openRow } from '../pseudonym/row.ts'
import {
  blindInput,
  type Composite,
  composePart,
  finalizeInverted,
  invertScalars,
  MAX_BATCH,
  PseudonymError,
  randomScalar,
  seedOf,
  sumElements,
  VOPRF,
  verifyComposite,
} from '../pseudonym/voprf.ts'
import { RegisterError } from './register-error.ts'
import type { RegisteredPerson, RegisterStore } from './register-store.ts'

export { RegisterError } from './register-error.ts'
export { type RegisteredPerson, RegisterStore } from './register-store.ts'

/** A person to prepare: the national number, and the recipient's own reference, up to 64 bytes. */
export interface RegisterPerson {
  insz: string
  ref?: string
}

/** The gateway's answer to `POST /v1/pseudonyms/evaluations`, decoded from base64url. */
export interface EvaluationReply {
  evaluated: Uint8Array[]
  proof: Uint8Array
  publicKey: Uint8Array
}

/** How far the preparation is: people seen, newly added, already there, with an invalid number. */
export interface RegisterProgress {
  seen: number
  added: number
  known: number
  invalid: number
}

export interface PrepareOptions {
  /**
   * Sends blinded elements to the gateway (at most 5,000, all distinct). Where the quota is used up
   * it throws `RegisterError('quota-used-up', message, { retryAt, left })`; any error passes on.
   */
  evaluate: (domain: string, blinded: Uint8Array[]) => Promise<EvaluationReply>
  /** What `publishedKey` gave: the key in the audit log, not the one of the reply; 32 bytes. */
  publicKey: Uint8Array
  /** The domain, or `subject`: the gateway's own index of persons, for who sends blindly. */
  domain: string
  /** The whole register; each person as eleven digits (or display form), or with a reference. */
  numbers: Iterable<string | RegisterPerson> | AsyncIterable<string | RegisterPerson>
  store: RegisterStore
  onProgress?: (progress: RegisterProgress) => void
  /** People per request, 1 to 5,000 (default 5,000): bounds memory and the work lost by a kill. */
  batchSize?: number
  /** The current UTC date, YYYY-MM-DD, for the check of birth years. */
  today?: string
}

/** A row of a detection request as it is on the wire, all base64url. */
export interface WireRow {
  rowId: string
  nonce: string
  ciphertext: string
}

/** A row of a person in the register, opened. */
export interface OpenedRow {
  /** The reference given when the register was prepared; else the store's person key. */
  ref: string
  personKey: string
  /** The person's pseudonym, base64url, for feedback. */
  tag: string
  rowId: string
  /** The fields that the protocol lists: `tenantGround` and `referenceDate` of a detection request. */
  content: Readonly<Record<string, string | number | boolean>>
}

interface BlindedPerson {
  personKey: string
  ref: string
  input: Buffer
  blind: Uint8Array
  blinded: Uint8Array
}

const PART = 100

/**
 * Prepares a register: blinds every number that the store does not hold yet, has it evaluated,
 * checks the proof against the published key, derives tag and secret, and stores them batch by
 * batch. Numbers leave this process blinded only. After a stop or a kill, run it again: it goes on.
 * @returns the final progress
 * @throws RegisterError key-not-published, reply-malformed, proof-wrong, quota-used-up (with
 *   retryAt), store-other-key, reference-too-long; and what `evaluate` throws
 */
export async function prepareRegister(options: PrepareOptions): Promise<RegisterProgress> {
  const { store, domain, publicKey, onProgress } = options
  store.openDomain(domain, publicKey)
  const progress: RegisterProgress = { seen: 0, added: 0, known: 0, invalid: 0 }
  let finishing: Promise<void> = Promise.resolve()
  try {
    for await (const batch of newPeople(options, progress)) {
      const blinded = await inParts(batch, person => blindPerson(store, person))
      await finishing
      // The next batch is blinded while this one is away.
      finishing = finishBatch(options, blinded, progress)
      finishing.catch(() => {})
    }
  } finally {
    await finishing
  }
  onProgress?.({ ...progress })
  return progress
}

/**
 * Opens the rows of people in the register; the others stay closed, for want of their keys. The
 * domain must be open in the store (`prepareRegister` or `store.openDomain`).
 * @throws RegisterError row-not-authentic where a row bears the id of a person here but does not
 *   open: it was changed, or belongs to another message
 */
export async function openRows(
  store: RegisterStore,
  request: { domain: string; period: string; messageId: string; rows: readonly WireRow[] },
): Promise<OpenedRow[]> {
  const { domain, period, messageId, rows } = request
  await store.preparePeriod(domain, period)
  return rows.flatMap(row => {
    const person = store.findByRowId(domain, period, row.rowId)
    return person ? [openPersonRow(person, { domain, period, messageId }, row)] : []
  })
}

async function* newPeople(
  options: PrepareOptions,
  progress: RegisterProgress,
): AsyncGenerator<RegisterPerson[]> {
  const { store, domain, batchSize = MAX_BATCH } = options
  const today = options.today ?? new Date().toISOString().slice(0, 10)
  let batch = new Map<string, RegisterPerson>()
  for await (const item of options.numbers) {
    progress.seen++
    const person = typeof item === 'string' ? { insz: item } : item
    const insz = parseNationalNumber(person.insz, today)
    if (!insz) progress.invalid++
    else if (batch.has(insz) || store.findByNumber(domain, insz)) progress.known++
    else batch.set(insz, { ...person, insz })
    if (batch.size < batchSize) continue
    yield [...batch.values()]
    batch = new Map()
  }
  if (batch.size > 0) yield [...batch.values()]
}

function blindPerson(store: RegisterStore, { insz, ref }: RegisterPerson): BlindedPerson {
  const personKey = store.personKey(insz)
  const input = inputOf(insz)
  const blind = randomScalar()
  return {
    personKey,
    ref: ref ?? personKey,
    input,
    blind,
    blinded: blindInput(VOPRF, input, blind),
  }
}

// A quota that covers part of the batch is used: otherwise a small allowance would never do.
async function finishBatch(
  options: PrepareOptions,
  people: readonly BlindedPerson[],
  progress: RegisterProgress,
): Promise<void> {
  try {
    await storeBatch(options, people, progress)
  } catch (error) {
    const left = error instanceof RegisterError ? (error.left ?? 0) : 0
    if (left > 0 && left < people.length) {
      await storeBatch(options, people.slice(0, left), progress)
    }
    throw error
  }
}

async function storeBatch(
  { domain, publicKey, evaluate, store, onProgress }: PrepareOptions,
  people: readonly BlindedPerson[],
  progress: RegisterProgress,
): Promise<void> {
  const blinded = people.map(person => person.blinded)
  const reply = await evaluate(domain, blinded)
  await checkReply(publicKey, blinded, reply)
  const added = store.append(domain, await derivePeople(domain, people, reply.evaluated))
  progress.added += added
  progress.known += people.length - added
  onProgress?.({ ...progress })
}

async function checkReply(
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  { evaluated, proof, publicKey: replyKey }: EvaluationReply,
): Promise<void> {
  if (Buffer.compare(replyKey, publicKey) !== 0) {
    throw new RegisterError(
      'key-not-published',
      'the gateway answered under another key than the published one: nothing of it was used; stop ' +
        'and ask its operator',
    )
  }
  if (evaluated.length !== blinded.length) {
    throw new RegisterError(
      'reply-malformed',
      'the gateway answered another number of elements: nothing of it was used; run it again, and ask ' +
        'its operator where it stays so',
    )
  }
  try {
    verifyComposite(publicKey, await compose(publicKey, blinded, evaluated), proof)
  } catch (cause) {
    if (!(cause instanceof PseudonymError)) throw cause
    throw new RegisterError(
      'proof-wrong',
      'the gateway did not prove that it used the published key: stop and ask its operator',
      { cause },
    )
  }
}

async function compose(
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
): Promise<Composite> {
  const seed = seedOf(publicKey)
  const offsets = Array.from({ length: Math.ceil(blinded.length / PART) }, (_, i) => i * PART)
  const parts = await inParts(
    offsets,
    at => composePart(seed, at, blinded.slice(at, at + PART), evaluated.slice(at, at + PART)),
    1,
  )
  return { m: sumElements(parts.map(part => part.m)), z: sumElements(parts.map(part => part.z)) }
}

async function derivePeople(
  domain: string,
  people: readonly BlindedPerson[],
  evaluated: readonly Uint8Array[],
): Promise<RegisteredPerson[]> {
  const info = tagInfo(domain)
  const derive = (output: Uint8Array) =>
    domain === SUBJECT_DOMAIN
      ? { tag: deriveSubjectTag(output), secret: Buffer.alloc(0) }
      : deriveTag(output, info)
  const inverses = invertScalars(people.map(person => person.blind))
  return inParts(people, ({ personKey, ref, input }, i) => {
    const output = finalizeInverted(input, inverses[i]!, evaluated[i]!)
    return { personKey, ref, ...derive(output) }
  })
}

function openPersonRow(
  person: RegisteredPerson,
  binding: { domain: string; period: string; messageId: string },
  row: WireRow,
): OpenedRow {
  const rowId = Buffer.from(row.rowId, 'base64url')
  const sealed = {
    nonce: Buffer.from(row.nonce, 'base64url'),
    ciphertext: Buffer.from(row.ciphertext, 'base64url'),
  }
  try {
    const rowKey = deriveRowKey(person.secret, binding.period)
    const content = openRow(rowKey, { ...binding, rowId }, sealed)
    const { personKey, ref } = person
    return { personKey, ref, tag: person.tag.toString('base64url'), rowId: row.rowId, content }
  } catch (cause) {
    const message = 'a row of a person in the register does not open: nothing of it was used'
    throw new RegisterError('row-not-authentic', message, { cause })
  }
}

// Maps in parts, letting the process do other work (answer requests) in between.
async function inParts<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => R,
  size = PART,
): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += size) {
    const part = items.slice(start, start + size)
    results.push(...part.map((item, i) => map(item, start + i)))
    await new Promise(resolve => setImmediate(resolve))
  }
  return results
}
