import { hash, timingSafeEqual } from 'node:crypto'
import { PseudonymError } from './errors.ts'
import {
  addElements,
  assertElement,
  assertScalar,
  isReduced,
  multiply,
  multiplyBase,
  SCALAR_BYTES,
  subtractProduct,
} from './group.ts'
import { framed, uint16, VOPRF } from './suite.ts'

/** Bytes of a proof: the two scalars c and s of RFC 9497, 2.2. */
export const PROOF_BYTES = 2 * SCALAR_BYTES

/** The weighted sums over a batch, or over a part of one: m of the blinded, z of the evaluated. */
export interface Composite {
  m: Uint8Array
  z: Uint8Array
}

const COMPOSITE_LABEL = Buffer.from('Composite')
const CHALLENGE_LABEL = Buffer.from('Challenge')
const ELEMENT_LENGTH = uint16(32)

/** The seed of the weights of a batch; it depends on the public key only (RFC 9497, 2.2.1). */
export function seedOf(publicKey: Uint8Array): Buffer {
  const message = Buffer.concat([framed(publicKey), framed(VOPRF.seedTag)])
  return framed(hash('sha512', message, 'buffer'))
}

/** The weight of element `index` of the whole batch, also where a part is computed elsewhere. */
export function weightOf(
  seed: Buffer,
  index: number,
  blinded: Uint8Array,
  evaluated: Uint8Array,
): Uint8Array {
  return VOPRF.hashToScalar(
    Buffer.concat([
      seed,
      uint16(index),
      ELEMENT_LENGTH,
      blinded,
      ELEMENT_LENGTH,
      evaluated,
      COMPOSITE_LABEL,
    ]),
  )
}

/** Adds up elements, of which there is at least one. */
export function sumElements(elements: readonly Uint8Array[]): Uint8Array {
  return elements.reduce((sum, element) => addElements(sum, element))
}

/**
 * Sums a part of a batch for a verifier (ComputeComposites, RFC 9497, 2.2.1).
 * @param offset the place of the part's first element in the whole batch
 * @throws PseudonymError naming the first element that is not one
 */
export function composePart(
  seed: Buffer,
  offset: number,
  blinded: readonly Uint8Array[],
  evaluated: readonly Uint8Array[],
): Composite {
  if (blinded.length !== evaluated.length) throw new PseudonymError('batch-uneven')
  const parts = blinded.map((element, i) => {
    const weight = weightOf(seed, offset + i, element, evaluated[i]!)
    return {
      m: multiply(weight, element, offset + i),
      z: multiply(weight, evaluated[i]!, offset + i),
    }
  })
  return { m: sumElements(parts.map(part => part.m)), z: sumElements(parts.map(part => part.z)) }
}

/**
 * Proves that z = k × m for the key of the public key, without telling k (GenerateProof, RFC 9497,
 * 2.2.1; the prover knows z as k × m).
 * @param random a fresh random scalar, used once
 */
export function proveComposite(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  m: Uint8Array,
  random: Uint8Array,
): Buffer {
  assertScalar(random)
  const z = multiply(secretKey, m)
  const challenge = challengeOf(publicKey, { m, z }, multiplyBase(random), multiply(random, m))
  return Buffer.concat([challenge, subtractProduct(random, challenge, secretKey)])
}

/**
 * Checks a proof over the sums of a whole batch (VerifyProof, RFC 9497, 2.2.2). All input comes
 * from the other side and is not trusted, but for the public key.
 * @throws PseudonymError proof-length, proof-wrong, or a fault of the public key
 */
export function verifyComposite(
  publicKey: Uint8Array,
  composite: Composite,
  proof: Uint8Array,
): void {
  assertElement(publicKey)
  if (proof.length !== PROOF_BYTES) throw new PseudonymError('proof-length')
  const challenge = proof.subarray(0, SCALAR_BYTES)
  const response = proof.subarray(SCALAR_BYTES)
  if (!isReduced(challenge) || !isReduced(response)) throw new PseudonymError('proof-wrong')
  if (!timingSafeEqual(challenge, expectedChallenge(publicKey, composite, challenge, response))) {
    throw new PseudonymError('proof-wrong')
  }
}

function expectedChallenge(
  publicKey: Uint8Array,
  composite: Composite,
  challenge: Uint8Array,
  response: Uint8Array,
): Uint8Array {
  try {
    const t2 = addElements(multiplyBase(response), multiply(challenge, publicKey))
    const t3 = addElements(multiply(response, composite.m), multiply(challenge, composite.z))
    return challengeOf(publicKey, composite, t2, t3)
  } catch {
    // A zero scalar or sum: no honest prover makes one, and it proves nothing.
    throw new PseudonymError('proof-wrong')
  }
}

function challengeOf(
  publicKey: Uint8Array,
  { m, z }: Composite,
  t2: Uint8Array,
  t3: Uint8Array,
): Uint8Array {
  const parts = [publicKey, m, z, t2, t3].map(framed)
  return VOPRF.hashToScalar(Buffer.concat([...parts, CHALLENGE_LABEL]))
}
