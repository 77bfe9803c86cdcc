import { narrowTask } from './narrow.ts'
import { Search, type Task } from './search.ts'
import type { Solver } from './system.ts'

const AT_ONCE = 4
const NOBODY: readonly number[] = []

/**
 * Secondary suppression: hides further candidates until each target, given all that is published then,
 * can have values at least so far apart as it must, for who knows nothing more and for each insider. Each time
 * the cheapest set of cells that lets a target move: those hidden already cost nothing, small ones less than large
 * ones. Every target is proven by two solutions in whole numbers that satisfy every equation exactly, checked
 * without the solver. Zeros that earlier releases tell already are left: nothing of this table makes it more.
 *
 * Many parties are taken a few at a time, with the counts of the others as they are: a solution of those is one
 * of all, and says nothing to an insider among the others. What is left after that, all parties together prove.
 * @returns which candidates are hidden, by index
 * @throws Exposed where earlier releases alone tell another target
 */
export function protect(task: Task, open: Solver, atOnce = AT_ONCE): boolean[] {
  const search = new Search(task, open)
  try {
    if (task.insiders.length > atOnce) {
      for (let at = 0; at < task.insiders.length; at += atOnce) {
        protectSome(search, task.insiders.slice(at, at + atOnce), open)
      }
    }
    for (const own of [NOBODY, ...task.insiders]) search.secureFrom(own)
    return search.hidden
  } finally {
    search.close()
  }
}

function protectSome(all: Search, insiders: Task['insiders'], open: Solver): void {
  const { task, toAll, cells } = narrowTask({ ...all.task, insiders }, all.hidden)
  const some = new Search(task, open)
  try {
    for (const own of [NOBODY, ...task.insiders]) some.secureFrom(own, { isLast: false })
    all.hide(cells.filter((_, at) => some.hidden[at]))
    for (const move of some.moves) {
      all.take(move.map(([variable, by]) => [toAll[variable] ?? 0, by] as const))
    }
  } finally {
    some.close()
  }
}
