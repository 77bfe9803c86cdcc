import { createHash } from 'node:crypto'
import type { Caller } from '../access/operations.ts'
import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import {
  agreementOf,
  modalitiesOf,
  type ProtocolReference,
  referenceOf,
} from '../protocol/lookup.ts'
import { suspendedBetween } from '../protocol/pause.ts'
import { type Overlap, type ReleasedCount, releaseCount } from '../report/disclosure/noise.ts'
import { releaseTable, withholdingOf } from '../report/release.ts'
import { freshNoise } from './noise.ts'
import { obstacleFor } from './obstacle.ts'
import { signReceipt } from './receipt.ts'
import { type PeriodPlace, periodLock } from './request-store.ts'
import { assertBound } from './token-binding.ts'

/** What makes a receipt of a close: who asked, with which bytes, when. */
export interface CloseCall {
  caller: Caller
  raw: Buffer
  at: Date
}

/** The type that a receipt and an entry of a close name; no protocol lists it. */
const CLOSE_TYPE = 'period.close'

/**
 * Closes a request period of one housing company: no further request is accepted for it, and its
 * one number is released once every request is answered or expired. Closing twice is closing once,
 * and gives the receipt of the first time; there is none where the time of the protocol closed it.
 * @throws Refusal HB-123 where the protocol asks for a bound token, HB-301
 */
export async function closePeriod(
  context: Context,
  call: CloseCall,
  protocol: string,
  period: string,
): Promise<{ messageId: string; receipt: string } | undefined> {
  const set = context.protocols.current()
  const reference = referenceOf(set, protocol)
  const agreement = agreementOf(set, protocol)
  if (!reference || !agreement) throw refuse('HB-301', '/protocol', 'GET /v1/protocols')
  assertBound(call, agreement.document)
  const place = { protocol, party: call.caller.party, period }
  await assertHasRequests(context, place)
  return inTransaction(context.pool, async tx => {
    if (!(await close(tx, place, call.at))) return findCloseReceipt(tx, place)
    return receiptClose(context, tx, call, place, reference)
  })
}

async function receiptClose(
  context: Context,
  tx: Tx,
  { caller, raw, at }: CloseCall,
  { protocol, party, period }: PeriodPlace,
  reference: ProtocolReference,
): Promise<{ messageId: string; receipt: string }> {
  const messageId = newId('msg', at)
  const { commitment } = await recordEntry(tx, {
    action: 'period.closed',
    at,
    actor: { party, role: caller.kind },
    message: { id: messageId, type: CLOSE_TYPE },
    protocol: reference,
    details: { period },
  })
  // The body holds a protocol and a month, nothing of a person: its digest needs no nonce.
  const digest = createHash('sha256').update(raw).digest('base64url')
  const receipted = {
    ...{ messageId, type: CLOSE_TYPE, party, at, digest, accepted: true },
    protocol: reference,
    entryCommitment: commitment,
  }
  const receipt = await signReceipt(context, receipted, tx)
  await tx.query(
    `UPDATE period_close SET message_id = $4, receipt = $5
     WHERE protocol = $1 AND party_id = $2 AND period = $3`,
    [protocol, party, period, messageId, receipt],
  )
  return { messageId, receipt }
}

async function findCloseReceipt(
  tx: Tx,
  { protocol, party, period }: PeriodPlace,
): Promise<{ messageId: string; receipt: string } | undefined> {
  const { rows } = await tx.query<{ messageId: string; receipt: string }>(
    `SELECT message_id AS "messageId", receipt FROM period_close
     WHERE protocol = $1 AND party_id = $2 AND period = $3 AND receipt IS NOT NULL`,
    [protocol, party, period],
  )
  return rows[0]
}

// A period without requests has nothing to count, and a later one may still come.
async function assertHasRequests(context: Context, place: PeriodPlace): Promise<void> {
  const { rowCount } = await context.pool.query(
    `SELECT FROM message WHERE protocol = $1 AND party_id = $2 AND period = $3
       AND in_reply_to IS NULL AND accepted > 0 LIMIT 1`,
    [place.protocol, place.party, place.period],
  )
  if (rowCount) return
  const remedy = 'Close a period for which requests were accepted.'
  throw refuse('HB-202', '/period', 'a period with accepted requests', remedy)
}

