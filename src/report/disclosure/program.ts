import { negate, type Program, type Sum, type System } from './system.ts'

const ENDLESS = Number.POSITIVE_INFINITY
// Zeros last: a zero that is hidden says that there may be someone.
const COST_OF_ZERO = 10_000
const COST_OF_CELL = 10

/** A cell of the table that is asked for, which may be hidden. */
export interface Candidate {
  sum: Sum
  value: number
  /** Its value as a whole, where `value` is of some of its counts: the larger, the rather it stays. */
  size?: number
  hidden: boolean
}

/** The program of a system: a column for each count, a row for each equation. */
export function programOf({ truth, equations, notBelowZero }: System, room: number): Program {
  return {
    columns: truth.map(count => ({ lower: 0, upper: count + room, cost: 0 })),
    rows: [
      ...equations.map(({ sum, value }) => ({ lower: value, upper: value, sum })),
      ...notBelowZero.map(sum => ({ lower: 0, upper: ENDLESS, sum })),
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

/** A program for the cheapest change of cells that sets a sum apart: see `movingProgram`. */
export interface Moving {
  program: Program
  /** The columns of a cell: how far it is moved, up and down, in either solution. */
  movesOf: ReadonlyMap<number, readonly number[]>
  /** The row for what has to be apart, empty as yet. */
  row: number
}

/**
 * Two solutions of what earlier releases tell, in which as few and as small cells as can be are other than they
 * are. What has to be apart, the second solution less the first, is set in the last row.
 */
export function movingProgram(
  earlier: System,
  room: number,
  candidates: readonly Candidate[],
): Moving {
  const size = earlier.truth.length
  const one = programOf(earlier, room)
  const columns = [...one.columns, ...one.columns]
  const rows = [...one.rows, ...one.rows.map(row => ({ ...row, sum: shift(row.sum, size) }))]
  const movesOf = new Map<number, readonly number[]>()
  candidates.forEach((cell, at) => {
    if (cell.hidden) return
    const cost = costOfCell(cell, at / candidates.length)
    const moves = [0, size].flatMap(by => {
      const up = columns.push({ lower: 0, upper: ENDLESS, cost }) - 1
      const down = columns.push({ lower: 0, upper: cell.value, cost }) - 1
      const moved: Sum = [...shift(cell.sum, by), [up, -1], [down, 1]]
      rows.push({ lower: cell.value, upper: cell.value, sum: moved })
      return [up, down]
    })
    movesOf.set(at, moves)
  })
  const row = rows.push({ lower: 0, upper: ENDLESS, sum: [] }) - 1
  return { program: { columns, rows }, movesOf, row }
}

/** The second solution of a moving program less the first, of a sum. */
export function apartOf(sum: Sum, size: number): Sum {
  return [...shift(sum, size), ...negate(sum)]
}

// Of two alike always the same one, or both would be hidden by halves: that is what `turn` is for.
function costOfCell({ value, size = value }: Candidate, turn: number): number {
  return COST_OF_CELL + turn + (size === 0 ? COST_OF_ZERO : size)
}

function shift(sum: Sum, by: number): Sum {
  return sum.map(([variable, coefficient]) => [variable + by, coefficient] as const)
}
