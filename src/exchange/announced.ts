import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/pool.ts'
import { entryOf, HAND_OVER_COLUMNS, type HandOver } from '../delivery/outbox.ts'
import { OBJECTION_WINDOW } from './precondition.ts'

/**
 * Lets go what waited for the end of its objection window, without those who objected. What a
 * suspension holds meanwhile stops at the claim.
 * @returns the destinations to wake
 */
export async function releaseAnnounced(context: Context): Promise<string[]> {
  return inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<HandOver>(
      `WITH over AS (
         SELECT id FROM hand_over WHERE state = 'held' AND reason = $1 AND due_at <= $2
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED),
       released AS (
         UPDATE hand_over h SET state = 'queued', reason = NULL, due_at = now()
         FROM over WHERE h.id = over.id RETURNING h.*)
       SELECT ${HAND_OVER_COLUMNS} FROM released h JOIN message m ON m.id = h.message_id`,
      [OBJECTION_WINDOW, context.clock()],
    )
    await recordEntries(
      tx,
      rows.map(row => ({ ...entryOf(context, row, 'message.resumed'), reason: OBJECTION_WINDOW })),
    )
    return [...new Set(rows.map(row => row.destination))]
  })
}
