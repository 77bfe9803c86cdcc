import { recordEntries } from '../audit/record.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/pool.ts'
import { releaseAnnounced } from './announced.ts'
import { expireInteractions } from './expire.ts'
import { type HaltMemory, haltStopped, newHaltMemory, resumeHeld } from './halt.ts'
import { closeOldPeriods, releasePeriods } from './period.ts'
import { eraseExpired } from './retention.ts'

export { expireInteractions } from './expire.ts'

const EVERY_MS = 1_000
const ROUNDS_A_MINUTE = 60
const SETTLE_LOCK = 'huisbrug settle'

/**
 * Does, about every second, what is due by time rather than by a request: what a suspension or an
 * end stops, expired answers, closed periods, held hand-overs whose obstacle is gone, retention. One process at a time does it.
 */
export function startSettling(context: Context): { close(): Promise<void> } {
  let running = Promise.resolve()
  let closed = false
  let round = 0
  const memory = newHaltMemory()
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (closed) return
      await settleOnce(context, round++, memory).catch(error => {
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
export async function settleOnce(
  context: Context,
  round = 0,
  memory: HaltMemory = newHaltMemory(),
): Promise<void> {
  const lock = await context.pool.connect()
  try {
    const { rows } = await lock.query<{ won: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS won',
      [SETTLE_LOCK],
    )
    if (!rows[0]?.won) return
    try {
      await haltStopped(context, memory)
      await expireInteractions(context)
      if (round % ROUNDS_A_MINUTE === 0) await closeOldPeriods(context)
      const wake = [
        ...(await releasePeriods(context)),
        ...(await releaseAnnounced(context)),
        ...(await resumeHeld(context)),
      ]
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
  WITH named AS (UPDATE feedback SET party_id = $2, receiver_id = $2 WHERE id = $1),
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
