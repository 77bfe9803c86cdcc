import type { Task } from './search.ts'
import type { Sum } from './system.ts'

/** A task about some of the counts. */
interface Narrowed {
  task: Task
  /** Which variable each of the narrowed task is of the whole one. */
  toAll: readonly number[]
  /** Which candidate each of the narrowed task is of the whole one. */
  cells: readonly number[]
}

/**
 * The part of a task that is about the counts of its insiders, with all other counts as they are. A solution of it
 * is one of the whole task, with those counts.
 * @param hidden which candidates are hidden by now
 */
export function narrowTask(whole: Task, hidden: readonly boolean[]): Narrowed {
  const toAll = whole.insiders.flat()
  const index = new Map(toAll.map((variable, at) => [variable, at]))
  const within = (sum: Sum): Sum =>
    sum.flatMap(([variable, by]) => {
      const at = index.get(variable)
      return at === undefined ? [] : [[at, by] as const]
    })
  const truth = toAll.map(variable => whole.system.truth[variable] ?? 0)
  const trueValue = (sum: Sum) => sum.reduce((total, [at, by]) => total + by * (truth[at] ?? 0), 0)
  const sums = (all: readonly Sum[]) => all.map(within).filter(({ length }) => length > 0)
  const cells = [...whole.candidates.keys()].filter(
    at => within(whole.candidates[at]?.sum ?? []).length > 0,
  )
  const task: Task = {
    system: {
      truth,
      equations: sums(whole.system.equations.map(({ sum }) => sum)).map(sum => ({
        sum,
        value: trueValue(sum),
      })),
      notBelowZero: sums(whole.system.notBelowZero),
    },
    candidates: cells.flatMap(at => {
      const cell = whole.candidates[at]
      if (!cell) return []
      const sum = within(cell.sum)
      const size = cell.size ?? cell.value
      return [{ sum, value: trueValue(sum), size, hidden: hidden[at] ?? cell.hidden }]
    }),
    targets: whole.targets.flatMap(target => {
      const sum = within(target.sum)
      return sum.length === target.sum.length ? [{ ...target, sum }] : []
    }),
    insiders: whole.insiders.map(own => own.map(variable => index.get(variable) ?? 0)),
  }
  return { task, toAll, cells }
}
