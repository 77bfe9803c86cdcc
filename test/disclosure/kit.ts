import { type Asked, controlTable } from '../../src/report/disclosure/control.ts'
import { keyOf } from '../../src/report/disclosure/lattice.ts'
import type { History } from '../../src/report/disclosure/model.ts'
import type { Solver } from '../../src/report/disclosure/system.ts'

export const NOTHING: History = { versions: [], cells: [], thresholds: new Map() }

/** Releases one more table of a measure, and gives what is released of it by then. */
export function releaseNext(
  history: History,
  asked: Omit<Asked, 'release'>,
  solve: Solver,
  atOnce?: number,
): History {
  const release = history.thresholds.size + 1
  const { cells, versions } = controlTable(history, { ...asked, release }, solve, atOnce)
  const listed = cells.map(({ dims, value }) => ({
    ...{ release, key: keyOf(asked.measure, dims), value },
  }))
  return {
    versions: [...history.versions, ...versions],
    cells: [...history.cells, ...listed],
    thresholds: new Map([...history.thresholds, [release, asked.threshold]]),
  }
}
