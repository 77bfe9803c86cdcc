import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { entryOf, HAND_OVER_COLUMNS, type HandOver } from '../delivery/outbox.ts'
import { decideAgain } from '../delivery/recheck.ts'
import { newId } from '../ids.ts'
import { suspendedBetween } from '../protocol/pause.ts'
import { closeOldPeriods, releasePeriods } from './period.ts'
import { eraseExpired } from './retention.ts'

const EVERY_MS = 1_000
const ROUNDS_A_MINUTE = 60
const MAX_EXPIRING = 5_000
const SETTLE_LOCK = 'huisbrug settle'

/**
 * Does, about every second, what is due by time rather than by a request: expired answers, closed
 * periods, held hand-overs whose obstacle is gone, retention. One process at a time does it.
 */
export function startSettling(context: Context): { close(): Promise<void> } {
  let running = Promise.resolve()
  let closed = false
  let round = 0
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (closed) return
      await settleOnce(context, round++).catch(error => {
        context.log.error('settling failed', { error: (error as Error).name })
      })
    })
  }, EVERY_MS)
  return {
    close: async () => {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}

/** One round of what is due by time; retention is looked at once in sixty rounds. */
export async function settleOnce(context: Context, round = 0): Promise<void> {
  const lock = await context.pool.connect()
  try {
    const { rows } = await lock.query<{ won: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS won',
      [SETTLE_LOCK],
    )
    if (!rows[0]?.won) return
    try {
      await expireInteractions(context)
      if (round % ROUNDS_A_MINUTE === 0) await closeOldPeriods(context)
      const wake = [...(await releasePeriods(context)), ...(await resumeHeld(context))]
      await settleTwoRoutes(context)
      if (round % ROUNDS_A_MINUTE === 0) await eraseExpired(context)
      await context.wakeUps.wake([...new Set(wake)])
    } finally {
      await lock.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [SETTLE_LOCK])
    }
  } finally {
    lock.release()
  }
}

interface Waiting {
  id: string
  party_id: string
  type: string
  protocol: string
  received_at: Date
  answer_due_at: Date
}

/**
 * Requests without an answer in the protocol's window expire; what was delivered stays delivered. The
 * clock stands still while the agreement or the sender's accession is suspended.
 */
export async function expireInteractions(context: Context): Promise<void> {
  const at = context.clock()
  await inTransaction(context.pool, async tx => {
    const { rows: due } = await tx.query<Waiting>(
      `SELECT id, party_id, type, protocol, received_at, answer_due_at FROM message
       WHERE answer_state = 'awaiting' AND answer_due_at <= $1
       ORDER BY id LIMIT ${MAX_EXPIRING} FOR NO KEY UPDATE SKIP LOCKED`,
      [at],
    )
    const set = context.protocols.current()
    const expired = due.filter(({ protocol, party_id, received_at, answer_due_at }) => {
      const paused = suspendedBetween(set, protocol, party_id, received_at, at)
      return answer_due_at.getTime() + paused <= at.getTime()
    })
    if (expired.length === 0) return
    await tx.query(EXPIRE, [expired.map(row => row.id), at])
    await tx.query(
      `INSERT INTO hand_over (id, message_id, destination, kind, event, counted, items, state, due_at, created_at)
       SELECT id, message_id, party_id, 'event', $4, false, 0, 'queued', now(), $5
       FROM unnest($1::text[], $2::text[], $3::text[]) AS n (id, message_id, party_id)`,
      [
        expired.map(() => newId('del', at)),
        expired.map(row => row.id),
        expired.map(row => row.party_id),
        EVENTS.expired,
        at,
      ],
    )
    await recordEntries(
      tx,
      expired.map(row => ({
        action: 'message.expired' as const,
        at,
        actor: { role: 'gateway' },
        message: { id: row.id, type: row.type },
        code: 'HB-504',
      })),
    )
  })
}

const EXPIRE = `
  WITH expired AS (
    UPDATE message SET answer_state = 'expired' WHERE id = ANY($1) RETURNING id),
  unsent AS (
    UPDATE hand_over h SET state = 'expired', reason = 'HB-504', claimed_until = NULL FROM expired
    WHERE h.message_id = expired.id AND h.kind = 'detection' AND h.delivered_at IS NULL
      AND h.state IN ('queued', 'retrying', 'held', 'parked')),
  erased AS (DELETE FROM detection_row r USING expired WHERE r.message_id = expired.id)
  INSERT INTO transition (message_id, state, at, code)
  SELECT id, 'expired', $2::timestamptz, 'HB-504' FROM expired`

