import { type ChildProcess, spawn } from 'node:child_process'

export interface KeyCommand {
  argv: readonly string[]
  env: Record<string, string | undefined>
  timeoutMs: number
  input: string
}

/** Why a command gave no answer; nothing of what it printed is kept. */
export class CommandFailure extends Error {
  readonly what: 'start' | 'time' | 'status' | 'output' | 'other'
  readonly status: string

  constructor(what: CommandFailure['what'], status = '') {
    super(what)
    this.what = what
    this.status = status
  }
}

// A wrapped secret is a few hundred bytes; a token of a vault around it some more.
const MAX_OUTPUT = 64 * 1024

/**
 * Runs a command without a shell, in a process group of its own, and gives what it printed, trimmed.
 * Its standard error goes nowhere: it may quote what it was given.
 * @throws CommandFailure; by then the command and what it started have been killed
 */
export function runKeyCommand({ argv, env, timeoutMs, input }: KeyCommand): Promise<string> {
  const [file = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'ignore'], detached: true })
    const output: Buffer[] = []
    let size = 0
    const fail = (failure: CommandFailure) => {
      clearTimeout(timer)
      killGroup(child)
      // Grandchildren that escaped the group must not keep this process from ending.
      child.stdout.destroy()
      reject(failure)
    }
    const timer = setTimeout(() => fail(new CommandFailure('time')), timeoutMs)
    child.on('error', () => fail(new CommandFailure('start')))
    // A command that ends without reading breaks the pipe: its status says why.
    child.stdin.on('error', () => {})
    child.stdin.end(`${input}\n`)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT) fail(new CommandFailure('output'))
      else output.push(chunk)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(Buffer.concat(output).toString('latin1').trim())
      else reject(new CommandFailure('status', signal ?? `status ${code}`))
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
