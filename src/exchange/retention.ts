import type { Context } from '../context.ts'
import { modalitiesOf } from '../protocol/lookup.ts'

const OUTCOME_DAYS = 30

/**
 * Erases what its protocol no longer lets the gateway keep: payloads once acknowledged, withdrawn or
 * some days after delivery; routes and the memberships of periods after their own retention; stored
 * outcomes after a month, when no retry comes any more.
 */
export async function eraseExpired(context: Context): Promise<void> {
  const set = context.protocols.current()
  const kept = [...set.protocols.keys()].flatMap(id => {
    const modalities = modalitiesOf(set, id)
    return modalities ? [{ id, ...modalities }] : []
  })
  const ids = kept.map(it => it.id)
  const at = context.clock()
  await context.pool.query(ERASE_PAYLOADS, [ids, kept.map(it => it.payloadRetentionDays), at])
  await context.pool.query('DELETE FROM route WHERE expires_at < $1', [at])
  await context.pool.query(
    `DELETE FROM period_member p USING unnest($1::text[], $2::int[]) AS k (protocol, days)
     WHERE p.protocol = k.protocol
       AND to_date(p.period, 'YYYY-MM') + interval '1 month' < $3::timestamptz - make_interval(days => k.days)`,
    [ids, kept.map(it => it.routeRetentionDays), at],
  )
  await context.pool.query(
    `DELETE FROM idempotency WHERE created_at < $1::timestamptz - make_interval(days => ${OUTCOME_DAYS})`,
    [at],
  )
}

const ERASE_PAYLOADS = `
  WITH kept AS (SELECT * FROM unnest($1::text[], $2::int[]) AS k (protocol, days)),
  over AS (
    SELECT h.id, h.message_id, h.feedback_id FROM hand_over h JOIN message m ON m.id = h.message_id
      JOIN kept k ON k.protocol = m.protocol
    WHERE h.kind = 'event' AND h.erased_at IS NULL AND h.with_id IS NULL AND (
      h.state IN ('withdrawn', 'expired') OR (h.state = 'delivered' AND (h.acknowledged_at IS NOT NULL
        OR h.delivered_at < $3::timestamptz - make_interval(days => k.days))))),
  results AS (DELETE FROM detection_result d USING over WHERE d.message_id = over.message_id),
  payloads AS (
    UPDATE feedback f SET content = NULL FROM over WHERE f.id = over.feedback_id),
  progress AS (
    DELETE FROM outgoing_item o USING over
    WHERE o.message_id = over.message_id AND o.feedback_id = over.feedback_id),
  numbers AS (DELETE FROM counts_item c USING over WHERE c.message_id = over.message_id)
  UPDATE hand_over h SET erased_at = $3 FROM over WHERE h.id = over.id`
