import { hash } from 'node:crypto'
import {
  type Composite,
  composePart,
  proveComposite,
  seedOf,
  sumElements,
  verifyComposite,
  weightOf,
} from './dleq.ts'
import { PseudonymError } from './errors.ts'
import { ELEMENT_BYTES, invertScalars, multiply, multiplyBase, randomScalar } from './group.ts'
import { framed, type Suite, uint16, VOPRF } from './suite.ts'

export type { Composite } from './dleq.ts'
export { composePart, PROOF_BYTES, seedOf, sumElements, verifyComposite } from './dleq.ts'
export { PseudonymError } from './errors.ts'
export { assertElement, ELEMENT_BYTES, invertScalars, isIdentity, randomScalar } from './group.ts'
export { OPRF, type Suite, VOPRF } from './suite.ts'

/** The most elements of one batch, in evaluation and in a proof. */
export const MAX_BATCH = 5_000

/** A secret scalar and its public element, 32 bytes each. */
export interface KeyPair {
  secretKey: Uint8Array
  publicKey: Uint8Array
}

/** A batch as the evaluator answers it; the proof covers all of it, in this order. */
export interface EvaluatedBatch {
  evaluated: Uint8Array[]
  proof: Uint8Array
}

/** A part of a batch: evaluated elements, and the weighted sum of the blinded ones. */
export interface EvaluatedPart {
  evaluated: Uint8Array[]
  sum: Uint8Array
}

const FINALIZE_LABEL = Buffer.from('Finalize')
const ELEMENT_LENGTH = uint16(ELEMENT_BYTES)

/** A new random key pair (RFC 9497, 3.2). */
export function generateKeyPair(): KeyPair {
  return keyPairOf(randomScalar())
}

/**
 * The key pair of a secret scalar.
 * @throws PseudonymError scalar-invalid
 */
export function keyPairOf(secretKey: Uint8Array): KeyPair {
  return { secretKey, publicKey: multiplyBase(secretKey) }
}

/** DeriveKeyPair of RFC 9497, 3.2.1: a key pair from 32 secret bytes. For vectors and backups. */
export function deriveKeyPair(suite: Suite, seed: Uint8Array, info: Uint8Array): KeyPair {
  for (let counter = 0; counter < 256; counter++) {
    const message = Buffer.concat([seed, framed(info), Buffer.from([counter])])
    const secretKey = suite.hashToKey(message)
    if (secretKey.some(byte => byte !== 0)) return keyPairOf(secretKey)
  }
  throw new PseudonymError('scalar-invalid')
}

/**
 * Hides an input (Blind, RFC 9497, 3.3.1).
 * @param blind a fresh random scalar, kept for `finalize` and used once
 */
export function blindInput(suite: Suite, input: Uint8Array, blind: Uint8Array): Uint8Array {
  return multiply(blind, suite.hashToGroup(input))
}

/**
 * Evaluates one blinded element (BlindEvaluate, RFC 9497, 3.3.1).
 * @throws PseudonymError element-length, element-invalid, element-identity
 */
export function evaluateBlinded(secretKey: Uint8Array, blinded: Uint8Array): Uint8Array {
  return multiply(secretKey, blinded)
}

/** Finalize of RFC 9497, 3.3.1, with the inverse of the blind: 64 bytes. */
export function finalizeInverted(
  input: Uint8Array,
  inverse: Uint8Array,
  evaluated: Uint8Array,
): Buffer {
  return outputOf(input, multiply(inverse, evaluated))
}

/**
 * Removes the blind and hashes (Finalize, RFC 9497, 3.3.1): 64 bytes. It checks no proof.
 * @throws PseudonymError where the element or the blind is none
 */
export function finalize(input: Uint8Array, blind: Uint8Array, evaluated: Uint8Array): Buffer {
  const [inverse] = invertScalars([blind])
  return finalizeInverted(input, inverse!, evaluated)
}

/** The same output for who knows the key and the input (Evaluate, RFC 9497, 3.3.1): 64 bytes. */
export function evaluateDirectly(suite: Suite, secretKey: Uint8Array, input: Uint8Array): Buffer {
  return evaluateWith(secretKey, input, suite.hashToGroup(input))
}

/** The same for an input whose element is known, as where several keys evaluate it: 64 bytes. */
export function evaluateWith(
  secretKey: Uint8Array,
  input: Uint8Array,
  element: Uint8Array,
): Buffer {
  return outputOf(input, multiply(secretKey, element))
}

function outputOf(input: Uint8Array, element: Uint8Array): Buffer {
  const message = [uint16(input.length), input, ELEMENT_LENGTH, element, FINALIZE_LABEL]
  return hash('sha512', Buffer.concat(message), 'buffer')
}

/**
 * Evaluates a part of a batch, so that several threads can share one.
 * @param offset the place of the part's first element in the whole batch
 * @throws PseudonymError with the index, in the whole batch, of an element that is none
 */
export function evaluatePart(
  secretKey: Uint8Array,
  seed: Buffer,
  offset: number,
  blinded: readonly Uint8Array[],
): EvaluatedPart {
  const evaluated = blinded.map((element, i) => multiply(secretKey, element, offset + i))
  const weighted = blinded.map((element, i) =>
    multiply(weightOf(seed, offset + i, element, evaluated[i]!), element),
  )
  return { evaluated, sum: sumElements(weighted) }
}

/** The proof over all parts of a batch; `random` is a fresh random scalar. */
export function proveParts(
  key: KeyPair,
  sums: readonly Uint8Array[],
  random: Uint8Array = randomScalar(),
): Buffer {
  return proveComposite(key.secretKey, key.publicKey, sumElements(sums), random)
}

/**
 * Evaluates a whole batch with one proof (BlindEvaluate, RFC 9497, 3.3.2).
 * @throws PseudonymError batch-empty, batch-too-large, or the fault of an element with its index
 */
export function evaluateBatch(
  key: KeyPair,
  blinded: readonly Uint8Array[],
  random: Uint8Array = randomScalar(),
): EvaluatedBatch {
  assertBatchSize(blinded.length)
  const { evaluated, sum } = evaluatePart(key.secretKey, seedOf(key.publicKey), 0, blinded)
  return { evaluated, proof: proveParts(key, [sum], random) }
}

/**
 * Checks the proof of a batch against a public key that the caller trusts.
 * @throws PseudonymError proof-wrong, proof-length, batch-uneven or the fault of an element
 */
export function verifyBatch(
  publicKey: Uint8Array,
  blinded: readonly Uint8Array[],
  { evaluated, proof }: EvaluatedBatch,
): void {
  assertBatchSize(blinded.length)
  const composite: Composite = composePart(seedOf(publicKey), 0, blinded, evaluated)
  verifyComposite(publicKey, composite, proof)
}

/**
 * Refuses an empty batch and one of more than 5,000.
 * @throws PseudonymError batch-empty, batch-too-large
 */
export function assertBatchSize(size: number): void {
  if (size === 0) throw new PseudonymError('batch-empty')
  if (size > MAX_BATCH) throw new PseudonymError('batch-too-large')
}

/** The element of an input in VOPRF mode, for `evaluateWith`. */
export function elementOf(input: Uint8Array): Uint8Array {
  return VOPRF.hashToGroup(input)
}
