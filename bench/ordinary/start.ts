import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Running, startNode } from '../system/program.ts'
import type { OrdinarySettings } from './settings.ts'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))

/** Starts an ordinary program as a process of its own; its log is `log.jsonl` in the folder. */
export async function startOrdinary(
  folder: string,
  settings: Omit<OrdinarySettings, 'logFile'>,
  nodeArgs: readonly string[] = [],
): Promise<{ running: Running; url: string }> {
  const whole: OrdinarySettings = { ...settings, logFile: join(folder, 'log.jsonl') }
  const running = startNode({
    file: PROGRAM,
    args: [JSON.stringify(whole)],
    nodeArgs,
    env: { NODE_ENV: 'production' },
    logFile: join(folder, 'output.txt'),
  })
  const ended = once(running.child, 'exit').then(() =>
    Promise.reject(new Error('it did not start')),
  )
  const [{ port }] = (await Promise.race([once(running.child, 'message'), ended])) as [
    { port: number },
  ]
  ended.catch(() => {})
  return { running, url: `http://127.0.0.1:${port}` }
}
