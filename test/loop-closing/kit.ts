import type { Context } from '../../src/context.ts'
import type { Pool, Tx } from '../../src/db/pool.ts'
import { tellOverdue } from '../../src/exchange/overdue.ts'
import { giveFeedback, tagsOf } from '../attack/kit.ts'
import { detection, tenants } from '../support/detection.ts'
import { type Company, type TestGateway, until } from '../support/gateway.ts'

export const OVERDUE = 'be.huisbrug.feedback.overdue'
const DAY_MS = 86_400_000

/** Midnight UTC of today, plus so many days. */
export function midnight(days: number): Date {
  return new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS + days * DAY_MS)
}

export const dayOf = (at: Date) => at.toISOString().slice(0, 10)

let next = 0

/** Feedback about persons of one company who are in no other message, delivered. */
export async function feedbackFor(gateway: TestGateway, company: Company, count = 1) {
  next += count
  const people = tenants(next - count, count)
  const { messageId: request } = await gateway.clients[company].detect(detection(people))
  const tags = await tagsOf(gateway, request)
  const { messageId } = await giveFeedback(gateway, tags)
  await until('the feedback has arrived or waits', async () => {
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM hand_over WHERE message_id = $1 AND state IN ('queued', 'retrying') AND attempts = 0",
      [messageId],
    )
    return rows.length === 0 || !(await hasWebhook(gateway, company))
  })
  const { rows } = await gateway.db.pool.query<{ id: string }>(
    'SELECT id FROM feedback WHERE message_id = $1 ORDER BY id',
    [messageId],
  )
  return { people, request, messageId, tags, ids: rows.map(row => row.id) }
}

async function hasWebhook(gateway: TestGateway, company: Company): Promise<boolean> {
  const { rows } = await gateway.db.pool.query('SELECT FROM webhook WHERE party_id = $1', [company])
  return rows.length > 0
}

/** Makes feedback open since another instant. */
export async function openSince(
  gateway: TestGateway,
  ids: readonly string[],
  at: Date,
): Promise<void> {
  const sql = 'UPDATE feedback SET open_since = $2, created_at = $2 WHERE id = ANY($1)'
  await gateway.db.pool.query(sql, [ids, at])
}

/** Looks for what is overdue, as the settling would at that instant. */
export function tellAt(gateway: TestGateway, at: Date, pool?: Pool): Promise<string[]> {
  const context: Context = { ...gateway.context, clock: () => at, ...(pool && { pool }) }
  return tellOverdue(context)
}

/** The notices about this feedback. */
export async function noticesOf(gateway: TestGateway, ids: readonly string[]) {
  const { rows } = await gateway.db.pool.query<{
    id: string
    destination: string
    state: string
    reason: string | null
    feedbackId: string
    counted: boolean
  }>(
    `SELECT id, destination, state, reason, feedback_id AS "feedbackId", counted FROM hand_over
     WHERE event = $2 AND feedback_id = ANY($1) ORDER BY id`,
    [ids, OVERDUE],
  )
  return rows
}

/** A pool of a process that dies before the nth statement of its transactions together; 1 is BEGIN. */
export function dyingPool(pool: Pool, nth: number): Pool & { died: boolean } {
  let statements = 0
  const dying = {
    died: false,
    query: pool.query.bind(pool),
    connect: async () => {
      const client: Tx = await pool.connect()
      return {
        query: (...args: unknown[]) => {
          statements += 1
          if (statements === nth) dying.died = true
          if (statements >= nth) return Promise.reject(new Error('the process is gone'))
          return (client.query as (...args: unknown[]) => unknown)(...args)
        },
        // As a process that is killed: the connection closes, nobody rolls back.
        release: (error?: Error) => client.release(error ?? dying.died),
      }
    },
  }
  return dying as unknown as Pool & { died: boolean }
}
