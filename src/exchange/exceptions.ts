import { partyOf, type Scope, within } from '../access/scope.ts'
import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { faultOfReason, MAX_REASON } from './given-reason.ts'

/** Every kind of exception. */
export const EXCEPTION_KINDS = [
  'two-current-routes',
  'out-of-balance',
  'party-disabled',
  'webhook-gone',
  'quota-burst',
  'probe-late',
] as const
export type ExceptionKind = (typeof EXCEPTION_KINDS)[number]

/** `unseen`: goes on and nobody looked at it; `running`: goes on and somebody did; `over`: it ended. */
export const EXCEPTION_STATES = ['unseen', 'running', 'over'] as const
export type ExceptionState = (typeof EXCEPTION_STATES)[number]

// Nothing ends it but a look at it.
const ENDS_BY_REVIEW = 'quota-burst'

/** Something a person should look at; never about whom. */
export interface ExceptionLine {
  id: number
  kind: ExceptionKind
  state: ExceptionState
  parties: string[]
  messageId: string | null
  domain: string | null
  /** A protocol, and a day where it is about one. */
  about: string | null
  openedAt: Date
  /** Since when it is over. */
  closedAt: Date | null
  reviewedAt: Date | null
  reviewedBy: string | null
  finding: string | null
}

/** Which exceptions; what is absent does not narrow. */
export interface ExceptionFilter {
  kind?: ExceptionKind | undefined
  party?: string | undefined
  state?: ExceptionState | undefined
  /** List older ones than this. */
  before?: number | undefined
}

/** Exceptions that fit, the newest first; at most `limit`. */
export async function listExceptions(
  db: Queryable,
  filter: ExceptionFilter,
  scope: Scope,
  limit: number,
): Promise<ExceptionLine[]> {
  const { rows } = await db.query<ExceptionLine>(
    `${SELECT}
     WHERE ($1::text IS NULL OR x.kind = $1) AND ($2::text IS NULL OR $2 = ANY(x.parties))
       AND ($3::bigint IS NULL OR x.id < $3) AND ${within.exception('x', '$4')}
       AND ${filter.state ? STATES[filter.state] : 'true'}
     ORDER BY x.id DESC LIMIT $5`,
    [filter.kind, filter.party, filter.before, partyOf(scope), limit],
  )
  return rows
}

