import { recordEntry } from '../audit/record.ts'
import type { EntryDraft } from '../audit/types.ts'
import { inTransaction, type Pool, type Queryable, type Tx } from '../db/pool.ts'
import { isGivenReason, MAX_REASON } from '../exchange/given-reason.ts'
import { newId } from '../ids.ts'
import type { By } from './approval.ts'
import { dayIn, dueOn, isReceivedOn } from './case-term.ts'
import { isCaseRef } from './request.ts'

/** Which right a person uses: GDPR art. 15, 18, 21, 17 and 16. */
export const CASE_KINDS = [
  'access',
  'restriction',
  'objection',
  'erasure',
  'rectification',
] as const
export type CaseKind = (typeof CASE_KINDS)[number]

/** How a request ended. */
export const CASE_OUTCOMES = ['granted', 'partly', 'refused', 'withdrawn'] as const
export type CaseOutcome = (typeof CASE_OUTCOMES)[number]

/** Room for the case number before the words, where both are the reason of what is done. */
export const MAX_CASE_REASON = MAX_REASON - 70

/** A request of a person, by its case number: who the person is, is nowhere in it. */
export interface SubjectCase {
  /** `req_` and a ULID. */
  id: string
  caseRef: string
  kind: CaseKind
  party: string | null
  reason: string
  /** Days, `YYYY-MM-DD`. */
  receivedOn: string
  dueOn: string
  extendedAt: Date | null
  extension: string | null
  outcome: CaseOutcome | null
  closedAt: Date | null
}

/** What somebody registers; all of it untrusted. */
export interface NewCase {
  caseRef: string
  kind: string
  reason: string
  receivedOn: string
  /** The party whose officer this is; undefined for that of the gateway. */
  party: string | undefined
  by: By
  at: Date
}

/** What is wrong with a step; the first in this order, and nothing was changed. */
export type CaseFault =
  | 'case'
  | 'kind'
  | 'received'
  | 'reason'
  | 'taken'
  | 'unknown'
  | 'closed'
  | 'extended'
  | 'late'
  | 'outcome'

/** A step that is refused. Its message holds nothing of the input. */
export class CaseError extends Error {
  override readonly name = 'CaseError'
  readonly code: CaseFault

  constructor(code: CaseFault) {
    super(code)
    this.code = code
  }
}

const COLUMNS = `id, case_ref AS "caseRef", kind, party_id AS party, reason, received_on AS "receivedOn",
  due_on AS "dueOn", extended_at AS "extendedAt", extension, outcome, closed_at AS "closedAt"`

/**
 * Registers a request of a person under its case number, with its entry. Days are Belgian ones.
 * @throws CaseError `case`, `kind`, `received`, `reason`, or `taken` where the case number is in use
 */
export async function registerCase(pool: Pool, wanted: NewCase): Promise<SubjectCase> {
  const { caseRef, kind, reason, receivedOn, party, by, at } = wanted
  if (!isCaseRef(caseRef, at)) throw new CaseError('case')
  if (!CASE_KINDS.some(known => known === kind)) throw new CaseError('kind')
  if (!isReceivedOn(receivedOn, at)) throw new CaseError('received')
  if (!isCaseReason(reason, at)) throw new CaseError('reason')
  const due = dueOn(receivedOn, 1)
  return inTransaction(pool, async tx => {
    const { rows } = await tx.query<SubjectCase>(
      `INSERT INTO subject_request (id, case_ref, kind, party_id, reason, received_on, due_on)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (party_id, case_ref) DO NOTHING RETURNING ${COLUMNS}`,
      [newId('req', at), caseRef, kind, party ?? null, reason.trim(), receivedOn, due],
    )
    const [made] = rows
    if (!made) throw new CaseError('taken')
    await note(tx, 'subject.requested', made, { by, at, details: { receivedOn, dueOn: due } })
    return made
  })
}

/** A step in a request, by a person. */
export interface CaseStep {
  id: string
  /** Only a request of this party; undefined for all. */
  party: string | undefined
  by: By
  at: Date
}

/**
 * Gives two months more, once and before the first term is over, for the person is told why within it
 * (GDPR art. 12(3)).
 * @throws CaseError `reason`, `unknown`, `closed`, `extended`, `late`
 */
