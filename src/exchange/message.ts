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

interface NewMessage extends MessageColumns {
  id: string
  type: string
  party: string
  receivedAt: Date
  digest: string
  accepted: number
  refused: number
  code?: ErrorCode
}

/** Inserts a message. */
export async function insertMessage(tx: Tx, message: NewMessage): Promise<void> {
  await tx.query(
    `INSERT INTO message (id, type, protocol, protocol_version, protocol_digest, party_id, purpose,
       fields, domain, period, reference_date, target_group, in_reply_to, received_at, received_day,
       digest, accepted, refused, code, answer_state, answer_due_at, found)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
       ($14::timestamptz AT TIME ZONE 'UTC')::date, $15, $16, $17, $18,
       CASE WHEN $19::timestamptz IS NOT NULL THEN 'awaiting' END, $19, $20)`,
    [
      message.id,
      message.type,
      message.protocol?.id,
      message.protocol?.version,
      message.protocol?.digest,
      message.party,
      message.purpose,
      message.fields,
      message.domain,
      message.period,
      message.referenceDate,
      message.targetGroup && JSON.stringify(message.targetGroup),
      message.inReplyTo,
      message.receivedAt,
      message.digest,
      message.accepted,
      message.refused,
      message.code,
      message.accepted > 0 ? message.answerDueAt : undefined,
      message.found,
    ],
  )
}
