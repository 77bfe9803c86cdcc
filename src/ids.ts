import { randomBytes } from 'node:crypto'
import { ulid } from 'ulid'

export type IdPrefix = 'msg' | 'fb' | 'del' | 'req' | 'att' | 'ntc' | 'rel'

/** A new id: prefix, underscore, ULID (time-ordered, random). */
export function newId(prefix: IdPrefix, at: Date): string {
  return `${prefix}_${ulid(at.getTime())}`
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
