import { costOf, programOf } from './protect.ts'
import { isSolution, type Solve, type Sum, type System, sumAt } from './system.ts'

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
export function intervalOf(system: System, sum: Sum, solve: Solve): Interval {
  const [least, most] = [1, -1].map(sign => {
    const point = solve(programOf(system, ENDLESS, costOf([sum], sign)))
    if (!point || !isSolution(system, point)) throw new Error('the solver gave no solution')
    return sumAt(sum, point)
  })
  return {
    least: least ?? 0,
    most: (most ?? 0) >= ENDLESS ? Number.POSITIVE_INFINITY : (most ?? 0),
  }
}
