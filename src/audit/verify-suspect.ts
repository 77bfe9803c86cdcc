import type { Queryable } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'
import { findInEntries, findInTiles } from './verify-source.ts'

/** A place where the stored entry is not the one in the tiles. */
export interface Suspect {
  index: number
  leaf: Buffer
  expected: Uint8Array
}

/** What is wrong; `shifted` where everything after it is in the wrong place too. */
export interface Finding extends Problem {
  shifted?: boolean
}

const MAX_FINDINGS = 20

/**
 * Names what happened to entries, where the tiles turned out to be right: at most twenty findings,
 * ending with one that moved everything after it.
 */
export async function explainSuspects(
  db: Queryable,
  suspects: readonly Suspect[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const suspect of suspects.slice(0, MAX_FINDINGS)) {
    const finding = await explainOne(db, suspect)
    findings.push(finding)
    if (finding.shifted) break
  }
  return findings
}

async function explainOne(db: Queryable, suspect: Suspect): Promise<Finding> {
  const { index, leaf, expected } = suspect
  const belongs = await findInTiles(db, leaf)
  const moved = await findInEntries(db, expected)
  if (belongs === undefined && moved === index + 1)
    return { kind: 'inserted', index, shifted: true, what: 'this entry was never signed' }
  if (belongs === undefined)
    return { kind: 'changed', index, what: 'the entry is not the one that was signed' }
  if (moved === undefined) {
    const what = `the entry is gone; in its place is entry ${belongs}`
    return { kind: 'missing', index, shifted: true, what }
  }
  return { kind: 'reordered', index, what: `in its place is entry ${belongs}` }
}
