import {
  isSolution,
  negate,
  type Program,
  type Solve,
  type Sum,
  type System,
  sumAt,
} from './system.ts'
import type { Target } from './targets.ts'

/** A cell of the table that is asked for, which may be hidden. */
export interface Candidate {
  sum: Sum
  value: number
  hidden: boolean
}

/** What has to stay hidden and cannot, whatever is hidden of this table. */
export class Exposed extends Error {
  constructor() {
    super('earlier releases leave no room to hide it')
  }
}

// Who moves a count by more than some thresholds learns nothing by it; a program needs bounds.
const ROOM = 50
// Zeros last: a zero that is hidden says that there may be someone.
const COST_OF_ZERO = 10_000
const COST_OF_CELL = 10

/**
 * Secondary suppression: hides further candidates until each target, given all that is published then,
 * can have values at least so far apart as it must. Each time the cheapest set of cells that lets a target
 * move: those hidden already cost nothing, small ones less than large ones. Every target is proven by two
 * solutions in whole numbers that satisfy every equation exactly, checked without the solver. Zeros that
 * earlier releases tell already are left: nothing of this table makes it more.
 * @param system what earlier releases tell
 * @returns which candidates are hidden, by index
 * @throws Exposed where earlier releases alone tell another target
 */
export function protect(
  system: System,
  candidates: readonly Candidate[],
  targets: readonly Target[],
  solve: Solve,
): boolean[] {
  const search = new Search(system, candidates, targets, solve)
  search.moveFree()
  search.moveTogether()
  // The largest first: what hides it mostly hides the smaller ones too.
  const order = targets.map((_, at) => at).sort((a, b) => valueAt(targets, b) - valueAt(targets, a))
  for (const at of order) search.secure(at)
  return search.hidden
}

function valueAt(targets: readonly Target[], at: number): number {
  return targets[at]?.value ?? 0
}

class Search {
  readonly hidden: boolean[]
  readonly #earlier: System
  readonly #candidates: readonly Candidate[]
  readonly #targets: readonly Target[]
  readonly #solve: Solve
  readonly #least: number[]
  readonly #most: number[]
  readonly #room: number

  constructor(
    earlier: System,
    candidates: readonly Candidate[],
    targets: readonly Target[],
    solve: Solve,
  ) {
    this.#earlier = earlier
    this.#candidates = candidates
    this.#targets = targets
    this.#solve = solve
    this.hidden = candidates.map(({ hidden }) => hidden)
    this.#least = targets.map(({ value }) => value)
    this.#most = targets.map(({ value }) => value)
    this.#room = ROOM * Math.max(1, ...targets.map(({ apart }) => apart))
  }

  /** Moves each target that has a count in no equation at all: that one can be anything. */
  moveFree(): void {
    const { truth, equations, notBelowZero } = this.#published()
    const sums = [...equations.map(({ sum }) => sum), ...notBelowZero]
    const bound = new Set(sums.flat().map(([variable]) => variable))
    const point = [...truth]
    for (const { sum, apart } of this.#targets) {
      const free = sum.find(([variable, coefficient]) => coefficient > 0 && !bound.has(variable))
      if (free) point[free[0]] = (truth[free[0]] ?? 0) + apart
    }
    this.#take(point)
  }

