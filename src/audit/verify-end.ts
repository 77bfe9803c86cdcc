import { openCheckpoint } from './checkpoint.ts'
import type { NoteVerifier } from './note.ts'
import type { Problem } from './verify-report.ts'
import type { CheckpointRow, HeadState } from './verify-source.ts'

/**
 * Checks the end of the log: head, last checkpoint and entries end at the same place, and nothing
 * lies beyond it.
 * @param computed root of the log from its entries, and the size of the last checkpoint within it
 */
export function checkEnd(
  head: HeadState,
  computed: { root: Buffer; lastSize: number },
  verifiers: readonly NoteVerifier[],
  problems: Problem[],
): void {
  const { size, lastCheckpoint, entryBeyond, tileBeyond } = head
  const beyond = lastCheckpoint && lastCheckpoint.size > size ? lastCheckpoint : undefined
  if (beyond) problems.push(describeBeyond(beyond, size, verifiers))
  else if (computed.lastSize !== size)
    problems.push({
      kind: 'checkpoint',
      index: Math.max(0, size - 1),
      what: `no checkpoint of size ${size}`,
    })
  // Whatever else is wrong explains another root better than the head does.
  if (problems.length === 0 && !computed.root.equals(head.root))
    problems.push({ kind: 'head', index: Math.max(0, size - 1), what: 'the head has another root' })
  if (entryBeyond !== undefined && !beyond)
    problems.push({ kind: 'inserted', index: entryBeyond, what: 'the entry is beyond the end' })
  if (tileBeyond && !beyond) {
    const what = `tile ${tileBeyond.level}/${tileBeyond.n} is wider than the log`
    problems.push({ kind: 'tile', index: size, what })
  }
}

function describeBeyond(
  row: CheckpointRow,
  size: number,
  verifiers: readonly NoteVerifier[],
): Problem {
  try {
    openCheckpoint(row.note, ...verifiers)
    const what = `the log signed size ${row.size}, but its head says ${size}`
    return { kind: 'rolled-back', index: size, what }
  } catch {
    const what = `the checkpoint of size ${row.size} is not signed by the log`
    return { kind: 'checkpoint', index: size, what }
  }
}
