import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/pool.ts'
import { endOverlaps } from '../delivery/webhook-secrets.ts'
import { type Agreement, isAgreement } from '../protocol/document.ts'

const OUTCOME_DAYS = 30

/**
 * Erases what its protocol no longer lets the gateway keep: payloads once acknowledged, withdrawn or
 * some days after delivery; routes and the memberships of periods after their own retention; signed
 * participations with the route of their person; stored outcomes after a month, when no retry comes
 * any more. A withdrawal of a participation and an objection protect the person: they stay, without
 * the document, until the retention after the end of the agreement is over.
 */
export async function eraseExpired(context: Context): Promise<void> {
  const set = context.protocols.current()
  const loaded = [...set.protocols.values()].filter(isAgreement).map(keptUnder)
  const { rows } = await context.pool.query<LoadedAgreement>(GONE, [loaded.map(it => it.id)])
  const kept = [...loaded, ...rows.map(keptUnder)]
  const ids = kept.map(it => it.id)
  const at = context.clock()
  await expireUndelivered(context, kept)
  await context.pool.query(ERASE_PAYLOADS, [ids, kept.map(it => it.payloadRetentionDays), at])
  await context.pool.query(ERASE_UNSENT)
  await context.pool.query('DELETE FROM route WHERE expires_at < $1', [at])
  await context.pool.query(ERASE_PARTICIPATIONS)
  await dropPartitions(context)
  await endOverlaps(context)
  for (const table of ['participation', 'objection']) {
    await context.pool.query(
      `DELETE FROM ${table} p USING unnest($1::text[], $2::date[], $3::int[]) AS k (protocol, until, days)
       WHERE p.protocol = k.protocol AND k.until + k.days < $4::timestamptz AND ${WITHOUT_ROUTE}`,
      [ids, kept.map(it => it.until), kept.map(it => it.routeRetentionDays), at],
    )
  }
  // Counts that were released are held against each other for as long as the agreement has data.
  await context.pool.query(
    `DELETE FROM release r USING unnest($1::text[], $2::date[], $3::int[]) AS k (protocol, until, days)
     WHERE r.protocol = k.protocol AND k.until + k.days < $4::timestamptz`,
    [ids, kept.map(it => it.until), kept.map(it => it.routeRetentionDays), at],
  )
  await context.pool.query(
    `DELETE FROM period_member p USING unnest($1::text[], $2::int[]) AS k (protocol, days)
     WHERE p.protocol = k.protocol
       AND p.period < to_char($3::timestamptz - make_interval(days => k.days), 'YYYY-MM')`,
    [ids, kept.map(it => it.routeRetentionDays), at],
  )
  await context.pool.query(
    `DELETE FROM idempotency WHERE created_at < $1::timestamptz - make_interval(days => ${OUTCOME_DAYS})`,
    [at],
  )
}

/**
 * Drops the partitions whose retention is over, with an entry that names them. The database knows which
 * those are, by its own clock; where somebody reads in one for long, the next round tries again.
 */
async function dropPartitions({ pool, clock }: Pick<Context, 'pool' | 'clock'>): Promise<void> {
  await inTransaction(pool, async tx => {
    const { rows } = await tx.query<{ name: string }>('SELECT drop_partitions() AS name')
    const entry = { action: 'retention.dropped', at: clock(), actor: { role: 'gateway' } } as const
    await recordEntries(
      tx,
      rows.map(({ name }) => ({ ...entry, reason: name })),
    )
  })
}

// What was withdrawn before it left: the transaction that withdrew it erases it, this is the net.
const ERASE_UNSENT = `
  DELETE FROM outgoing_item o USING hand_over h
  WHERE h.message_id = o.message_id AND h.domain = o.domain AND h.kind = 'items'
    AND h.state IN ('delivered', 'withdrawn', 'expired')`

const WITHOUT_ROUTE = `NOT EXISTS (
  SELECT FROM route r JOIN domain d ON d.name = r.domain
  WHERE d.protocol = p.protocol AND r.party_id = p.party_id AND r.subject_tag = p.subject_tag)`

const ERASE_PARTICIPATIONS = `
  WITH over AS (DELETE FROM participation p WHERE p.withdrawn_on IS NULL AND ${WITHOUT_ROUTE})
  UPDATE participation p SET document = NULL
  WHERE p.withdrawn_on IS NOT NULL AND p.document IS NOT NULL AND ${WITHOUT_ROUTE}`

