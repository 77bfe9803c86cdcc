import { costOf, programOf } from './program.ts'
import { isSolution, isWhole, type Solver, type Sum, type System, sumAt } from './system.ts'

/** The least and the largest value that a sum can have; the largest may be without end. */
export interface Interval {
  least: number
  most: number
}

// Far above any count of persons here, so a sum that gets there is held by no equation.
const ENDLESS = 1_000_000

/**
 * The exact interval of a sum, given everything that is published: over all solutions in whole numbers,
 * not below zero.
 * @throws Error where the solver gives no solution, though the true counts are one
 */
export function intervalOf(system: System, sum: Sum, open: Solver): Interval {
  const program = open(programOf(system, ENDLESS))
  try {
    const [least = 0, most = 0] = [1, -1].map(sign => {
      program.setCosts(costOf([sum], sign))
      const point = program.solve()
      const whole = point && isWhole(point) ? point : program.solveWhole()
      if (!whole || !isSolution(system, whole)) throw new Error('the solver gave no solution')
      return sumAt(sum, whole)
    })
    return { least, most: most >= ENDLESS ? Number.POSITIVE_INFINITY : most }
  } finally {
    program.close()
  }
}
