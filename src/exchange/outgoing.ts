import type { Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'

/** A person on the way out by the tag: the fields that the protocol lists, under one domain. */
export interface OutgoingItem {
  domain: string
  tag: Uint8Array
  subjectTag: Uint8Array
  /** What progress refers to; absent where none is expected. */
  feedbackId?: string
  content: Record<string, string>
  /** Names a person of another item once more, by a former tag: no item of the message. */
  repeats?: boolean
}

/** Stores the items of a message until they are delivered. */
export async function insertOutgoing(
  tx: Tx,
  messageId: string,
  items: readonly OutgoingItem[],
): Promise<void> {
  await tx.query(
    `INSERT INTO outgoing_item (message_id, position, domain, tag, subject_tag, feedback_id, content)
     SELECT $1, ordinality, domain, tag, subject_tag, feedback_id, content
     FROM unnest($2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::jsonb[]) WITH ORDINALITY
       AS i (domain, tag, subject_tag, feedback_id, content, ordinality)`,
    [
      messageId,
      items.map(item => item.domain),
      items.map(item => item.tag),
      items.map(item => item.subjectTag),
      items.map(item => item.feedbackId ?? null),
      items.map(item => JSON.stringify(item.content)),
    ],
  )
}

interface Call {
  messageId: string
  destination: string
  at: Date
  /** The end of an objection window, where there is one, and the reason to hold until then. */
  held?: { until: Date; reason: string } | undefined
}

/** One call to the employment service for each domain: tags of two domains do not mix. */
export async function insertCalls(
  tx: Tx,
  { messageId, destination, at, held }: Call,
  items: readonly OutgoingItem[],
): Promise<void> {
  const domains = [...Map.groupBy(items, item => item.domain)]
  await tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, domain, items, repeats, state, reason,
       due_at, created_at)
     SELECT d.id, $1, $2, 'items', d.domain, d.items, d.repeats,
       CASE WHEN $4::timestamptz IS NULL THEN 'queued' ELSE 'held' END, $5, coalesce($4, now()), $3
     FROM unnest($6::text[], $7::text[], $8::int[], $9::int[]) AS d (id, domain, items, repeats)`,
    [
      messageId,
      destination,
      at,
      held?.until,
      held?.reason,
      domains.map(() => newId('del', at)),
      domains.map(([domain]) => domain),
      domains.map(([, group]) => group.filter(item => !item.repeats).length),
      domains.map(([, group]) => group.filter(item => item.repeats).length),
    ],
  )
}
