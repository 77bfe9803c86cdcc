import { type Asked, type Controlled, controlTable } from './disclosure/control.ts'
import type { History } from './disclosure/model.ts'
import { Exposed } from './disclosure/search.ts'
import { loadSolver } from './solver.ts'

/** The thread's side of release-thread.ts; nothing where earlier releases leave no room. */
export async function control(task: {
  history: History
  asked: Asked
}): Promise<Controlled | undefined> {
  const solve = await loadSolver()
  try {
    return controlTable(task.history, task.asked, solve)
  } catch (error) {
    if (error instanceof Exposed) return undefined
    throw error
  }
}
