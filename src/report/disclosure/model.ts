import { codesOf, type LatticeCell, latticeOf } from './lattice.ts'
import { ALL, type Measure } from './types.ts'

/** A leaf as a release counted it, where that was new or other than before. */
export interface LeafVersion {
  /** Key of the leaf: lattice.ts. */
  leaf: string
  /** Number of the release that brought it; they follow one another. */
  release: number
  count: number
  withheld: boolean
}

/** A cell that a release showed, or hid. */
export interface ListedCell {
  release: number
  key: string
  value: number | undefined
}

/** Everything that was released of one measure. */
export interface History {
  versions: readonly LeafVersion[]
  cells: readonly ListedCell[]
  /** The protocol's threshold at each release. */
  thresholds: ReadonlyMap<number, number>
}

const SPECIAL_THRESHOLD = 10

/**
 * The counts of one measure through all its releases: a variable for each version of each leaf, and every
 * cell at every level as a sum of them, as it was at a release.
 */
export class CountModel {
  readonly measure: Measure
  readonly versions: readonly LeafVersion[]
  readonly cells: Map<string, LatticeCell>
  readonly #byLeaf = new Map<string, number[]>()

  constructor(measure: Measure, versions: readonly LeafVersion[]) {
    this.measure = measure
    this.versions = [...versions].sort((a, b) => a.release - b.release)
    this.versions.forEach(({ leaf }, variable) => {
      const known = this.#byLeaf.get(leaf)
      if (known) known.push(variable)
      else this.#byLeaf.set(leaf, [variable])
    })
    this.cells = latticeOf(measure, this.#byLeaf.keys())
  }

  /** The variables that a cell was the sum of at a release; none where there was nothing of it yet. */
  variablesAt(key: string, release: number): number[] {
    const leaves = this.cells.get(key)?.leaves ?? []
    return leaves.flatMap(leaf => this.#current(leaf, release) ?? [])
  }

  /** The value of a cell at a release. */
  valueAt(key: string, release: number): number {
    return this.total(this.variablesAt(key, release))
  }

  total(variables: readonly number[]): number {
    return variables.reduce((sum, variable) => sum + (this.versions[variable]?.count ?? 0), 0)
  }

  /** Each version of a leaf with the one before it. */
  changes(): [later: number, earlier: number][] {
    return [...this.#byLeaf.values()].flatMap(variables =>
      variables.slice(1).map((later, at) => [later, variables[at] ?? later] as [number, number]),
    )
  }

  /** The threshold of a cell: at least 10 where it is of a special category. */
  thresholdOf(key: string, threshold: number): number {
    const codes = codesOf(key)
    const special = this.measure.dimensions.some(
      (dimension, at) =>
        dimension.kind === 'codes' && dimension.special === true && codes[at] !== ALL,
    )
    return special ? Math.max(SPECIAL_THRESHOLD, threshold) : threshold
  }

  #current(leaf: string, release: number): number | undefined {
    return this.#byLeaf
      .get(leaf)
      ?.findLast(variable => (this.versions[variable]?.release ?? 0) <= release)
  }
}
