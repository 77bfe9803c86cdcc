import type { Tx } from '../db/pool.ts'
import type { ErrorCode } from '../errors.ts'
import type { ProtocolReference } from '../protocol/lookup.ts'

/** What a message type knows of its message. */
export interface MessageColumns {
  protocol?: ProtocolReference
  purpose?: string
  fields?: string[]
  domain?: string
  /** YYYY-MM */
  period?: string
  referenceDate?: string
  targetGroup?: { id: string; version: string }
  inReplyTo?: string
  found?: number
  /** Set on a request that waits for an answer. */
  answerDueAt?: Date
  /** Digest of the request that an answer answers; goes into its receipt only. */
  answers?: string
}

/** A message as it is stored, once and for all. */
export interface NewMessage extends MessageColumns {
  id: string
  type: string
  party: string
  receivedAt: Date
  digest: string
  accepted: number
  refused: number
  receipt: string
  code?: ErrorCode
}

/** Inserts messages, in one statement. */
export async function insertMessages(tx: Tx, messages: readonly NewMessage[]): Promise<void> {
  const rows = messages.map(message => ({
    id: message.id,
    type: message.type,
    protocol: message.protocol?.id,
    protocol_version: message.protocol?.version,
    protocol_digest: message.protocol?.digest,
    party_id: message.party,
    purpose: message.purpose,
    fields: message.fields,
    domain: message.domain,
    period: message.period,
    reference_date: message.referenceDate,
    target_group: message.targetGroup,
    in_reply_to: message.inReplyTo,
    received_at: message.receivedAt,
    received_day: message.receivedAt.toISOString().slice(0, 10),
    digest: message.digest,
    accepted: message.accepted,
    refused: message.refused,
    code: message.code,
    receipt: message.receipt,
    answer_state: message.accepted > 0 && message.answerDueAt ? 'awaiting' : undefined,
    answer_due_at: message.accepted > 0 ? message.answerDueAt : undefined,
    found: message.found,
  }))
  await tx.query({ name: 'insert-messages', text: INSERT, values: [JSON.stringify(rows)] })
}

const COLUMNS = `id, type, protocol, protocol_version, protocol_digest, party_id, purpose, fields, domain,
  period, reference_date, target_group, in_reply_to, received_at, received_day, digest, accepted,
  refused, code, receipt, answer_state, answer_due_at, found`
const INSERT = `
  INSERT INTO message (${COLUMNS}) SELECT ${COLUMNS} FROM json_populate_recordset(NULL::message, $1)`
