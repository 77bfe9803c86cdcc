import { hash } from 'node:crypto'
import sodium from 'libsodium-wrappers-sumo'

await sodium.ready

/** What a thread is given: numbers of eleven digits, and the seed of the keys. */
export interface VoprfTask {
  seed: Uint8Array
  /** Two where a second key is evaluated for each person, as the product does for its own index. */
  evaluations: 1 | 2
  numbers: string[]
}

// RFC 9497, 3.1 and 4.1: suite ristretto255-SHA512 in mode VOPRF; RFC 9380, 5.3.1, with one hash of output.
const TAG = Buffer.from('HashToGroup-OPRFV1-\u0001-ristretto255-SHA512')
const TAG_PRIME = Buffer.concat([TAG, Buffer.from([TAG.length])])
const BLOCK = Buffer.alloc(128)
const FIRST_TAIL = Buffer.concat([Buffer.from([0, 64, 0]), TAG_PRIME])
const SECOND_TAIL = Buffer.concat([Buffer.from([1]), TAG_PRIME])
const ELEMENT_LENGTH = Buffer.from([0, 32])
const FINALIZE = Buffer.from('Finalize')

/** The key of a seed: 64 bytes, reduced. */
export function keyOf(seed: Uint8Array): Uint8Array {
  return sodium.crypto_core_ristretto255_scalar_reduce(seed)
}

/** Pseudonyms of 16 bytes, base64url: the start of what the VOPRF gives for each number. */
export function evaluate({ seed, evaluations, numbers }: VoprfTask): string[] {
  const key = keyOf(seed)
  const second = evaluations === 2 ? keyOf(hash('sha512', seed, 'buffer')) : undefined
  return numbers.map(number => {
    const input = Buffer.from(`be.insz:${number}`)
    const element = hashToGroup(input)
    if (second) finalize(input, sodium.crypto_scalarmult_ristretto255(second, element))
    const output = finalize(input, sodium.crypto_scalarmult_ristretto255(key, element))
    return output.subarray(0, 16).toString('base64url')
  })
}

function hashToGroup(input: Buffer): Uint8Array {
  const first = hash('sha512', Buffer.concat([BLOCK, input, FIRST_TAIL]), 'buffer')
  const uniform = hash('sha512', Buffer.concat([first, SECOND_TAIL]), 'buffer')
  return sodium.crypto_core_ristretto255_from_hash(uniform)
}

function finalize(input: Buffer, element: Uint8Array): Buffer {
  const length = Buffer.from([input.length >> 8, input.length & 0xff])
  return hash('sha512', Buffer.concat([length, input, ELEMENT_LENGTH, element, FINALIZE]), 'buffer')
}
