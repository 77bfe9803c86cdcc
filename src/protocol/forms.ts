import type { SchemaId } from '../schemas.ts'
import type { DataElement, MessageType } from './document.ts'

/** How a message type looks on the wire: its schema, and which member holds the items. */
export interface Form {
  schema: SchemaId
  /** Member that holds the items; undefined where the message has none. */
  items: 'tenants' | 'items' | undefined
}

/** The named operations, by message type. Every other type has the general form only. */
const NAMED: Readonly<Record<string, Form>> = {
  'detection.request': { schema: 'detection-request', items: 'tenants' },
  'detection.answer': { schema: 'detection-answer', items: undefined },
  'feedback.reachability': { schema: 'feedback-request', items: 'items' },
  'feedback.progress': { schema: 'progress', items: undefined },
  'tenancy.ended': { schema: 'tenancies-ended', items: 'items' },
}

const GENERAL: Form = { schema: 'message-request', items: 'items' }

/** Members of a message that say what it is, not anything about a person. */
export const ENVELOPE: ReadonlySet<string> = new Set([
  ...['protocol', 'type', 'purpose', 'nonce', 'domain', 'inReplyTo', 'requestDigest'],
  ...['tenants', 'items'],
])

/** The form of a message type: that of its named operation, or the general one of /v1/messages. */
export function formOf(type: string, general = false): Form {
  return general || !Object.hasOwn(NAMED, type) ? GENERAL : (NAMED[type] ?? GENERAL)
}

/** What an item of a blind sender has in the place of its national number. */
export const BLIND = ['tag', 'secret', 'subjectTag'] as const

/**
 * The field whose national number a sender may replace by pseudonyms of its own making: that of a
 * request with one such field, and with none of the names that come in its place. Pure.
 * @param elements what the agreement lists for the type, under one purpose or any
 */
export function blindFieldOf(
  { pattern }: MessageType,
  elements: readonly DataElement[],
): string | undefined {
  const [number, another] = elements.filter(({ format }) => format === 'national-number')
  const taken = elements.some(({ field }) => (BLIND as readonly string[]).includes(field))
  return pattern === 'request' && !taken && !another ? number?.field : undefined
}

/** Whether names of fields are those of a blind sender; a tag alone is also what an event carries. */
export function areBlind(names: readonly string[]): boolean {
  return names.includes('secret') || names.includes('subjectTag')
}

/** Whether a message comes from a blind sender: an item of it has what only those send. */
export function isBlind(items: unknown): boolean {
  return Array.isArray(items) && items.some(hasPseudonym)
}

// Read plainly, for a message has a thousand items: JSON knows no undefined and inherits nothing.
function hasPseudonym(item: { secret?: unknown; subjectTag?: unknown } | null): boolean {
  return item?.secret !== undefined || item?.subjectTag !== undefined
}
