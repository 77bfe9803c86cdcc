import type { Context } from '../context.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { Refusal } from '../errors.ts'
import { newId } from '../ids.ts'
import { type Annex1, type Annex1Warning, brokenRules, warningsOf } from '../report/annex-1.ts'
import { assertShape } from '../schemas.ts'
import { parseBody } from './body.ts'
import type { Outcome } from './outcome.ts'
import { type Incoming, receive } from './receive.ts'

/** The type of Annex 1; no protocol lists it, for none is needed. */
export const ANNEX_1_TYPE = 'report.annex-1'

const FIELDS = [
  'tenants',
  'checked',
  'compliant',
  'notCompliant',
  'extraTime',
  'passedToSupervisor',
]

/**
 * Takes in Annex 1 of the call: counts of a housing company about its own work, in any phase and without a
 * protocol. A message like any other, kept in the gateway's own register and delivered with that; a newer
 * report of the same day takes the place of the older, which is kept.
 * @returns 202 `{ messageId, referenceDate, warnings, receipt }`, or the problem of a refusal: HB-202, HB-219
 */
export async function receiveAnnex1(
  context: Context,
  incoming: Omit<Incoming, 'type'>,
): Promise<Outcome> {
  const outcome = await receive(context, { ...incoming, type: ANNEX_1_TYPE }, async body => {
    assertShape('annex-1', body)
    const broken = brokenRules(body, incoming.at.toISOString().slice(0, 10))
    if (broken.length > 0) throw new Refusal(broken)
    return {
      message: { referenceDate: body.referenceDate, fields: FIELDS },
      accepted: 1,
      refused: [],
      evidence: {},
      store: (tx, messageId) => store(tx, messageId, incoming, body),
      wake: [],
    }
  })
  if (outcome.status !== 202) return outcome
  // The digest of the body is that of the first time, and so are the warnings.
  const parsed = parseBody(incoming) as { body: Annex1 }
  const { messageId, receipt } = outcome.body
  const { referenceDate } = parsed.body
  const reply = { messageId, referenceDate, warnings: warningsOf(parsed.body), receipt }
  return { ...outcome, body: reply }
}

async function store(
  tx: Tx,
  messageId: string,
  { caller: { party }, at }: Pick<Incoming, 'caller' | 'at'>,
  { nonce: _, referenceDate, ...counts }: Annex1,
): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `annex-1 ${party} ${referenceDate}`,
  ])
  await tx.query(
    `UPDATE annex_1 SET replaced_by = $3
     WHERE party_id = $1 AND reference_date = $2 AND replaced_by IS NULL`,
    [party, referenceDate, messageId],
  )
  await tx.query(
    `INSERT INTO annex_1 (message_id, party_id, reference_date, counts, reported_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [messageId, party, referenceDate, JSON.stringify(counts), at],
  )
  // What stays in the register has arrived.
  await tx.query(
    `INSERT INTO hand_over (id, message_id, kind, items, state, due_at, created_at, delivered_at)
     VALUES ($2, $1, 'register', 1, 'delivered', now(), $3, $3)`,
    [messageId, newId('del', at), at],
  )
}

/** Annex 1 as it was reported. */
export interface Annex1Report {
  messageId: string
  report: Annex1
  /** RFC 3339. */
  reportedAt: string
  warnings: Annex1Warning[]
  /** The message of the newer report of the same day, where there is one. */
  replacedBy?: string
}

/**
 * What a housing company reported, newest first, with what was replaced: exact, for it is its own.
 * @param after id of the last message of the page before
 */
export async function readAnnex1(
  db: Queryable,
  party: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Annex1Report[]; next: string | null }> {
  const { rows } = await db.query<Annex1Row>(
    `SELECT message_id AS "messageId", to_char(reference_date, 'YYYY-MM-DD') AS "referenceDate", counts,
       reported_at AS "reportedAt", replaced_by AS "replacedBy"
     FROM annex_1 WHERE party_id = $1 AND ($2::text IS NULL OR message_id < $2)
     ORDER BY message_id DESC LIMIT $3`,
    [party, after, limit + 1],
  )
  const items = rows.slice(0, limit).map(toReport)
  const next = rows.length > limit ? (items.at(-1)?.messageId ?? null) : null
  return { items, next }
}

interface Annex1Row {
  messageId: string
  referenceDate: string
  counts: Omit<Annex1, 'referenceDate' | 'nonce'>
  reportedAt: Date
  replacedBy: string | null
}

function toReport({ messageId, referenceDate, counts, reportedAt, replacedBy }: Annex1Row) {
  const report = { referenceDate, ...counts }
  return {
    messageId,
    reportedAt: reportedAt.toISOString(),
    report,
    warnings: warningsOf(report),
    ...(replacedBy !== null && { replacedBy }),
  }
}
