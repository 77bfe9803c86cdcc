import type { Queryable } from '../db/pool.ts'
import { type VerifyOptions, verifyLog } from './verify.ts'
import { verifyGuards } from './verify-guards.ts'
import { verifyLinks } from './verify-links.ts'
import type { VerifyReceipt } from './verify-receipts.ts'
import { inOrder, type VerifyReport } from './verify-report.ts'

export interface EvidenceOptions extends VerifyOptions {
  /** Checks the signature of receipts; without it they are not looked at. */
  verifyReceipt?: VerifyReceipt
}

/**
 * Verifies all of the evidence: the log itself (see verifyLog), the link between its entries and the
 * rows of what they record, and whether what protects them is switched on. Where the log is not
 * whole, that comes first: its entries are no measure for the rows any more.
 * @throws AuditError for a verifier key or trusted checkpoint that is not valid
 */
export async function verifyEvidence(
  db: Queryable,
  verifierKey: string | readonly string[],
  options: EvidenceOptions = {},
): Promise<VerifyReport> {
  const report = await verifyLog(db, verifierKey, options)
  const guards = await verifyGuards(db)
  const { entries: size, from } = report
  const { verifyReceipt } = options
  const links = report.ok ? await verifyLinks(db, { from, size, verifyReceipt }) : []
  const problems = inOrder([...report.problems, ...links, ...guards])
  return { ...report, ok: problems.length === 0, problems }
}
