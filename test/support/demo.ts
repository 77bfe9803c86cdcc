import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { keepLines } from './kept-log.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** What a command printed and how it ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A huisbrug command in a process of its own, with exactly this environment of ours. */
export function startCommand(
  args: string[],
  settings: Record<string, string | undefined> = {},
): { child: ChildProcess; output: () => string; ended: Promise<Ended> } {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('HUISBRUG_') && name !== 'NODE_OPTIONS',
  )
  const env = { ...Object.fromEntries(inherited), ...settings }
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    keepLines(chunk)
    stderr += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout,
    stderr,
  }))
  return { child, output: () => stdout + stderr, ended }
}

/** Runs a command to its end. */
export function runCommand(
  args: string[],
  settings: Record<string, string | undefined> = {},
): Promise<Ended> {
  return startCommand(args, settings).ended
}

/** The last line of a command's output as JSON. */
export function lastJson(ended: Ended): Record<string, unknown> {
  const line = ended.stdout.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line)
  } catch {
    throw new Error(`no JSON at the end (exit ${ended.code}): ${ended.stdout}${ended.stderr}`)
  }
}