  /** Moves all targets at once, up and down, as long as that helps: most need no program of their own. */
  moveTogether(): void {
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const open = this.#targets.filter((_, at) => !this.#isWide(at)).map(({ sum }) => sum)
      if (open.length === 0 || open.length >= before) return
      before = open.length
      for (const sign of [-1, 1]) this.#take(this.#solve(this.#program(costOf(open, sign))))
    }
  }

  /** Makes one target wide enough, hiding what has to be. */
  secure(at: number): void {
    const target = this.#targets[at]
    if (!target) return
    for (const sign of [-1, 1]) {
      if (this.#isWide(at)) return
      this.#take(this.#solve(this.#program(costOf([target.sum], sign))))
    }
    if (this.#isWide(at)) return
    const size = this.#earlier.truth.length
    const found = this.#solve(this.#movingProgram(target))
    if (!found && target.value === 0) return
    if (!found) throw new Exposed()
    const points = [found.slice(0, size), found.slice(size, 2 * size)]
    this.#candidates.forEach(({ sum, value }, cell) => {
      if (points.some(point => sumAt(sum, point) !== value)) this.hidden[cell] = true
    })
    for (const point of points) this.#take(point)
    if (!this.#isWide(at)) throw new Exposed()
  }

  #isWide(at: number): boolean {
    return (this.#most[at] ?? 0) - (this.#least[at] ?? 0) >= (this.#targets[at]?.apart ?? 0)
  }

  /** What is published as it stands: earlier releases, and the candidates that are not hidden. */
  #published(): System {
    const shown = this.#candidates.filter((_, cell) => !this.hidden[cell])
    return { ...this.#earlier, equations: [...this.#earlier.equations, ...shown] }
  }

  #take(point: readonly number[] | undefined): void {
    if (!point || !isSolution(this.#published(), point)) return
    this.#targets.forEach(({ sum }, at) => {
      const value = sumAt(sum, point)
      this.#least[at] = Math.min(this.#least[at] ?? value, value)
      this.#most[at] = Math.max(this.#most[at] ?? value, value)
    })
  }

  #program(cost: ReadonlyMap<number, number>): Program {
    return programOf(this.#published(), this.#room, cost)
  }

  /**
   * The cheapest change of published cells that sets a target apart: two solutions of what earlier releases
   * tell, so far from each other, in which as few and as small cells as can be are other than they are.
   */
  #movingProgram({ sum, apart }: Target): Program {
    const size = this.#earlier.truth.length
    const one = programOf(this.#earlier, this.#room, new Map())
    const columns = [...one.columns, ...one.columns]
    const rows = [...one.rows, ...one.rows.map(row => ({ ...row, sum: shift(row.sum, size) }))]
    rows.push({
      lower: apart,
      upper: Number.POSITIVE_INFINITY,
      sum: [...shift(sum, size), ...negate(sum)],
    })
    this.#candidates.forEach((cell, at) => {
      if (this.hidden[at]) return
      // Of two alike always the same one, or both would be hidden by halves.
      const turn = at / this.#candidates.length
      const cost = COST_OF_CELL + turn + (cell.value === 0 ? COST_OF_ZERO : cell.value)
      for (const by of [0, size]) {
        const up = columns.push({ lower: 0, upper: Number.POSITIVE_INFINITY, cost }) - 1
        const down = columns.push({ lower: 0, upper: cell.value, cost }) - 1
        const moved: Sum = [...shift(cell.sum, by), [up, -1], [down, 1]]
        rows.push({ lower: cell.value, upper: cell.value, sum: moved })
      }
    })
    return { columns, rows }
  }
}

function shift(sum: Sum, by: number): Sum {
  return sum.map(([variable, coefficient]) => [variable + by, coefficient] as const)
}

/** The program of a system: a column for each count, a row for each equation. */
export function programOf(
  { truth, equations, notBelowZero }: System,
  room: number,
  cost: ReadonlyMap<number, number>,
): Program {
  return {
    columns: truth.map((count, variable) => ({
      lower: 0,
      upper: count + room,
      cost: cost.get(variable) ?? 0,
    })),
    rows: [
      ...equations.map(({ sum, value }) => ({ lower: value, upper: value, sum })),
      ...notBelowZero.map(sum => ({ lower: 0, upper: Number.POSITIVE_INFINITY, sum })),
    ],
  }
}

/** The cost of a program that moves sums up (-1) or down (1). */
export function costOf(sums: readonly Sum[], sign: number): Map<number, number> {
  const cost = new Map<number, number>()
  for (const [variable, coefficient] of sums.flat()) {
    cost.set(variable, (cost.get(variable) ?? 0) + sign * coefficient)
  }
  return cost
}
