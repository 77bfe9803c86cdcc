import type { SchemaId } from '../schemas.ts'

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
