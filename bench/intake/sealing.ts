import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Threads that seal rows and do nothing else. */
export interface BareSealing {
  /** Tenants a second, all threads together, of so many. */
  rate(tenants: number): Promise<number>
  close(): Promise<void>
}

/** As many threads as the product's pool has. */
export async function openBareSealing(threads: number): Promise<BareSealing> {
  const file = new URL('./sealing-thread.ts', import.meta.url)
  const workers = Array.from({ length: threads }, () => new Worker(file))
  const seal = async (worker: Worker, tenants: number) => {
    const answer = once(worker, 'message')
    worker.postMessage(tenants)
    const [{ sealed, ms }] = (await answer) as [{ sealed: number; ms: number }]
    return { sealed, ms }
  }
  return {
    rate: async tenants => {
      const share = Math.ceil(tenants / threads)
      const done = await Promise.all(workers.map(worker => seal(worker, share)))
      const slowest = Math.max(...done.map(({ ms }) => ms))
      return done.reduce((sum, { sealed }) => sum + sealed, 0) / (slowest / 1_000)
    },
    close: async () => {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}
