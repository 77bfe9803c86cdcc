import { createHashToGroup, createHashToScalar } from './hash-to-group.ts'

/** The variants of RFC 9497 in use: 0x00 without, 0x01 with a proof of the key. */
export type Mode = 0 | 1

/** Everything that depends on the mode only, made once. */
export interface Suite {
  mode: Mode
  seedTag: Buffer
  hashToGroup: (message: Uint8Array) => Uint8Array
  hashToScalar: (message: Uint8Array) => Uint8Array
  hashToKey: (message: Uint8Array) => Uint8Array
}

/** Suite ristretto255-SHA512 with its context string (RFC 9497, 3.1 and 4.1). */
function createSuite(mode: Mode): Suite {
  const context = `OPRFV1-${String.fromCharCode(mode)}-ristretto255-SHA512`
  return {
    mode,
    seedTag: Buffer.from(`Seed-${context}`),
    hashToGroup: createHashToGroup(`HashToGroup-${context}`),
    hashToScalar: createHashToScalar(`HashToScalar-${context}`),
    hashToKey: createHashToScalar(`DeriveKeyPair${context}`),
  }
}

export const OPRF: Suite = createSuite(0)
/** The suite used everywhere in Huisbrug, also for direct evaluation. */
export const VOPRF: Suite = createSuite(1)

/** A 16-bit length followed by the bytes, as every transcript of RFC 9497 frames its parts. */
export function framed(part: Uint8Array): Buffer {
  return Buffer.concat([uint16(part.length), part])
}

/** I2OSP(value, 2). */
export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff])
}
