import type { Caller } from '../access/operations.ts'
import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { modalitiesOf, referenceOf } from '../protocol/lookup.ts'
import { type Overlap, releaseCount } from '../report/disclosure.ts'
import type { PeriodPlace } from './detection-store.ts'

/**
 * Closes a request period of one housing company: no further request is accepted for it, and its
 * one number is released once every request is answered or expired. Closing twice is closing once.
 */
export async function closePeriod(
  context: Context,
  caller: Caller,
  protocol: string,
  period: string,
): Promise<void> {
  const reference = referenceOf(context.protocols.current(), protocol)
  if (!reference) throw refuse('HB-301', '/protocol', 'GET /v1/protocols')
  await inTransaction(context.pool, async tx => {
    if (!(await close(tx, { protocol, party: caller.party, period }, context.clock()))) return
    await recordEntry(tx, {
      action: 'period.closed',
      at: context.clock(),
      actor: { party: caller.party, role: caller.kind },
      protocol: reference,
      details: { period },
    })
  })
}

async function close(tx: Tx, place: PeriodPlace, at: Date): Promise<boolean> {
  const { protocol, party, period } = place
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `period ${protocol} ${party} ${period}`,
  ])
  const { rowCount } = await tx.query(
    `INSERT INTO period_close (protocol, party_id, period, closed_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [protocol, party, period, at],
  )
  return rowCount === 1
}

/** Closes the periods that nobody closed, some days after their month (modalities.periodClosesAfterDays). */
export async function closeOldPeriods(context: Context): Promise<void> {
  const { rows } = await context.pool.query<{ protocol: string; party_id: string; period: string }>(
    `SELECT DISTINCT protocol, party_id, period FROM message m
     WHERE type = 'detection.request' AND accepted > 0 AND period < to_char($1::timestamptz, 'YYYY-MM')
       AND NOT EXISTS (SELECT FROM period_close c WHERE c.protocol = m.protocol
         AND c.party_id = m.party_id AND c.period = m.period)`,
    [context.clock()],
  )
  for (const row of rows) {
    const days = modalitiesOf(context.protocols.current(), row.protocol)?.periodClosesAfterDays
    if (days === undefined || context.clock() < endOf(row.period, days)) continue
    const place = { protocol: row.protocol, party: row.party_id, period: row.period }
    await inTransaction(context.pool, async tx => {
      if (!(await close(tx, place, context.clock()))) return
      await recordEntry(tx, {
        action: 'period.closed',
        at: context.clock(),
        actor: { role: 'gateway' },
        recipient: place.party,
        details: { period: place.period },
      })
    })
  }
}

function endOf(period: string, days: number): Date {
  const [year = 0, month = 0] = period.split('-').map(Number)
  return new Date(Date.UTC(year, month, 1 + days))
}

/**
 * Releases the number of each closed period whose requests are all answered or expired: one number
 * over distinct tenants, through disclosure control, carried by one event; the answers it sums are
 * delivered with it.
 * @returns the housing companies to wake
 */
export async function releasePeriods(context: Context): Promise<string[]> {
  const { rows } = await context.pool.query<{ protocol: string; party_id: string; period: string }>(
    `SELECT protocol, party_id, period FROM period_close c WHERE released_at IS NULL
       AND NOT EXISTS (SELECT FROM message m WHERE m.protocol = c.protocol AND m.party_id = c.party_id
         AND m.period = c.period AND m.answer_state = 'awaiting')`,
  )
  for (const row of rows) {
    const place = { protocol: row.protocol, party: row.party_id, period: row.period }
    await inTransaction(context.pool, tx => release(context, tx, place))
  }
  return rows.map(row => row.party_id)
}

async function release(context: Context, tx: Tx, place: PeriodPlace): Promise<void> {
  const { protocol, party, period } = place
  const { rowCount } = await tx.query(
    `SELECT FROM period_close WHERE protocol = $1 AND party_id = $2 AND period = $3
       AND released_at IS NULL FOR UPDATE`,
    [protocol, party, period],
  )
  if (rowCount === 0) return
  const set = context.protocols.current()
  const threshold = modalitiesOf(set, protocol)?.countsThreshold ?? 5
  const answered = await sumAnswers(tx, place)
  const overlap = await compareWithPrevious(tx, place)
  const { found, suppressed } = releaseCount(answered.found, answered.tenants, threshold, overlap)
  await tx.query(
    `UPDATE period_close SET released_at = $4, tenants = $5, found = $6
     WHERE protocol = $1 AND party_id = $2 AND period = $3`,
    [protocol, party, period, context.clock(), answered.tenants, found],
  )
  await tx.query(PROMOTE, [protocol, party, period])
  const reference = referenceOf(set, protocol)
  await recordEntry(tx, {
    action: 'counts.released',
    at: context.clock(),
    actor: { role: 'gateway' },
    recipient: party,
    ...(reference && { protocol: reference }),
    rule: `threshold ${threshold}`,
    details: { period, suppressed },
  })
}

async function sumAnswers(tx: Tx, place: PeriodPlace): Promise<{ tenants: number; found: number }> {
  const { rows } = await tx.query<{ tenants: number; found: number }>(
    `SELECT coalesce(sum(q.accepted), 0)::int AS tenants, coalesce(sum(a.found), 0)::int AS found
     FROM message q JOIN message a ON a.in_reply_to = q.id AND a.accepted > 0
     WHERE q.protocol = $1 AND q.party_id = $2 AND q.period = $3 AND q.type = 'detection.request'`,
    [place.protocol, place.party, place.period],
  )
  return rows[0] ?? { tenants: 0, found: 0 }
}

/** How the period's group differs from that of the latest released one; undefined where there is none. */
async function compareWithPrevious(tx: Tx, place: PeriodPlace): Promise<Overlap | undefined> {
  const { rows } = await tx.query<Overlap>(
    `WITH previous AS (
       SELECT period FROM period_close WHERE protocol = $1 AND party_id = $2 AND period <> $3
         AND released_at IS NOT NULL ORDER BY period DESC LIMIT 1),
     now AS (SELECT subject_tag FROM period_member
       WHERE protocol = $1 AND party_id = $2 AND period = $3),
     before AS (SELECT subject_tag FROM period_member
       WHERE protocol = $1 AND party_id = $2 AND period = (SELECT period FROM previous))
     SELECT count(*) FILTER (WHERE b.subject_tag IS NULL)::int AS added,
       count(*) FILTER (WHERE n.subject_tag IS NULL)::int AS removed
     FROM now n FULL JOIN before b USING (subject_tag) WHERE EXISTS (SELECT FROM previous)`,
    [place.protocol, place.party, place.period],
  )
  const [overlap] = rows
  return overlap && overlap.added + overlap.removed > 0 ? overlap : undefined
}

// The first held answer carries the event; the others go with it.
const PROMOTE = `
  WITH held AS (
    SELECT h.id FROM hand_over h JOIN message a ON a.id = h.message_id
      JOIN message q ON q.id = a.in_reply_to
    WHERE q.protocol = $1 AND q.party_id = $2 AND q.period = $3
      AND h.state = 'held' AND h.reason = 'period-open' ORDER BY h.id FOR UPDATE OF h),
  carrier AS (SELECT min(id) AS id FROM held),
  followers AS (
    UPDATE hand_over SET with_id = carrier.id, reason = 'with-release' FROM carrier, held
    WHERE hand_over.id = held.id AND held.id <> carrier.id)
  UPDATE hand_over SET state = 'queued', reason = NULL, due_at = now()
  FROM carrier WHERE hand_over.id = carrier.id`
