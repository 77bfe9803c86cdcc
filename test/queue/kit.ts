import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createWakeUps, type WakeUpOptions, type WakeUps } from '../../src/queue/queue.ts'
import { testLog } from '../support/log.ts'

/** One queue engine under test. */
export interface EngineUnderTest {
  url: string
  /** The content of all jobs, as the engine keeps it. */
  jobData(): Promise<unknown[]>
  /** Takes everything out of the queue. */
  lose(): Promise<void>
  close(): Promise<void>
}

export interface Harness {
  engine: EngineUnderTest
  /** One process's wake-ups; nothing reconciles unless the test says so. */
  start(options?: Partial<WakeUpOptions>): Promise<WakeUps>
  /** Closes what was started and empties the queue. */
  reset(): Promise<void>
}

const NEVER = 3_600_000

export function harness(engine: EngineUnderTest): Harness {
  const opened: WakeUps[] = []
  const start = async (options: Partial<WakeUpOptions> = {}) => {
    const wakeUps = await createWakeUps({
      databaseUrl: engine.url,
      queueUrl: engine.url,
      log: testLog().log,
      dueDestinations: async () => [],
      reconcileEvery: NEVER,
      ...options,
    })
    opened.push(wakeUps)
    return wakeUps
  }
  const reset = async () => {
    for (const wakeUps of opened.splice(0)) await wakeUps.close()
    await engine.lose()
  }
  return { engine, start, reset }
}

/** Notes which destinations the handler is called for. */
export function recorder() {
  const calls: string[] = []
  const handler = async (destination: string) => void calls.push(destination)
  return { calls, handler }
}

/** A handler that stays at work until it is let go, and counts how many do so at once. */
export function blocker() {
  const gate = Promise.withResolvers<void>()
  const state = { atOnce: 0, most: 0, runs: 0, release: gate.resolve }
  const run = async () => {
    state.atOnce += 1
    state.runs += 1
    state.most = Math.max(state.most, state.atOnce)
    await gate.promise
    state.atOnce -= 1
  }
  return Object.assign(state, { run })
}

/** Starts a worker process and kills it as soon as its handler is at work. */
export async function killAtWork(url: string): Promise<void> {
  const program = fileURLToPath(new URL('worker-program.ts', import.meta.url))
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [program, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  const [said] = await once(child.stdout, 'data')
  expect(String(said)).toBe('vdab\n')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
