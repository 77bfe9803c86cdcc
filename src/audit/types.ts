/** Everything the gateway records. A new kind is added, none is renamed or reused. */
export const ENTRY_ACTIONS = [
  'message.accepted',
  'message.refused',
  'message.forwarding',
  'message.delivered',
  'message.retrying',
  'message.parked',
  'message.replay-failed',
  'message.held',
  'message.resumed',
  'message.expired',
  'message.withdrawn',
  'message.answered',
  'feedback.progress',
  'feedback.overdue',
  'counts.released',
  'tenancy.ended',
  'period.closed',
  'protocol.in-force',
  'protocol.changed',
  'protocol.suspended',
  'protocol.resumed',
  'protocol.broken',
  'protocol.signed',
  'key.created',
  'key.ready',
  'key.rotated',
  'key.closed',
  'key.rewrapped',
  'key.moved',
  'quota.used',
  'quota.refused',
  'quota.granted',
  'quota.burst',
  'quota.reviewed',
  'access.token',
  'access.refused',
  'console.signed-in',
  'console.session-ended',
  'console.viewed',
  'console.verified',
  'party.added',
  'party.changed',
  'party.disabled',
  'webhook.changed',
  'exception.opened',
  'exception.closed',
  'exception.reviewed',
  'program.started',
  'program.stopped',
  'balance.daily',
  'subject.requested',
  'subject.extended',
  'subject.answered',
  'subject.searched',
  'subject.restricted',
  'subject.released',
  'subject.erased',
  'audit.read',
  'audit.exported',
  'report.made',
  'approval.asked',
  'approval.given',
  'approval.refused',
  'disclosure.stopped',
  'disclosure.resumed',
  'log.unwitnessed',
  'log.recovered',
  'retention.dropped',
] as const
export type EntryAction = (typeof ENTRY_ACTIONS)[number]

/** Who did it: an organisation or person by id and role; `client` is the client or session used. */
export interface Actor {
  party?: string
  role: string
  client?: string
}

/** What an entry says in the open. No value of a payload, no name, no national number. */
interface Statement {
  action: EntryAction
  actor: Actor
  message?: { id: string; type: string }
  /** The document that decided; `digest` is its RFC 8785 SHA-256, base64url. */
  protocol?: { id: string; version: string; digest: string }
  purpose?: string
  /** Names of the fields that moved. */
  fields?: string[]
  counts?: Record<string, number>
  recipient?: string
  decision?: 'allowed' | 'refused'
  /** Article of the protocol, or schema, that decided. */
  rule?: string
  /** Code of the error table. */
  code?: string
  /** A reason as a code or a short phrase of our own; words of a person belong in details. */
  reason?: string
}

/** What a part hands over to be recorded. */
export interface EntryDraft extends Statement {
  at: Date
  /** Kept beside the log, erasable; the entry holds the salted digest. */
  details?: Record<string, unknown>
  /** Subject tags, 16 bytes each; kept beside the log, erasable. */
  subjects?: Uint8Array[]
}

/** An entry as it is in the log: schemas/audit-entry.json, version 1. */
export interface AuditEntry extends Statement {
  schema: 1
  /** 16 random bytes, base64url. */
  id: string
  /** RFC 3339 UTC, milliseconds. */
  at: string
  /** SHA-256(salt32 || details), base64url. */
  details?: string
  /** How many persons it is about, and the Merkle root over their salted commitments. */
  subjects?: { count: number; root: string }
}
