import type { Queryable } from '../db/pool.ts'
import { openCheckpoint } from './checkpoint.ts'
import { noteVerifier } from './note.ts'
import { LogCheck } from './verify-check.ts'
import type { Problem, VerifyReport, Warning } from './verify-report.ts'
import { readHead, readPages } from './verify-source.ts'
import { startAt } from './verify-start.ts'

export type { Problem, ProblemKind, VerifyReport, Warning } from './verify-report.ts'

export interface VerifyOptions {
  /** Called after each page. */
  onProgress?: (progress: { done: number; total: number }) => void
  /** A checkpoint (signed note) kept elsewhere: the log must still begin with what it signed. */
  trusted?: string
  /**
   * In its place: such a checkpoint of which what it covers is not recomputed. The tiles must give
   * its root, and the rest of the log must go on from there.
   */
  from?: string
}

/**
 * Recomputes the log from its entries, or from those after a checkpoint on: leaves, tiles, roots,
 * every checkpoint, and the columns beside the entries. Streams in pages, so memory does not grow
 * with the log; the log may grow meanwhile.
 * @param verifierKey the log's key as published, and those of the logs before, see loadLogVerifierKeys
 * @throws AuditError for a verifier key or trusted checkpoint that is not valid
 */
export async function verifyLog(
  db: Queryable,
  verifierKey: string | readonly string[],
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const verifiers = [verifierKey].flat().map(noteVerifier)
  const open = (note: string | undefined) => (note ? openCheckpoint(note, ...verifiers) : undefined)
  const from = open(options.from)
  const trusted = from ?? open(options.trusted)
  const warnings = await findWarnings(db)
  const head = await readHead(db)
  if (!head) return unread(0, { kind: 'head', index: 0, what: 'the head row is gone' }, warnings)
  const start = await startAt(db, from && from.size <= head.size ? from : undefined)
  if ('kind' in start) return unread(head.size, start, warnings)
  const check = new LogCheck(db, verifiers, head, trusted, start)
  for await (const page of readPages(db, start.frontier.size, head.size)) {
    await check.page(page)
    options.onProgress?.({ done: page.end, total: head.size })
    if (check.hopeless) break
  }
  return { ...(await check.finish()), warnings }
}

async function findWarnings(db: Queryable): Promise<Warning[]> {
  const { rows } = await db.query<{ waiting: number }>(
    `SELECT count(*) AS waiting FROM audit_pending
     WHERE created_at < clock_timestamp() - interval '1 minute'`,
  )
  const waiting = rows[0]!.waiting
  const what = `${waiting} entries have waited for more than a minute to be sequenced`
  return waiting > 0 ? [{ kind: 'pending', what }] : []
}

function unread(entries: number, problem: Problem, warnings: Warning[]): VerifyReport {
  return { ok: false, entries, from: 0, checkpoints: 0, root: '', problems: [problem], warnings }
}