async function close(tx: Tx, place: PeriodPlace, at: Date): Promise<boolean> {
  const { protocol, party, period } = place
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [periodLock(place)])
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
     WHERE in_reply_to IS NULL AND accepted > 0 AND period < to_char($1::timestamptz, 'YYYY-MM')
       AND NOT EXISTS (SELECT FROM period_close c WHERE c.protocol = m.protocol
         AND c.party_id = m.party_id AND c.period = m.period)`,
    [context.clock()],
  )
  for (const row of rows) {
    const days = modalitiesOf(context.protocols.current(), row.protocol)?.periodClosesAfterDays
    const at = context.clock()
    if (days === undefined) continue
    const ended = endOf(row.period, 0)
    // A suspended housing company could not send: its month stays open for as long.
    const set = context.protocols.current()
    const paused = suspendedBetween(set, row.protocol, row.party_id, ended, at)
    if (at.getTime() < endOf(row.period, days).getTime() + paused) continue
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
  // While it is suspended a number waits; where the agreement ended none comes any more.
  const set = context.protocols.current()
  const open = rows.filter(row => !obstacleFor(set, row.protocol, row.party_id, context.clock()))
  for (const row of open) {
    const place = { protocol: row.protocol, party: row.party_id, period: row.period }
    await inTransaction(context.pool, tx => release(context, tx, place))
  }
  return open.map(row => row.party_id)
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
  const at = context.clock()
  if (modalitiesOf(set, protocol)?.granularity === 'person') {
    await markReleased(tx, place, at)
    return
  }
  const threshold = modalitiesOf(set, protocol)?.countsThreshold ?? 5
  const answered = await sumAnswers(tx, place)
  const overlaps = await compareWithReleased(tx, place)
  const noise = freshNoise(threshold)
  const released = releaseCount(answered.found, answered.tenants, threshold, noise, overlaps)
  const found = await releaseFound(context, tx, place, at, released)
  await markReleased(tx, place, at, { tenants: answered.tenants, found })
  await tx.query(PROMOTE, [protocol, party, period, newId('del', at), EVENTS.answered, at])
}

/**
 * The number as a cell of the table of all months, quarters and years, held against what was released of
 * those. Only the number with its noise gets there, so that nothing it decides, and no time it takes,
 * says more of one person than that noise lets through (invariant 8).
 * @returns what the housing company is told; undefined where it is hidden or nothing can be released
 */
async function releaseFound(
  context: Context,
  tx: Tx,
  { protocol, party, period }: PeriodPlace,
  at: Date,
  { about, suppressed }: ReleasedCount,
): Promise<number | undefined> {
  const dims = { party, month: period }
  const table = await releaseTable(tx, context.protocols.current(), {
    ...{ protocol, table: 'detection-found', period, within: { party }, recipient: party, at },
    by: { role: 'gateway' },
    counts: [{ dims, count: about, withheld: suppressed }],
  }).catch((error): undefined => void withholdingOf(error))
  return table?.cells[0]?.value
}

async function markReleased(
  tx: Tx,
  place: PeriodPlace,
  at: Date,
  number: { tenants?: number; found?: number | undefined } = {},
): Promise<void> {
  await tx.query(
    `UPDATE period_close SET released_at = $4, tenants = $5, found = $6
     WHERE protocol = $1 AND party_id = $2 AND period = $3`,
    [place.protocol, place.party, place.period, at, number.tenants, number.found],
  )
}

async function sumAnswers(tx: Tx, place: PeriodPlace): Promise<{ tenants: number; found: number }> {
  const { rows } = await tx.query<{ tenants: number; found: number }>(
    `SELECT coalesce(sum(h.items), 0)::int AS tenants, coalesce(sum(a.found), 0)::int AS found
     FROM message q JOIN message a ON a.in_reply_to = q.id AND a.found IS NOT NULL AND a.accepted > 0
       JOIN hand_over h ON h.message_id = q.id AND h.kind = 'request'
     WHERE q.protocol = $1 AND q.party_id = $2 AND q.period = $3 AND q.in_reply_to IS NULL
       AND NOT EXISTS (SELECT FROM hand_over w WHERE w.message_id = a.id AND w.state = 'withdrawn')`,
    [place.protocol, place.party, place.period],
  )
  return rows[0] ?? { tenants: 0, found: 0 }
}

/** How the period's group differs from those of all released ones: the smallest difference that is one. */
async function compareWithReleased(tx: Tx, place: PeriodPlace): Promise<Overlap[]> {
  const { rows } = await tx.query<Overlap>(
    `WITH member AS (SELECT period, subject_tag FROM period_member WHERE protocol = $1 AND party_id = $2),
     now AS (SELECT subject_tag FROM member WHERE period = $3)
     SELECT (SELECT count(*) FROM now n WHERE NOT EXISTS (SELECT FROM member b
         WHERE b.period = c.period AND b.subject_tag = n.subject_tag))::int AS added,
       (SELECT count(*) FROM member b WHERE b.period = c.period AND NOT EXISTS (SELECT FROM now n
         WHERE n.subject_tag = b.subject_tag))::int AS removed
     FROM period_close c WHERE c.protocol = $1 AND c.party_id = $2 AND c.period <> $3
       AND c.released_at IS NOT NULL AND c.found IS NOT NULL`,
    [place.protocol, place.party, place.period],
  )
  return rows
}

// One event carries the number; the held answers are delivered with it. Its id, time and message are
// its own, so that they tell nothing of when which request was answered.
const PROMOTE = `
  WITH held AS (
    SELECT h.id FROM hand_over h JOIN message a ON a.id = h.message_id
      JOIN message q ON q.id = a.in_reply_to
    WHERE q.protocol = $1 AND q.party_id = $2 AND q.period = $3
      AND h.state = 'held' AND h.reason = 'period-open' FOR NO KEY UPDATE OF h),
  carrier AS (
    INSERT INTO hand_over (id, message_id, destination, kind, event, counted, items, state, due_at, created_at)
    SELECT $4, max(id), $2, 'event', $5, false, 0, 'queued', now(), $6 FROM message
    WHERE protocol = $1 AND party_id = $2 AND period = $3 AND in_reply_to IS NULL AND accepted > 0
    RETURNING id)
  UPDATE hand_over h SET with_id = carrier.id, reason = 'with-release'
  FROM carrier, held WHERE h.id = held.id`
