import { randomBytes } from 'node:crypto'
import sodium from 'libsodium-wrappers-sumo'
import { PseudonymError } from './errors.ts'

// All scalars and points go through libsodium's constant-time code; nothing here computes on them.
await sodium.ready

/** Bytes of an encoded element and of an encoded scalar of ristretto255 (RFC 9496). */
export const ELEMENT_BYTES = 32
export const SCALAR_BYTES = 32

const IDENTITY = new Uint8Array(ELEMENT_BYTES)

/** The encoding of the identity: a legal point that no protocol message may hold. */
export function isIdentity(element: Uint8Array): boolean {
  return Buffer.compare(element, IDENTITY) === 0
}

/**
 * Refuses what is not the canonical encoding of an element other than the identity.
 * @throws PseudonymError element-length, element-invalid, element-identity
 */
export function assertElement(element: Uint8Array, index?: number): void {
  const code = faultOf(element)
  if (code) throw new PseudonymError(code, index)
}

function faultOf(element: Uint8Array) {
  if (element.length !== ELEMENT_BYTES) return 'element-length'
  if (isIdentity(element)) return 'element-identity'
  return sodium.crypto_core_ristretto255_is_valid_point(element) ? undefined : 'element-invalid'
}

/**
 * Refuses a scalar that is not 32 bytes, not reduced modulo the group order, or zero.
 * @throws PseudonymError scalar-invalid
 */
export function assertScalar(scalar: Uint8Array): void {
  if (scalar.length !== SCALAR_BYTES || isIdentity(scalar) || !isReduced(scalar)) {
    throw new PseudonymError('scalar-invalid')
  }
}

/** Whether 32 bytes are a scalar below the group order (RFC 9497, 4.1, DeserializeScalar). */
export function isReduced(scalar: Uint8Array): boolean {
  return Buffer.compare(reduceScalar(Buffer.concat([scalar, IDENTITY])), scalar) === 0
}

/**
 * scalar × element. libsodium itself refuses a non-canonical encoding and a result that is the
 * identity, so a separate check of the input would only cost time.
 * @throws PseudonymError naming what is wrong with the element; scalar-invalid where it is sound
 */
export function multiply(scalar: Uint8Array, element: Uint8Array, index?: number): Uint8Array {
  try {
    return sodium.crypto_scalarmult_ristretto255(scalar, element)
  } catch {
    throw new PseudonymError(faultOf(element) ?? 'scalar-invalid', index)
  }
}

/**
 * scalar × generator.
 * @throws PseudonymError scalar-invalid
 */
export function multiplyBase(scalar: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_scalarmult_ristretto255_base(scalar)
  } catch {
    throw new PseudonymError('scalar-invalid')
  }
}

/**
 * Sum of two elements.
 * @throws PseudonymError element-invalid
 */
export function addElements(left: Uint8Array, right: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_core_ristretto255_add(left, right)
  } catch {
    throw new PseudonymError('element-invalid')
  }
}

/** Maps 64 uniform bytes to an element (RFC 9496, 4.3.4). */
export function elementFromUniform(uniform: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_from_hash(uniform)
}

/** Reduces 64 little-endian bytes modulo the group order. */
export function reduceScalar(uniform: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_reduce(uniform)
}

/**
 * A random scalar, never zero: 64 bytes of the operating system, reduced (RFC 9497, 4.7.2).
 * libsodium's own asks JavaScript eight times for four bytes, which takes longer than a
 * multiplication.
 */
export function randomScalar(): Uint8Array {
  const scalar = reduceScalar(randomBytes(64))
  return isIdentity(scalar) ? randomScalar() : scalar
}

/** minuend - left × right, modulo the group order. */
export function subtractProduct(
  minuend: Uint8Array,
  left: Uint8Array,
  right: Uint8Array,
): Uint8Array {
  const product = sodium.crypto_core_ristretto255_scalar_mul(left, right)
  return sodium.crypto_core_ristretto255_scalar_sub(minuend, product)
}

/**
 * Inverts all scalars with one inversion and three multiplications each (Montgomery's trick); an
 * inversion costs some fifty multiplications.
 * @throws PseudonymError scalar-invalid where one is zero
 */
export function invertScalars(scalars: readonly Uint8Array[]): Uint8Array[] {
  const product = sodium.crypto_core_ristretto255_scalar_mul
  const prefixes: Uint8Array[] = []
  let running: Uint8Array | undefined
  for (const scalar of scalars) {
    assertScalar(scalar)
    running = running ? product(running, scalar) : scalar
    prefixes.push(running)
  }
  if (!running) return []
  let inverse = sodium.crypto_core_ristretto255_scalar_invert(running)
  const inverses = new Array<Uint8Array>(scalars.length)
  for (let i = scalars.length - 1; i > 0; i--) {
    inverses[i] = product(inverse, prefixes[i - 1]!)
    inverse = product(inverse, scalars[i]!)
  }
  inverses[0] = inverse
  return inverses
}
