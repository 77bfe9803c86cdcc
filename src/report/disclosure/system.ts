/** A sum of variables, each with its coefficient: what an equation or a target is about. */
export type Sum = readonly (readonly [variable: number, coefficient: number])[]

/** What a published cell tells: that a sum has a value. */
export interface Equation {
  sum: Sum
  value: number
}

/** What everybody may know of the counts: whole numbers, not below zero, that satisfy all of these. */
export interface System {
  /** The true counts: a solution. */
  truth: readonly number[]
  equations: readonly Equation[]
  /** Sums known not to be below zero: how a count changed between two releases. */
  notBelowZero: readonly Sum[]
}

/** A linear program over whole numbers: minimise cost, within bounds. */
export interface Program {
  columns: { lower: number; upper: number; cost: number }[]
  rows: { lower: number; upper: number; sum: Sum }[]
}

/**
 * A program that is changed and solved again. A point is not trusted: each is checked against the equations,
 * in whole numbers.
 */
export interface KeptProgram {
  /** Changes costs, which are minimised, by column; the others stay. */
  setCosts(costs: ReadonlyMap<number, number>): void
  bindColumn(at: number, lower: number, upper: number): void
  bindRow(at: number, lower: number, upper: number): void
  /** Another sum in a row; always in the same one, which was empty. */
  setRow(at: number, sum: Sum): void
  /**
   * A best point, mostly in whole numbers; undefined where there is none.
   * @throws Error where it cannot tell
   */
  solve(): readonly number[] | undefined
  /** The same, in whole numbers: slower. */
  solveWhole(): readonly number[] | undefined
  close(): void
}

/** Opens a program; whoever opens one closes it. */
export type Solver = (program: Program) => KeptProgram

/** The value of a sum at a point. */
export function sumAt(sum: Sum, point: readonly number[]): number {
  let total = 0
  for (const [variable, coefficient] of sum) total += coefficient * (point[variable] ?? 0)
  return total
}

/** Whether a point is a solution: whole numbers, not below zero, every equation exact. */
export function isSolution(system: System, point: readonly number[]): boolean {
  return (
    point.length === system.truth.length &&
    point.every(value => Number.isSafeInteger(value) && value >= 0) &&
    system.equations.every(({ sum, value }) => sumAt(sum, point) === value) &&
    system.notBelowZero.every(sum => sumAt(sum, point) >= 0)
  )
}

/** The sum of a difference: later less earlier, without what is in both. */
export function differenceOf(later: readonly number[], earlier: readonly number[]): Sum {
  const coefficients = new Map<number, number>()
  for (const variable of later) coefficients.set(variable, 1)
  for (const variable of earlier) {
    const left = (coefficients.get(variable) ?? 0) - 1
    if (left === 0) coefficients.delete(variable)
    else coefficients.set(variable, left)
  }
  return [...coefficients]
}

/** The same sum with the other sign. */
export function negate(sum: Sum): Sum {
  return sum.map(([variable, coefficient]) => [variable, -coefficient] as const)
}

/** Whether all of these are whole numbers. */
export function isWhole(point: readonly number[]): boolean {
  return point.every(Number.isSafeInteger)
}
