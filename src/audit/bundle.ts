import type { Queryable } from '../db/pool.ts'
import type { EvidenceBundle } from '../schemas.generated.ts'
import { proofOfEntry } from './log-proof.ts'
import { latestCheckpoint } from './log-read.ts'
import { formatProof } from './proof-file.ts'

export type { EvidenceBundle }

/** What the log holds of a message, with proofs that all lead to one checkpoint. */
export type LoggedMessage = Pick<EvidenceBundle, 'checkpoint' | 'entries'>

/**
 * Every entry of a message with its proof, from the log as last published.
 * @returns how many entries wait for their place in it, where any does; no `entries` then
 */
export async function proveEntries(
  db: Queryable,
  messageId: string,
): Promise<LoggedMessage | { waiting: number }> {
  // Read before the entries: what gets its place in between is counted as waiting, never missed.
  const pending = await db.query<{ waiting: number }>(
    'SELECT count(*)::int AS waiting FROM audit_pending WHERE message_id = $1',
    [messageId],
  )
  const checkpoint = await latestCheckpoint(db)
  const { rows } = await db.query<{ index: number; entry: Buffer }>(
    'SELECT index, entry FROM audit_entry WHERE message_id = $1 ORDER BY index',
    [messageId],
  )
  const unsigned = rows.filter(({ index }) => index >= (checkpoint?.size ?? 0)).length
  const waiting = (pending.rows[0]?.waiting ?? 0) + unsigned
  if (waiting > 0 || !checkpoint) return { waiting }
  const entries: EvidenceBundle['entries'] = []
  for (const { index, entry } of rows) {
    const proof = formatProof(await proofOfEntry(db, index, checkpoint))
    entries.push({ index, entry: entry.toString('base64'), proof })
  }
  return { checkpoint: checkpoint.note, entries }
}

/** The entry that decides on a message: what its receipt commits to is one of these. */
export function isDecision(action: string): boolean {
  return ['message.accepted', 'message.refused', 'period.closed'].includes(action)
}
