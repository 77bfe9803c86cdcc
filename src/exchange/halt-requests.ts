import { recordEntries } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import type { Refused } from '../protocol/decision.ts'
import { obstacleFor } from './obstacle.ts'

// The agreement or the accession was revoked, expired, or was replaced for good.
const ENDED = 'HB-306'

interface Pair {
  protocol: string
  party: string
}

/**
 * Ends what only waits under an agreement, or an accession to it, that ended: requests whose answer
 * would be refused, with the sealed rows kept for it, and closed periods whose number never goes out.
 */
export async function endOpenRequests(context: Context): Promise<void> {
  const { rows: pairs } = await context.pool.query<Pair>(
    `SELECT protocol, party_id AS party FROM message WHERE answer_state = 'awaiting'
     UNION SELECT protocol, party_id FROM period_close WHERE released_at IS NULL`,
  )
  const set = context.protocols.current()
  for (const pair of pairs) {
    const obstacle = obstacleFor(set, pair.protocol, pair.party, context.clock())
    if (obstacle?.code !== ENDED) continue
    await inTransaction(context.pool, async tx => {
      await endRequests(context, tx, pair, obstacle)
      await endPeriods(context, tx, pair, obstacle)
    })
  }
}

async function endRequests(
  context: Context,
  tx: Tx,
  { protocol, party }: Pair,
  obstacle: Refused,
): Promise<void> {
  const { rows } = await tx.query<{ id: string; type: string }>(END_REQUESTS, [
    protocol,
    party,
    ENDED,
  ])
  await recordEntries(
    tx,
    rows.map(message => ({ ...entry(context, obstacle), action: 'message.expired', message })),
  )
}

// Only what was delivered waits for an answer; what was not is withdrawn as a hand-over.
const END_REQUESTS = `
  WITH ended AS (
    UPDATE message m SET answer_state = 'expired', answer_code = $3
    WHERE protocol = $1 AND party_id = $2 AND answer_state = 'awaiting' AND EXISTS (
      SELECT FROM hand_over h WHERE h.message_id = m.id AND h.delivered_at IS NOT NULL)
    RETURNING id, type),
  erased AS (DELETE FROM detection_row r USING ended WHERE r.message_id = ended.id)
  SELECT id, type FROM ended`

async function endPeriods(
  context: Context,
  tx: Tx,
  { protocol, party }: Pair,
  obstacle: Refused,
): Promise<void> {
  const { rows } = await tx.query<{ period: string }>(
    `UPDATE period_close SET released_at = $3
     WHERE protocol = $1 AND party_id = $2 AND released_at IS NULL RETURNING period`,
    [protocol, party, context.clock()],
  )
  await recordEntries(
    tx,
    rows.map(details => ({
      ...entry(context, obstacle),
      action: 'message.withdrawn',
      recipient: party,
      reason: 'period-not-released',
      details,
    })),
  )
}

function entry(context: Context, { code, rule, protocol }: Refused): Omit<EntryDraft, 'action'> {
  return {
    at: context.clock(),
    actor: { role: 'gateway' },
    decision: 'refused',
    code,
    rule,
    ...(protocol && { protocol }),
  }
}
