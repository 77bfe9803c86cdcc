import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { LoadMessage, LoadPlan, LoadReport } from './load-plan.ts'
import { detectionRequests } from './requests.ts'

// A load generator in a process of its own (drive.ts starts it): gets a plan, prepares, waits for the word,
// sends, reports, ends.

/** Latencies in milliseconds, and what came back. */
interface Measured {
  latencies: number[]
  statuses: Record<string, number>
  firstRefusal: string | undefined
}

async function main({ plan }: { plan: LoadPlan }): Promise<void> {
  const requests = detectionRequests(new URL(plan.url).host, plan.path, plan.batch)
  const connections = Array.from({ length: plan.connections }, () => new Connection(plan.url))
  await Promise.all(connections.map(connection => connection.open()))
  tell({ kind: 'ready' })
  await new Promise(resolve => process.once('message', resolve))
  tell({ kind: 'done', report: await run(plan, connections, requests) })
  for (const connection of connections) connection.close()
}

async function run(
  { perSecond }: LoadPlan,
  connections: Connection[],
  requests: Buffer[],
): Promise<LoadReport> {
  const measured: Measured = { latencies: [], statuses: {}, firstRefusal: undefined }
  const before = process.cpuUsage()
  const started = performance.now()
  let next = 0
  const dueAt = (turn: number) =>
    perSecond === undefined ? undefined : started + (turn * 1_000) / perSecond
  const lane = async (connection: Connection) => {
    while (next < requests.length) {
      const turn = next++
      const due = dueAt(turn)
      if (due !== undefined && due > performance.now()) await sleep(due - performance.now())
      await measure(connection, requests[turn]!, due ?? performance.now(), measured)
    }
  }
  await Promise.all(connections.map(lane))
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(before)
  return { ...summarise(measured, ms), seconds: (user + system) / 1e6 }
}

async function measure(
  connection: Connection,
  request: Buffer,
  from: number,
  measured: Measured,
): Promise<void> {
  const { status, body } = await connection.send(request).catch(brokenBy)
  const { latencies, statuses } = measured
  latencies.push(performance.now() - from)
  statuses[status] = (statuses[status] ?? 0) + 1
  if (status < 200 || status > 299) measured.firstRefusal ??= body.toString()
}

function brokenBy(error: Error): { status: number; body: Buffer } {
  return { status: 0, body: Buffer.from(error.message) }
}

function summarise(
  { latencies, statuses, firstRefusal }: Measured,
  ms: number,
): Omit<LoadReport, 'seconds'> {
  const sorted = latencies.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
  const requests = sorted.length
  const [p50, p99, max] = [at(0.5), at(0.99), at(1)]
  return { requests, ms, rate: requests / (ms / 1_000), p50, p99, max, statuses, firstRefusal }
}

function tell(message: LoadMessage): void {
  process.send?.(message)
}

process.once('message', told => {
  main(told as { plan: LoadPlan })
    .catch(error => tell({ kind: 'failed', reason: (error as Error).message }))
    .finally(() => process.disconnect())
})