export async function extendCase(
  pool: Pool,
  step: CaseStep & { reason: string },
): Promise<SubjectCase> {
  const { at, by, reason } = step
  if (!isCaseReason(reason, at)) throw new CaseError('reason')
  return inTransaction(pool, async tx => {
    const found = await lockOpen(tx, step)
    if (found.extendedAt) throw new CaseError('extended')
    if (dayIn(at) > found.dueOn) throw new CaseError('late')
    const due = dueOn(found.receivedOn, 3)
    const changed = await update(tx, found.id, 'due_on = $2, extended_at = $3, extension = $4', [
      due,
      at,
      reason.trim(),
    ])
    const details = { dueOn: due, reason: reason.trim() }
    await note(tx, 'subject.extended', found, { by, at, details })
    return changed
  })
}

/** Closes a request with how it ended. @throws CaseError `outcome`, `unknown`, `closed` */
export async function closeCase(
  pool: Pool,
  step: CaseStep & { outcome: string },
): Promise<SubjectCase> {
  const { at, by, outcome } = step
  if (!CASE_OUTCOMES.some(known => known === outcome)) throw new CaseError('outcome')
  return inTransaction(pool, async tx => {
    const found = await lockOpen(tx, step)
    const changed = await update(tx, found.id, 'outcome = $2, closed_at = $3', [outcome, at])
    await note(tx, 'subject.answered', found, { by, at, details: { outcome } })
    return changed
  })
}

/** A request by its id, or undefined; of one party alone where that is given. */
export async function findCase(
  db: Queryable,
  id: string,
  party?: string,
): Promise<SubjectCase | undefined> {
  const { rows } = await db.query<SubjectCase>(
    `SELECT ${COLUMNS} FROM subject_request
     WHERE id = $1 AND ($2::text IS NULL OR party_id = $2)`,
    [id, party],
  )
  return rows[0]
}

/** Open requests, the first due first, and the last that were closed. */
export async function listCases(
  db: Queryable,
  limit: number,
  party?: string,
): Promise<{ open: SubjectCase[]; closed: SubjectCase[] }> {
  const list = async (state: string, order: string) => {
    const { rows } = await db.query<SubjectCase>(
      `SELECT ${COLUMNS} FROM subject_request
       WHERE closed_at IS ${state} AND ($2::text IS NULL OR party_id = $2)
       ORDER BY ${order} LIMIT $1`,
      [limit, party],
    )
    return rows
  }
  const [open, closed] = await Promise.all([
    list('NULL', 'due_on, id'),
    list('NOT NULL', 'closed_at DESC, id'),
  ])
  return { open, closed }
}

/** How many open requests are past their day, and how many are due within a week. */
export async function countDue(
  db: Queryable,
  at: Date,
  party?: string,
): Promise<{ overdue: number; soon: number }> {
  const { rows } = await db.query<{ overdue: number; soon: number }>(
    `SELECT count(*) FILTER (WHERE due_on < $1::date)::int AS overdue,
       count(*) FILTER (WHERE due_on >= $1::date AND due_on <= $1::date + 7)::int AS soon
     FROM subject_request WHERE closed_at IS NULL AND ($2::text IS NULL OR party_id = $2)`,
    [dayIn(at), party],
  )
  return rows[0] ?? { overdue: 0, soon: 0 }
}

function isCaseReason(reason: string, at: Date): boolean {
  return isGivenReason(reason, at) && [...reason.trim()].length <= MAX_CASE_REASON
}

async function lockOpen(tx: Tx, { id, party }: CaseStep): Promise<SubjectCase> {
  const { rows } = await tx.query<SubjectCase>(
    `SELECT ${COLUMNS} FROM subject_request
     WHERE id = $1 AND ($2::text IS NULL OR party_id = $2) FOR UPDATE`,
    [id, party],
  )
  const [found] = rows
  if (!found) throw new CaseError('unknown')
  if (found.closedAt) throw new CaseError('closed')
  return found
}

async function update(tx: Tx, id: string, set: string, values: unknown[]): Promise<SubjectCase> {
  const { rows } = await tx.query<SubjectCase>(
    `UPDATE subject_request SET ${set} WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, ...values],
  )
  return rows[0]!
}

async function note(
  tx: Tx,
  action: EntryDraft['action'],
  { id, caseRef, kind }: SubjectCase,
  { by, at, details }: { by: By; at: Date; details: Record<string, unknown> },
): Promise<void> {
  await recordEntry(tx, {
    action,
    at,
    actor: by,
    reason: kind,
    rule: 'GDPR, art. 12(3)',
    details: { request: id, case: caseRef, ...details },
  })
}
