import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'

const KIND = 'webhook-gone'

/**
 * Sends nothing more to a webhook that answered 410, unless it was changed meanwhile: its events wait in
 * the inbox, or until it is set again. Its owner sees it at GET /v1/webhook, the privacy officer as an
 * exception.
 * @param url the address that answered so
 */
export async function disableWebhook(
  context: Pick<Context, 'clock' | 'log'>,
  tx: Tx,
  party: string,
  url: string,
): Promise<void> {
  const at = context.clock()
  const { rowCount } = await tx.query(
    `WITH ended AS (
       UPDATE webhook SET disabled_at = $3
       WHERE party_id = $1 AND url = $2 AND disabled_at IS NULL RETURNING party_id)
     INSERT INTO exception (kind, parties, opened_at) SELECT '${KIND}', ARRAY[party_id], $3 FROM ended`,
    [party, url, at],
  )
  if (rowCount === 0) return
  context.log.warn('a webhook answered 410 and gets nothing more', { destination: party })
  await recordEntry(tx, {
    action: 'webhook.changed',
    at,
    actor: { role: 'gateway' },
    recipient: party,
    reason: 'gone',
  })
}

/** Ends the exception and the pause of a webhook that its party set again or removed. */
export async function forgetTrouble(tx: Tx, party: string, at: Date): Promise<void> {
  await tx.query(
    `WITH ended AS (
       DELETE FROM circuit WHERE party_id = $1 AND channel = 'webhook')
     UPDATE exception SET closed_at = $2
     WHERE kind = '${KIND}' AND parties = ARRAY[$1] AND closed_at IS NULL`,
    [party, at],
  )
}
