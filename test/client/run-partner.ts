import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Command, CommanderError } from 'commander'
import { partnerCommands } from '../../src/cli/partner.ts'

/** How a command ended, and what it said. */
export interface Outcome {
  exit: number
  out: string
  err: string
}

/** Runs `huisbrug partner` with these arguments in this process. */
export async function run(...args: string[]): Promise<Outcome> {
  const outcome = { exit: 0, out: '', err: '' }
  process.exitCode = 0
  const command = quiet(partnerCommands(), outcome)
  await command.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    outcome.exit = error instanceof CommanderError ? error.exitCode : 1
    if (!(error instanceof CommanderError)) outcome.err += error.message
  })
  const exit = outcome.exit || Number(process.exitCode)
  process.exitCode = 0
  return { ...outcome, exit }
}

function quiet(command: Command, outcome: Outcome): Command {
  const writeOut = (text: string) => {
    outcome.out += text
  }
  const writeErr = (text: string) => {
    outcome.err += text
  }
  command.exitOverride().configureOutput({ writeOut, writeErr })
  for (const sub of command.commands) quiet(sub, outcome)
  return command
}

/** Starts `huisbrug` with these arguments as a program of its own, in a folder. */
export function startCommand(cwd: string, ...args: string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
  const child = spawn(process.execPath, [cli, ...args], { cwd, env })
  const said = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    said.out += chunk
  })
  child.stderr.on('data', chunk => {
    said.err += chunk
  })
  return { child, said, end: once(child, 'close').then(([exit]) => ({ exit, ...said })) }
}
