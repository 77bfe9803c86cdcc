import type { Context } from '../context.ts'
import { releaseAnnounced } from './announced.ts'
import { noteBalances } from './balance.ts'
import { holdContestedRetries, settleTwoRoutes } from './contested.ts'
import { expireInteractions } from './expire.ts'
import { countFigures } from './figures.ts'
import { type HaltMemory, haltStopped, newHaltMemory, resumeHeld } from './halt.ts'
import { tellOverdue } from './overdue.ts'
import { closeOldPeriods, releasePeriods } from './period.ts'
import { probe } from './probe.ts'
import { eraseExpired } from './retention.ts'

export { expireInteractions } from './expire.ts'

const EVERY_MS = 1_000
const ROUNDS_A_MINUTE = 60
const SETTLE_LOCK = 'huisbrug settle'
// A busy day takes a third of a second to count, a year of them minutes: what else is due does not wait.
const DAYS_A_ROUND = 1

/** What rounds remember of those before. */
interface SettleMemory extends HaltMemory {
  /** Whether more days were to be counted than fitted in the round before. */
  countsMore?: boolean
}

/**
 * Does, about every second, what is due by time rather than by a request: what a suspension or an
 * end stops, expired answers, overdue feedback, closed periods, held hand-overs whose obstacle is gone, retention. One process at a time does it.
 */
export function startSettling(context: Context): { close(): Promise<void> } {
  let running = Promise.resolve()
  let closed = false
  let round = 0
  const memory: SettleMemory = newHaltMemory()
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
  memory: SettleMemory = newHaltMemory(),
): Promise<void> {
  const lock = await context.pool.connect()
  let broken: Error | undefined
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
        ...(await probe(context)),
        ...(round % ROUNDS_A_MINUTE === 0 ? await tellOverdue(context) : []),
      ]
      if (round % ROUNDS_A_MINUTE === 0) await holdContestedRetries(context)
      await settleTwoRoutes(context)
      if (round % ROUNDS_A_MINUTE === 0) await context.pool.query('SELECT make_partitions()')
      if (round % ROUNDS_A_MINUTE === 0) await eraseExpired(context)
      if (round % ROUNDS_A_MINUTE === 0) await noteBalances(context)
      await context.wakeUps.wake([...new Set(wake)])
      if (round % ROUNDS_A_MINUTE === 0 || memory.countsMore)
        memory.countsMore = (await countFigures(context, DAYS_A_ROUND)) === DAYS_A_ROUND
    } finally {
      await lock.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [SETTLE_LOCK])
    }
  } catch (error) {
    // Its lock goes with the connection, where it could not be given back.
    broken = error as Error
    throw error
  } finally {
    lock.release(broken)
  }
}
