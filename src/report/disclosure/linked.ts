import { type LatticeCell, latticeOf } from './lattice.ts'
import type { History } from './model.ts'
import type { Measure } from './types.ts'

/**
 * Only what hangs together with some cells: counts that share a released cell with one of theirs, directly or
 * through others, and the releases of those. Nothing of the rest can be told by these cells, nor they by the
 * rest: a solution of the one and a solution of the other are one of both. So which cells of a table about one
 * party are hidden depends on no other party, unless a table was released that adds them up.
 * A sum of 1 to k - 1 over both has a part of 1 to k - 1 in one of them, and that part stays hidden there.
 */
export function linkedHistory(
  measure: Measure,
  history: History,
  asked: { leaves: readonly string[]; keys: readonly string[] },
): History {
  const leaves = new Set([...history.versions.map(({ leaf }) => leaf), ...asked.leaves])
  const cells = latticeOf(measure, leaves)
  const groups = new Groups()
  const listed = new Set(history.cells.map(({ key }) => key))
  for (const key of [...listed, ...asked.keys]) groups.join(cells.get(key)?.leaves ?? [])
  const touched = new Set(
    [...asked.leaves, ...asked.keys.flatMap(key => firstOf(cells, key))].map(leaf =>
      groups.of(leaf),
    ),
  )
  const isLinked = (leaf: string) => touched.has(groups.of(leaf))
  return {
    versions: history.versions.filter(({ leaf }) => isLinked(leaf)),
    cells: history.cells.filter(({ key }) => firstOf(cells, key).some(isLinked)),
    thresholds: history.thresholds,
  }
}

// The leaves of a cell that was listed are in one group: one of them stands for all.
function firstOf(cells: ReadonlyMap<string, LatticeCell>, key: string): string[] {
  return cells.get(key)?.leaves.slice(0, 1) ?? []
}

/** Groups that grow together: each leaf begins with its own. */
class Groups {
  readonly #next = new Map<string, string>()

  of(leaf: string): string {
    let [at, next] = [leaf, this.#next.get(leaf)]
    while (next !== undefined) {
      at = next
      next = this.#next.get(at)
    }
    if (at !== leaf) this.#next.set(leaf, at)
    return at
  }

  join(leaves: readonly string[]): void {
    const [first] = leaves
    if (first === undefined) return
    for (const leaf of leaves) {
      const [one, other] = [this.of(first), this.of(leaf)]
      if (one !== other) this.#next.set(other, one)
    }
  }
}
