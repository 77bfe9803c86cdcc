import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { PeerMessage } from './parent.ts'

/** The command itself, compiled or not. */
const CLI = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../cli.ts' : '../cli.js', import.meta.url),
)
const STOP_MS = 20_000

export interface ProgramsOptions {
  /** The environment of everything that is started. */
  environment: Record<string, string | undefined>
  logFolder: string
}

/** A program that the demo started; it ends with the demo, also where that is killed. */
export interface Program {
  name: string
  logFile: string
  /** Rejects with ProgramEnded once it ended, whatever made it end. */
  ended: Promise<never>
  /** Tells a peer what to do. */
  command(text: string): void
  stop(): Promise<void>
}

/** Thrown where a program ended while it was needed. */
export class ProgramEnded extends Error {
  override readonly name = 'ProgramEnded'
  readonly logFile: string

  constructor(name: string, logFile: string) {
    super(`${name} stopte onverwacht: zie ${logFile}`)
    this.logFile = logFile
  }
}

/**
 * Starts and stops the demo's programs: each a `huisbrug` command in a process of its own, its
 * output in a log file, tied to this process by an IPC channel whose end ends it.
 */
export class Programs {
  readonly #options: ProgramsOptions
  readonly #running: Program[] = []

  constructor(options: ProgramsOptions) {
    this.#options = options
    mkdirSync(options.logFolder, { recursive: true, mode: 0o700 })
  }

  /** Does something while all programs run; rejects as soon as one ends. */
  during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, ...this.#running.map(program => program.ended)])
  }

  /** Starts one; `onMessage` gets what it says over the channel. */
  start<Status>(
    name: string,
    args: readonly string[],
    onMessage: (message: PeerMessage<Status>) => void = () => {},
  ): Program {
    const logFile = join(this.#options.logFolder, `${name}.log`)
    const child = this.#spawn(args, logFile)
    child.on('message', message => onMessage(message as PeerMessage<Status>))
    const ended = once(child, 'exit').then(() => {
      throw new ProgramEnded(name, logFile)
    })
    ended.catch(() => {})
    const program: Program = {
      name,
      logFile,
      ended,
      command: text => child.send(text, () => {}),
      stop: () => stop(child),
    }
    this.#running.push(program)
    return program
  }

  /** Drops a program that ended and may have. */
  forget(program: Program): void {
    this.#running.splice(this.#running.indexOf(program), 1)
  }

  /** Runs a command to its end and reads the JSON object on the last line of its output. */
  async run(args: readonly string[]): Promise<{ code: number; json: Record<string, unknown> }> {
    const child = spawn(process.execPath, [CLI, ...args, '--json'], {
      env: this.#options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', chunk => {
      output += String(chunk)
    })
    child.stderr.resume()
    const [code] = (await once(child, 'close')) as [number | null]
    return { code: code ?? 1, json: lastJson(output) }
  }

  /** Stops everything, the last one started first. */
  async stop(): Promise<void> {
    for (const program of this.#running.splice(0).reverse()) await program.stop()
  }

  #spawn(args: readonly string[], logFile: string): ChildProcess {
    const log = openSync(logFile, 'a', 0o600)
    // A group of its own: Ctrl-C is for the demo, which then stops the others in order.
    const child = spawn(process.execPath, [CLI, ...args], {
      env: this.#options.environment,
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    })
    child.on('error', () => {})
    closeSync(log)
    return child
  }
}

/** The last lines of a log, for a message. */
export function endOf(logFile: string, lines = 3): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-lines).join('\n')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timely = await Promise.race([ended.then(() => true), sleep(STOP_MS, false, { ref: false })])
  if (!timely) child.kill('SIGKILL')
  await ended
}

function lastJson(output: string): Record<string, unknown> {
  const line = output.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}