const MAX_EXPIRING = 5_000

/**
 * What nobody took for as long as its routes are kept expires: parked calls and events that nobody
 * looked at would keep what they say of persons for good. Requests have the end of their answer window.
 */
async function expireUndelivered(
  context: Context,
  kept: ReturnType<typeof keptUnder>[],
): Promise<void> {
  const at = context.clock()
  await inTransaction(context.pool, async tx => {
    const { rows } = await tx.query<{ message: { id: string; type: string }; items: number }>(
      EXPIRE_UNDELIVERED,
      [kept.map(it => it.id), kept.map(it => it.routeRetentionDays), at],
    )
    await recordEntries(
      tx,
      rows.map(({ message, items }) => ({
        action: 'message.expired' as const,
        at,
        actor: { role: 'gateway' },
        message,
        counts: { items },
        code: 'HB-508',
      })),
    )
  })
}

const EXPIRE_UNDELIVERED = `
  WITH kept AS (SELECT * FROM unnest($1::text[], $2::int[]) AS k (protocol, days)),
  old AS (
    SELECT h.id, m.type FROM hand_over h JOIN message m ON m.id = h.message_id
      JOIN kept k ON k.protocol = m.protocol
    WHERE h.state IN ('queued', 'retrying', 'held', 'parked') AND h.kind <> 'request'
      AND h.delivered_at IS NULL AND (h.claimed_until IS NULL OR h.claimed_until < now())
      AND h.created_at < $3::timestamptz - make_interval(days => k.days)
    ORDER BY h.id LIMIT ${MAX_EXPIRING} FOR NO KEY UPDATE OF h SKIP LOCKED),
  expired AS (
    UPDATE hand_over h SET state = 'expired', reason = 'HB-508', claimed_until = NULL
    FROM old WHERE h.id = old.id RETURNING h.message_id, h.feedback_id, h.items, old.type),
  closed AS (
    UPDATE exception e SET closed_at = $3 FROM expired
    WHERE e.feedback_id = expired.feedback_id AND e.closed_at IS NULL)
  SELECT json_build_object('id', message_id, 'type', type) AS message, items FROM expired`

interface LoadedAgreement {
  id: string
  document: Agreement
}

function keptUnder({ id, document }: LoadedAgreement) {
  const { payloadRetentionDays, routeRetentionDays } = document.modalities
  return { id, payloadRetentionDays, routeRetentionDays, until: document.duration.until }
}

// A document that is taken away, or cannot be read, is no ground to keep data longer than it said.
const GONE = `
  SELECT DISTINCT ON (id) id, document FROM protocol_version
  WHERE id <> ALL($1) AND jsonb_typeof(document -> 'modalities' -> 'payloadRetentionDays') = 'number'
    AND jsonb_typeof(document -> 'modalities' -> 'routeRetentionDays') = 'number'
  ORDER BY id, seen_at DESC`

const ERASE_PAYLOADS = `
  WITH kept AS (SELECT * FROM unnest($1::text[], $2::int[]) AS k (protocol, days)),
  over AS (
    SELECT h.id, h.message_id, h.feedback_id, h.counted
    FROM hand_over h JOIN message m ON m.id = h.message_id JOIN kept k ON k.protocol = m.protocol
    WHERE h.kind = 'event' AND h.erased_at IS NULL AND h.with_id IS NULL AND (
      h.state IN ('withdrawn', 'expired') OR (h.state = 'delivered' AND (h.acknowledged_at IS NOT NULL
        OR h.delivered_at < $3::timestamptz - make_interval(days => k.days))))),
  results AS (DELETE FROM detection_result d USING over WHERE d.message_id = over.message_id),
  payloads AS (
    UPDATE feedback f SET content = NULL FROM over WHERE f.id = over.feedback_id AND over.counted),
  progress AS (
    DELETE FROM outgoing_item o USING over
    WHERE o.message_id = over.message_id AND o.feedback_id = over.feedback_id AND over.counted),
  numbers AS (DELETE FROM counts_item c USING over WHERE c.message_id = over.message_id)
  UPDATE hand_over h SET erased_at = $3 FROM over WHERE h.id = over.id`