/** What a suspension held goes on once its protocol, and the accession to it, is in force again. */
async function resumeHeld(context: Context): Promise<string[]> {
  return inTransaction(context.pool, async tx => {
    const { rows: held } = await tx.query<HandOver>(
      `SELECT ${HAND_OVER_COLUMNS} FROM hand_over h JOIN message m ON m.id = h.message_id
       WHERE h.state = 'held' AND h.reason LIKE 'HB-%' ORDER BY h.id FOR NO KEY UPDATE OF h SKIP LOCKED`,
    )
    const free = held.filter(handOver => decideAgain(context, handOver).outcome !== 'hold')
    if (free.length === 0) return []
    const { rows } = await tx.query<{ destination: string }>(
      `WITH resumed AS (
         UPDATE hand_over h SET state = 'queued', reason = NULL, due_at = now()
         WHERE h.id = ANY($1) RETURNING h.destination, h.message_id),
       stepped AS (
         INSERT INTO transition (message_id, state, at)
         SELECT DISTINCT message_id, 'queued', now() FROM resumed)
       SELECT DISTINCT destination FROM resumed WHERE destination IS NOT NULL`,
      [free.map(handOver => handOver.id)],
    )
    await recordEntries(
      tx,
      free.map(handOver => entryOf(context, handOver, 'message.resumed')),
    )
    return rows.map(row => row.destination)
  })
}

/** Feedback of a person with two current routes goes to the one that is left, once one is. */
export async function settleTwoRoutes(context: Context): Promise<void> {
  const { rows } = await context.pool.query<{ id: string; routes: string[] }>(
    `SELECT f.id, array_remove(array_agg(r.party_id), NULL) AS routes
     FROM hand_over h JOIN feedback f ON f.id = h.feedback_id
     LEFT JOIN current_route r ON r.domain = f.domain AND r.tag = f.tag
     WHERE h.state = 'held' AND h.reason = 'two-routes' GROUP BY f.id HAVING count(r.party_id) < 2`,
  )
  for (const { id, routes } of rows) {
    await inTransaction(context.pool, tx => settleException(context, tx, id, routes[0]))
    if (routes[0]) await context.wakeUps.wake([routes[0]])
  }
}

/** One exception ends: its feedback goes to the party that is left, or to nobody any more. */
async function settleException(
  context: Context,
  tx: Tx,
  feedbackId: string,
  party: string | undefined,
): Promise<void> {
  const at = context.clock()
  const { rows } = await tx.query<{ message_id: string; type: string }>(SETTLE, [
    feedbackId,
    party,
    at,
  ])
  const draft = (row: (typeof rows)[number]) => ({
    at,
    actor: { role: 'gateway' },
    message: { id: row.message_id, type: row.type },
    ...(party && { recipient: party }),
  })
  const closed = rows.map(row => ({ ...draft(row), action: 'exception.closed' as const }))
  const gone = party
    ? []
    : rows.map(row => ({ ...draft(row), action: 'message.withdrawn' as const, code: 'HB-405' }))
  await recordEntries(tx, [...closed, ...gone])
}

const SETTLE = `
  WITH named AS (UPDATE feedback SET party_id = $2 WHERE id = $1),
  closed AS (UPDATE exception SET closed_at = $3 WHERE feedback_id = $1),
  moved AS (
    UPDATE hand_over h SET destination = $2, due_at = now(),
      reason = CASE WHEN $2::text IS NULL THEN 'HB-405' END,
      state = CASE WHEN $2::text IS NULL THEN 'withdrawn' ELSE 'queued' END
    FROM message m WHERE m.id = h.message_id AND h.feedback_id = $1 AND h.state = 'held'
    RETURNING h.message_id, h.state, h.reason, m.type),
  stepped AS (
    INSERT INTO transition (message_id, state, at, code)
    SELECT message_id, state, $3::timestamptz, reason FROM moved)
  SELECT message_id, type FROM moved`
