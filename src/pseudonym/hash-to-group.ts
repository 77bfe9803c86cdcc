import { hash } from 'node:crypto'
import { elementFromUniform, reduceScalar } from './group.ts'

const SHA512_BLOCK = Buffer.alloc(128)

/**
 * expand_message_xmd of RFC 9380, 5.3.1, with SHA-512 and an output of 64 bytes, which is one hash
 * long and so needs a single round. The tag is fixed once: it ends every message.
 */
export function createExpander(tag: string): (message: Uint8Array) => Buffer {
  const tagPrime = Buffer.concat([Buffer.from(tag), Buffer.from([Buffer.byteLength(tag)])])
  const firstTail = Buffer.concat([Buffer.from([0, 64, 0]), tagPrime])
  const secondTail = Buffer.concat([Buffer.from([1]), tagPrime])
  return message => {
    const first = hash('sha512', Buffer.concat([SHA512_BLOCK, message, firstTail]), 'buffer')
    return hash('sha512', Buffer.concat([first, secondTail]), 'buffer')
  }
}

/** HashToGroup of RFC 9497, 4.1, for one domain separation tag. */
export function createHashToGroup(tag: string): (message: Uint8Array) => Uint8Array {
  const expand = createExpander(tag)
  return message => elementFromUniform(expand(message))
}

/** HashToScalar of RFC 9497, 4.1, for one domain separation tag. */
export function createHashToScalar(tag: string): (message: Uint8Array) => Uint8Array {
  const expand = createExpander(tag)
  return message => reduceScalar(expand(message))
}
