import type { Queryable } from '../db/pool.ts'
import { readPersonsDropped } from './dropped.ts'
import { parseEntry } from './entry.ts'
import { checkBeside, checkStrays, type Erased, explain } from './verify-links-beside.ts'
import { checkMessages } from './verify-links-message.ts'
import { checkRegisters } from './verify-links-registers.ts'
import { checkOwnHandOvers, checkSteps } from './verify-links-steps.ts'
import type { VerifyReceipt } from './verify-receipts.ts'
import type { Problem } from './verify-report.ts'

/** Entries, or messages, held against their rows at a time. */
const PAGE = 1_000
const MAX_PROBLEMS = 20

export interface LinkOptions {
  /** First entry whose rows are looked at. */
  from: number
  /** Where the log ends. */
  size: number
  verifyReceipt?: VerifyReceipt | undefined
  onProgress?: (done: number) => void
}

/**
 * Holds the entries of the log against the rows of what they record, both ways: every state change
 * has its entry, every entry its state change or its erasure. In pages, so that memory stays small.
 * From a later entry on: only the messages that entries from there on name.
 */
export async function verifyLinks(db: Queryable, options: LinkOptions): Promise<Problem[]> {
  const problems: Problem[] = []
  const erased: Erased = {
    details: 0,
    subjects: 0,
    explained: { details: 0, subjects: 0 },
    dropped: await readPersonsDropped(db),
  }
  for (let start = options.from; start < options.size; start += PAGE) {
    const end = Math.min(start + PAGE, options.size)
    problems.push(...(await checkBeside(db, { start, end }, erased)))
    if (options.from > 0) problems.push(...(await checkNamed(db, { start, end }, options)))
    options.onProgress?.(end)
    if (problems.length >= MAX_PROBLEMS) return problems
  }
  if (options.from === 0) problems.push(...(await checkAll(db, options.verifyReceipt)))
  problems.push(...(await checkStrays(db)), ...(await checkRegisters(db)))
  problems.push(...(await checkErased(db, erased, options.size)))
  return problems
}

async function checkAll(
  db: Queryable,
  verifyReceipt: VerifyReceipt | undefined,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (let after = ''; problems.length < MAX_PROBLEMS; ) {
    const { rows } = await db.query<{ id: string }>(
      `SELECT id FROM message WHERE id > $1 ORDER BY id LIMIT ${PAGE}`,
      [after],
    )
    const ids = rows.map(row => row.id)
    problems.push(...(await checkPage(db, ids, verifyReceipt)))
    if (ids.length < PAGE) break
    after = ids.at(-1)!
  }
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof checkOwnHandOvers>> = await checkOwnHandOvers(
      db,
      after,
      PAGE,
    )
    problems.push(...page.problems)
    after = page.last
  }
  return problems
}

async function checkNamed(
  db: Queryable,
  { start, end }: { start: number; end: number },
  { verifyReceipt }: LinkOptions,
): Promise<Problem[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT DISTINCT message_id AS id FROM audit_entry
     WHERE index >= $1 AND index < $2 AND message_id IS NOT NULL`,
    [start, end],
  )
  return checkPage(
    db,
    rows.map(row => row.id),
    verifyReceipt,
  )
}

async function checkPage(
  db: Queryable,
  ids: readonly string[],
  verifyReceipt: VerifyReceipt | undefined,
): Promise<Problem[]> {
  if (ids.length === 0) return []
  return [...(await checkMessages(db, ids, verifyReceipt)), ...(await checkSteps(db, ids))]
}

/**
 * What is gone must have been erased, and the entry of an erasure says how much it took; it comes
 * after the entries that it took from, perhaps after the end of what is looked at.
 */
async function checkErased(db: Queryable, erased: Erased, size: number): Promise<Problem[]> {
  const { rows } = await db.query<{ entry: Buffer }>(
    `SELECT entry FROM audit_entry WHERE index >= $1 AND action = 'subject.erased'
     UNION ALL SELECT entry FROM audit_pending WHERE action = 'subject.erased'`,
    [size],
  )
  for (const { entry } of rows) explain(erased, parseEntry(entry))
  const { details, subjects, explained } = erased
  const problems: Problem[] = []
  const what = (gone: number, name: string, said: number) =>
    `${gone} ${name} are gone, erasures explain ${said} of them`
  if (details > explained.details)
    problems.push({
      kind: 'detail-changed',
      what: what(details, 'details', explained.details),
    })
  if (subjects > explained.subjects)
    problems.push({
      kind: 'subject-changed',
      what: what(subjects, 'persons', explained.subjects),
    })
  return problems
}
