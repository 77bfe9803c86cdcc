import type { Pool } from '../db/pool.ts'
import type { Problem } from './verify-report.ts'
import { findInEntries, findInTiles } from './verify-source.ts'

/** A place where the stored entry (none where `leaf` is absent) is not the one in the tiles. */
export interface Suspect {
  index: number
  leaf?: Buffer
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
 * @param size entries in the log, to tell a gap from a cut-off end
 */
export async function explainSuspects(
  pool: Pool,
  suspects: readonly Suspect[],
  size: number,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (let i = 0; i < suspects.length && findings.length < MAX_FINDINGS; ) {
    const gap = countGap(suspects, i)
    const first = suspects[i]!
    const finding = gap > 0 ? describeGap(first.index, gap, size) : await explainOne(pool, first)
    findings.push(finding)
    if (finding.shifted) break
    i += Math.max(1, gap)
  }
  return findings
}

/** Length of the run of missing entries that begins at a suspect; 0 where it is not missing. */
function countGap(suspects: readonly Suspect[], from: number): number {
  const start = suspects[from]!.index
  let length = 0
  while (suspects[from + length]?.index === start + length && !suspects[from + length]!.leaf)
    length++
  return length
}

function describeGap(index: number, length: number, size: number): Finding {
  if (index + length === size)
    return { kind: 'truncated', index, what: `the last ${length} of ${size} entries are gone` }
  const what = length === 1 ? 'the entry is gone' : `${length} entries from here on are gone`
  return { kind: 'missing', index, what }
}

async function explainOne(pool: Pool, suspect: Suspect): Promise<Finding> {
  const { index, leaf, expected } = suspect
  const belongs = await findInTiles(pool, leaf!)
  const moved = await findInEntries(pool, expected)
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
