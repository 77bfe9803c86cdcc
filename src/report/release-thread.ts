import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { type Asked, type Controlled, controlTable } from './disclosure/control.ts'
import type { History } from './disclosure/model.ts'
import { Exposed } from './disclosure/search.ts'

class SolverNeeded extends Error {}
/** The arithmetic was given up: it took longer than others can wait for theirs. */
export class TookTooLong extends Error {}

const IDLE_MS = 5_000
// Releases of an agreement follow one another: those of others wait meanwhile.
const LONGEST_MS = 15_000
const WORKER = import.meta.url.endsWith('.ts') ? './release-worker.ts' : './release-worker.js'

let threads: Piscina | undefined

/**
 * Disclosure control of a table, in a thread of its own where it takes a solver: a year of tables is seconds
 * of arithmetic, in which the gateway goes on answering.
 * @throws Exposed, as `controlTable`; TookTooLong after fifteen seconds
 */
export async function controlInThread(
  history: History,
  asked: Asked,
  longestMs = LONGEST_MS,
): Promise<Controlled> {
  try {
    return controlTable(history, asked, () => {
      throw new SolverNeeded()
    })
  } catch (error) {
    if (!(error instanceof SolverNeeded)) throw error
  }
  threads ??= startThreads()
  const signal = AbortSignal.timeout(longestMs)
  const result: Controlled | undefined = await threads
    .run({ history, asked }, { name: 'control', signal })
    .catch(error => {
      throw signal.aborted ? new TookTooLong() : error
    })
  if (!result) throw new Exposed()
  return result
}

function startThreads(): Piscina {
  const started = new Piscina({
    filename: fileURLToPath(new URL(WORKER, import.meta.url)),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    execArgv: [],
    argv: [],
    env: {},
  })
  // A thread that ends without work in hand is replaced; without a listener it would end the process.
  started.on('error', () => {})
  return started
}
