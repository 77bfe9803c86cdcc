import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadMessage, LoadPlan, LoadReport } from './load-plan.ts'
import { startNode } from './program.ts'

const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url))

/** Load that is prepared and connected, and waits for the word. */
export interface PreparedLoad {
  /** Sends everything and ends the generator. @throws Error where a reply was no 2xx */
  run(): Promise<LoadReport>
}

/** Starts a load generator in a process of its own, and waits until all its requests are made. */
export async function prepareLoad(plan: LoadPlan): Promise<PreparedLoad> {
  const { child, stop } = startNode({ file: LOAD })
  const gone = once(child, 'exit').then((): LoadMessage => {
    return { kind: 'failed', reason: 'the load generator ended' }
  })
  const heard = async () => {
    const told = once(child, 'message').then(([message]) => message as LoadMessage)
    const message = await Promise.race([told, gone])
    if (message.kind === 'failed') throw new Error(message.reason)
    return message
  }
  const ready = heard()
  child.send({ plan })
  await ready
  const run = async () => {
    const done = heard()
    child.send('go')
    const message = await done.finally(stop)
    if (message.kind !== 'done') throw new Error('the load generator said something else')
    return assertAccepted(message.report)
  }
  return { run }
}

function assertAccepted(report: LoadReport): LoadReport {
  const { statuses, firstRefusal } = report
  if (firstRefusal !== undefined)
    throw new Error(`not all was taken: ${JSON.stringify(statuses)} ${firstRefusal}`)
  return report
}
