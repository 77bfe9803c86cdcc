import canonicalize from 'canonicalize'
import { commitSubjects, digestDetails } from './commitment.ts'
import { AuditError } from './errors.ts'
import { leafHash } from './merkle.ts'
import { assertNoNationalNumber } from './national-number-guard.ts'
import type { AuditEntry, EntryDraft } from './types.ts'

/** Largest entry: its length is 16 bits in an entry bundle. */
export const MAX_ENTRY_BYTES = 65_535
const ID_BYTES = 16

/** Source of `size` random bytes. */
export type Random = (size: number) => Buffer

/** An entry ready to be written, with what stays beside the log. */
export interface SealedEntry {
  /** 16 random bytes. */
  id: Buffer
  entry: AuditEntry
  /** The canonical JSON that is hashed. */
  bytes: Buffer
  /** RFC 6962 leaf hash of the bytes. */
  leaf: Buffer
  detail: { salt: Buffer; details: string } | undefined
  subjects: { salt: Buffer; tag: Uint8Array }[]
}

/** The parts of an entry that are copied beside it, to search by. */
export interface EntryColumns {
  at: string
  action: string
  actor: string
  party: string | null
  messageId: string | null
  protocol: string | null
  type: string | null
  decision: string | null
  code: string | null
  recipient: string | null
}

/**
 * Makes the entry of a draft: RFC 8785 canonical JSON, with salted commitments in place of details
 * and subjects.
 * @throws AuditError `entry-too-large` over 65,535 bytes, `entry-malformed` for what is not JSON
 *   or a subject tag that is not 16 bytes, `entry-holds-national-number`
 */
export function sealEntry(draft: EntryDraft, random: Random): SealedEntry {
  const { at, details, subjects = [], ...statement } = draft
  const id = random(ID_BYTES)
  const detail = details && digestDetails(canonical(details), random)
  const committed = commitSubjects(subjects, random)
  const entry: AuditEntry = {
    ...statement,
    schema: 1,
    id: id.toString('base64url'),
    at: at.toISOString(),
    ...(detail && { details: detail.digest.toString('base64url') }),
    ...(committed && {
      subjects: { count: subjects.length, root: committed.root.toString('base64url') },
    }),
  }
  const bytes = encodeEntry(entry)
  return { id, entry, bytes, leaf: leafHash(bytes), detail, subjects: committed?.subjects ?? [] }
}

/**
 * Reads the bytes of an entry, which are untrusted until their hash was checked.
 * @throws AuditError `entry-malformed`
 */
export function parseEntry(bytes: Uint8Array): AuditEntry {
  try {
    const entry = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (entry?.schema === 1 && typeof entry.actor?.role === 'string') return entry
  } catch (cause) {
    throw new AuditError('entry-malformed', 'the entry is not JSON', { cause })
  }
  throw new AuditError('entry-malformed', 'the entry is not of a known version')
}

/** What the columns beside an entry must hold. */
export function columnsOf(entry: AuditEntry): EntryColumns {
  return {
    at: entry.at,
    action: entry.action,
    actor: entry.actor.role,
    party: entry.actor.party ?? null,
    messageId: entry.message?.id ?? null,
    protocol: entry.protocol?.id ?? null,
    type: entry.message?.type ?? null,
    decision: entry.decision ?? null,
    code: entry.code ?? null,
    recipient: entry.recipient ?? null,
  }
}

function encodeEntry(entry: AuditEntry): Buffer {
  const bytes = Buffer.from(canonical(entry))
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new AuditError('entry-too-large', `an entry holds at most ${MAX_ENTRY_BYTES} bytes`)
  return bytes
}

function canonical(value: object): string {
  const text = canonicalOrThrow(value)
  assertNoNationalNumber(text)
  return text
}

function canonicalOrThrow(value: object): string {
  try {
    const text = canonicalize(value)
    if (text !== undefined) return text
  } catch (cause) {
    throw new AuditError('entry-malformed', 'the entry cannot be written as JSON', { cause })
  }
  throw new AuditError('entry-malformed', 'the entry cannot be written as JSON')
}
