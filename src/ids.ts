import { randomBytes } from 'node:crypto'
import { ulid } from 'ulid'

// One call for random bytes serves many ids: it costs more than the rest of an id.
const DRAW = 4_096
let drawn = Buffer.alloc(0)
let used = 0

/** Evenly from 0 to 255/256: of its 256 values, ulid makes 32. */
function random(): number {
  if (used === drawn.length) {
    drawn = randomBytes(DRAW)
    used = 0
  }
  const byte = drawn[used] ?? 0
  used += 1
  return byte / 256
}

export type IdPrefix = 'msg' | 'fb' | 'del' | 'req' | 'att' | 'ntc' | 'rel'

/** A new id: prefix, underscore, ULID (time-ordered, random). */
export function newId(prefix: IdPrefix, at: Date): string {
  return `${prefix}_${ulid(at.getTime(), random)}`
}

/** Whether a text is an id of that kind. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return (
    text.startsWith(`${prefix}_`) && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(text.slice(prefix.length + 1))
  )
}

/** 32 random bytes, base64url: the sender's nonce of a person-bearing body. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url')
}