/** One exception, and how many that nobody looked at are like it: of its kind, between its parties. */
export async function findException(
  db: Queryable,
  id: number,
  scope: Scope,
): Promise<(ExceptionLine & { alike: number }) | undefined> {
  const { rows } = await db.query<ExceptionLine>(
    `${SELECT} WHERE x.id = $1 AND ${within.exception('x', '$2')}`,
    [id, partyOf(scope)],
  )
  const [line] = rows
  if (!line) return undefined
  const { rows: alike } = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM exception x
     WHERE x.kind = $1 AND x.parties = $2 AND x.domain IS NOT DISTINCT FROM $3 AND x.id <> $4
       AND ${STATES.unseen}`,
    [line.kind, line.parties, line.domain, id],
  )
  return { ...line, alike: alike[0]?.count ?? 0 }
}

/** Exceptions that nobody looked at, by kind and by the parties between which they are. */
export interface UnseenCount {
  kind: ExceptionKind
  parties: string[]
  count: number
  since: Date
}

/** What nobody looked at yet, the oldest first. */
export async function countUnseen(db: Queryable, scope: Scope): Promise<UnseenCount[]> {
  const { rows } = await db.query<UnseenCount>(
    `SELECT x.kind, x.parties, count(*)::int AS count, min(x.opened_at) AS since
     FROM exception x WHERE ${STATES.unseen} AND ${within.exception('x', '$1')}
     GROUP BY 1, 2 ORDER BY since`,
    [partyOf(scope)],
  )
  return rows
}

/** What someone found, of one exception or of all like it. */
export interface Review {
  id: number
  /** Also those that are like it and were opened before this one was shown. */
  alike: boolean
  until: Date
  /** Kept; never about a person. */
  finding: string
  by: Actor
  at: Date
}

export type ReviewFault = 'unknown' | 'seen' | 'finding'

/** A review that is refused; its message holds nothing of the input. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError'
  readonly code: ReviewFault

  constructor(code: ReviewFault, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Notes what a person found, in one transaction with its entry. What goes on ends by itself as before,
 * for nothing but the cause ends it; only a burst of evaluations ends with the look at it.
 * @returns how many exceptions it was about
 * @throws ReviewError; of two people at once the second finds it looked at
 */
export async function reviewException(pool: Pool, review: Review): Promise<number> {
  const finding = review.finding.trim()
  if (faultOfReason(finding, review.at)) {
    const why = `say in 1 to ${MAX_REASON} characters what you found, without a national number`
    throw new ReviewError('finding', why)
  }
  return inTransaction(pool, async tx => {
    const line = await lock(tx, review.id)
    const { rows } = await tx.query<{ id: number }>(REVIEW, [
      line.id,
      review.alike,
      line.kind,
      line.parties,
      line.domain,
      review.until,
      review.at,
      review.by.role,
      finding,
    ])
    const ids = rows.map(row => row.id).toSorted((a, b) => a - b)
    await recordEntry(tx, entryOf(line, ids, { ...review, finding }))
    return ids.length
  })
}

async function lock(tx: Tx, id: number): Promise<ExceptionLine> {
  const { rows } = await tx.query<ExceptionLine>(`${SELECT} WHERE x.id = $1 FOR UPDATE OF x`, [id])
  const [line] = rows
  if (!line) throw new ReviewError('unknown', 'there is no such exception')
  if (line.reviewedAt) throw new ReviewError('seen', 'somebody looked at it before')
  return line
}

function entryOf(line: ExceptionLine, ids: readonly number[], { by, at, finding }: Review) {
  const details = { exceptions: ids, finding }
  const [party] = line.parties
  const recipient = line.parties.length === 1 && party !== undefined ? { recipient: party } : {}
  if (line.kind === ENDS_BY_REVIEW && party !== undefined) {
    const reason = `domain ${line.domain}`
    const of = { recipient: party, counts: { days: ids.length }, rule: 'modalities.evaluation' }
    return { action: 'quota.reviewed' as const, at, actor: by, ...of, reason, details }
  }
  const about = { counts: { exceptions: ids.length }, reason: line.kind, details }
  return { action: 'exception.reviewed' as const, at, actor: by, ...recipient, ...about }
}

// That of a party that is disabled runs only while something waits for it.
const RUNS = `x.closed_at IS NULL AND (x.kind <> 'party-disabled' OR EXISTS (
  SELECT FROM hand_over h WHERE h.destination = x.parties[1] AND h.state IN ('queued', 'retrying')))`

const STATES: Record<ExceptionState, string> = {
  unseen: `x.reviewed_at IS NULL AND ${RUNS}`,
  running: `x.reviewed_at IS NOT NULL AND ${RUNS}`,
  over: `NOT (${RUNS})`,
}

const SELECT = `
  SELECT x.id, x.kind, x.parties, x.message_id AS "messageId", x.domain, x.about,
    x.opened_at AS "openedAt", x.closed_at AS "closedAt", x.reviewed_at AS "reviewedAt",
    x.reviewed_by AS "reviewedBy", x.finding,
    CASE WHEN NOT (${RUNS}) THEN 'over' WHEN x.reviewed_at IS NULL THEN 'unseen'
      ELSE 'running' END AS state
  FROM exception x`

const REVIEW = `
  UPDATE exception x SET reviewed_at = $7, reviewed_by = $8, finding = $9,
    closed_at = CASE WHEN x.kind = '${ENDS_BY_REVIEW}' THEN coalesce(x.closed_at, $7) ELSE x.closed_at END
  WHERE x.reviewed_at IS NULL AND (x.id = $1 OR ($2 AND x.closed_at IS NULL AND x.kind = $3
    AND x.parties = $4 AND x.domain IS NOT DISTINCT FROM $5 AND x.opened_at <= $6))
  RETURNING x.id`
