import { hash } from 'node:crypto'
import type { Random } from './entry.ts'
import { AuditError } from './errors.ts'
import { leafHash, rootOf } from './merkle.ts'

export const SALT_BYTES = 32
export const SUBJECT_TAG_BYTES = 16

/** SHA-256(salt || content): says nothing of the content once the salt is gone. */
export function saltedDigest(salt: Uint8Array, content: Uint8Array | string): Buffer {
  return hash('sha256', Buffer.concat([salt, Buffer.from(content)]), 'buffer')
}

/**
 * Salts details that are already canonical JSON; salt and details may be erased, the digest stays.
 */
export function digestDetails(
  details: string,
  random: Random,
): { salt: Buffer; details: string; digest: Buffer } {
  const salt = random(SALT_BYTES)
  return { salt, details, digest: saltedDigest(salt, details) }
}

/**
 * Salts the persons of an entry and makes the root over them; undefined for nobody.
 * @throws AuditError `entry-malformed` for a tag that is not 16 bytes
 */
export function commitSubjects(
  tags: readonly Uint8Array[],
  random: Random,
): { subjects: { salt: Buffer; tag: Uint8Array }[]; root: Buffer } | undefined {
  if (tags.length === 0) return undefined
  if (tags.some(tag => tag.length !== SUBJECT_TAG_BYTES))
    throw new AuditError('entry-malformed', 'a subject tag is 16 bytes')
  const salts = random(tags.length * SALT_BYTES)
  const subjects = tags.map((tag, i) => ({
    salt: salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES),
    tag,
  }))
  return { subjects, root: subjectRoot(subjects.map(({ salt, tag }) => saltedDigest(salt, tag))) }
}

/** RFC 6962 root over the commitments SHA-256(salt || subject tag), in the order of the message. */
export function subjectRoot(commitments: readonly Uint8Array[]): Buffer {
  return rootOf(commitments.map(leafHash))
}
