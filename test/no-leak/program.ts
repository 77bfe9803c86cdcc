import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../support/gateway.ts'

const PRELOAD = new URL('./crash-preload.mjs', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What asks Node for every dump that it can make. */
export const DUMP_OPTIONS = [
  '--report-on-fatalerror',
  '--report-uncaught-exception',
  '--report-on-signal',
  '--report-signal=SIGUSR2',
  '--heapsnapshot-signal=SIGIO',
  '--abort-on-uncaught-exception',
]
/** Cannot be turned off once Node runs. */
export const NEAR_LIMIT = '--heapsnapshot-near-heap-limit=1'

/** How a program ended, and what it left. */
export interface Left {
  code: number | null
  signal: string | null
  /** Files in its working directory and its folder for temporary files. */
  files: string[]
  output: string
}

/** A program in an empty working directory, asked for dumps, that can be crashed. */
export interface CrashProgram {
  pid(): Promise<number>
  /** Its standard output and error so far. */
  output(): string
  /** Gives a command of crash-preload.mjs, with the numbers to hold in memory. */
  crash(kind: string, numbers: readonly string[]): Promise<void>
  ended: Promise<Left>
  /** Ends it at once, where it has not ended by itself. */
  kill(): Promise<void>
  /** All that it could write to. */
  folder: string
  remove(): Promise<void>
}

/** Starts Node in a shell that allows core dumps of any size. */
export function startCrashable(
  args: string[],
  settings: Record<string, string> = {},
  options: string[] = [...DUMP_OPTIONS, NEAR_LIMIT],
): CrashProgram {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-crash-'))
  for (const name of ['cwd', 'tmp', 'commands']) mkdirSync(join(folder, name))
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: join(folder, 'tmp'),
    CRASH_FOLDER: join(folder, 'commands'),
    NODE_OPTIONS: [`--import ${PRELOAD}`, '--max-old-space-size=160', ...options].join(' '),
    ...settings,
  }
  const command = ['-c', 'ulimit -c unlimited 2>/dev/null; exec "$@"', 'sh', process.execPath]
  const [program = '', ...rest] = args
  const child = spawn('/bin/sh', [...command, join(ROOT, program), ...rest], {
    cwd: join(folder, 'cwd'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const pid = () =>
    until('the program has a pid', () => existsSync(join(folder, 'commands/pid')) && pidIn(folder))
  return {
    pid,
    output: () => output,
    crash: (kind, numbers) => giveCommand(folder, { kind, numbers }),
    ended: leftBy(child, folder, () => output),
    folder,
    kill: async () => {
      const running = await pid()
      try {
        process.kill(running, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    },
    remove: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function pidIn(folder: string): number {
  return Number(readFileSync(join(folder, 'commands/pid'), 'utf8'))
}

async function giveCommand(folder: string, command: object): Promise<void> {
  const file = join(folder, 'commands/command')
  writeFileSync(`${file}.new`, JSON.stringify(command))
  renameSync(`${file}.new`, file)
  // The numbers may be in memory, and nowhere else.
  await until('the command is read', () => !existsSync(file))
}

async function leftBy(child: ChildProcess, folder: string, output: () => string): Promise<Left> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const places = ['cwd', 'tmp'].map(name => join(folder, name)).filter(existsSync)
  const files = places.flatMap(place => readdirSync(place))
  return { code, signal, files, output: output() }
}

/** The soft limit of core dumps of a process, in bytes. */
export function coreLimitOf(pid: number): string | undefined {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  return /^Max core file size\s+(\S+)/m.exec(limits)?.[1]
}
