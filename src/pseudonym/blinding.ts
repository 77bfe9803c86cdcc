import { PseudonymError } from './errors.ts'
import { SCALAR_BYTES } from './group.ts'
import {
  pack,
  packNumbers,
  SEALED_BYTES,
  type SealedPseudonym,
  unpack,
  unpackSealed,
} from './packed.ts'
import type { PseudonymPool, Sealing } from './pool.ts'
import { encodeContent } from './row.ts'
import {
  assertBatchSize,
  ELEMENT_BYTES,
  type EvaluatedBatch,
  sumElements,
  verifyComposite,
} from './voprf.ts'

// Pseudonyms by way of a service that has the keys: it sees blinded elements only. Numbers and
// blinds are in this process and its threads, and nowhere else.

/** National numbers as a service may see them, and what it takes to go on with its answer. */
export interface BlindedNumbers {
  /** 32 bytes each, in the order of the numbers. */
  blinded: Uint8Array[]
  /** The scalars that blind them; never sent, used once. */
  blinds: Uint8Array[]
}

/** What a service evaluated for one message; its proofs are checked. */
export interface Evaluated {
  domain: string
  insz: readonly string[]
  blinds: readonly Uint8Array[]
  domainElements: readonly Uint8Array[]
  subjectElements: readonly Uint8Array[]
  sealing: Sealing
}

/**
 * Blinds national numbers, each with a fresh scalar; one blinded element serves several keys.
 * @throws PseudonymError worker-failed
 */
export async function blindNumbers(
  pool: PseudonymPool,
  insz: readonly string[],
): Promise<BlindedNumbers> {
  const parts = await pool.share('blind', insz.length, (start, end) => ({
    numbers: packNumbers(insz.slice(start, end)),
  }))
  const pairs = parts.flatMap(part => unpack(part, ELEMENT_BYTES + SCALAR_BYTES))
  return {
    blinded: pairs.map(pair => pair.subarray(0, ELEMENT_BYTES)),
    blinds: pairs.map(pair => pair.subarray(ELEMENT_BYTES)),
  }
}

/**
 * Checks the proof of a batch against a public key that the caller trusts. All else comes from the
 * other side.
 * @throws PseudonymError proof-wrong, proof-length, batch-uneven, or the fault of an element
 */
export async function verifyEvaluated(
  pool: PseudonymPool,
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  { evaluated, proof }: EvaluatedBatch,
): Promise<void> {
  assertBatchSize(blinded.length)
  if (evaluated.length !== blinded.length) throw new PseudonymError('batch-uneven')
  const short = evaluated.findIndex(element => element.length !== ELEMENT_BYTES)
  if (short >= 0) throw new PseudonymError('element-length', short)
  const parts = await pool.share('composePart', blinded.length, (start, end) => ({
    publicKey: Uint8Array.from(publicKey),
    offset: start,
    blinded: pack(blinded.slice(start, end)),
    evaluated: pack(evaluated.slice(start, end)),
  }))
  const sums = parts.map(part => unpack(part, ELEMENT_BYTES))
  const m = sumElements(sums.map(([sum]) => sum!))
  const z = sumElements(sums.map(([, sum]) => sum!))
  verifyComposite(publicKey, { m, z }, proof)
}

/**
 * Removes the blinds, derives the pseudonyms and seals the rows.
 * @throws PseudonymError batch-uneven, row-too-long, worker-failed
 */
export async function finishPseudonyms(
  pool: PseudonymPool,
  { domain, insz, blinds, domainElements, subjectElements, sealing }: Evaluated,
): Promise<SealedPseudonym[]> {
  const { period, messageId, plaintexts } = sealing
  const lists = [blinds, domainElements, subjectElements, plaintexts]
  if (lists.some(list => list.length !== insz.length)) throw new PseudonymError('batch-uneven')
  const parts = await pool.share('finish', insz.length, (start, end) => ({
    domain,
    numbers: packNumbers(insz.slice(start, end)),
    blinds: pack(blinds.slice(start, end)),
    domainElements: pack(domainElements.slice(start, end)),
    subjectElements: pack(subjectElements.slice(start, end)),
    sealing: {
      period,
      messageId,
      plaintexts: pack(plaintexts.slice(start, end).map(encodeContent)),
    },
  }))
  return parts.flatMap(part => unpack(part, SEALED_BYTES).map(unpackSealed))
}
