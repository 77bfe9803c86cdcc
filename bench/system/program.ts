import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { foreignEnvironment } from '../../src/config.ts'
import { freePort } from '../../src/db/embedded-server.ts'
import { type Memory, memoryOf, processorSeconds } from './processes.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const START = new URL('../../bin/start.mjs', import.meta.url).href
const READY_MS = 60_000
const STOP_MS = 20_000

/** A Node process of a bench; it ends with the bench, also where that is killed. */
export interface Running {
  pid: number
  child: ChildProcess
  memory(): Memory
  /** Processor time since it started, in seconds. */
  seconds(): number
  /** Ends it: SIGTERM, and SIGKILL where that is not enough. */
  stop(): Promise<void>
}

/** What a Node process is started with. */
export interface NodeOptions {
  /** The file to run. */
  file: string
  args?: readonly string[]
  /** Of Node itself, such as `--cpu-prof`. */
  nodeArgs?: readonly string[]
  /** Settings beside those of the machine; none of Huisbrug are inherited. */
  env?: Readonly<Record<string, string>>
  /** What it prints goes here; it is thrown away where left out. */
  logFile?: string
}

/** Starts a file as a Node process of its own, with an IPC channel. */
export function startNode({ file, args = [], nodeArgs = [], env, logFile }: NodeOptions): Running {
  const log = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600)
  const output = log ?? 'ignore'
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    env: { ...foreignEnvironment(), NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', output, output, 'ipc'],
  })
  if (log !== undefined) closeSync(log)
  child.on('error', () => {})
  const { pid } = child
  if (pid === undefined) throw new Error(`${file} did not start`)
  return {
    pid,
    child,
    memory: () => memoryOf(pid),
    seconds: () => processorSeconds(pid),
    stop: () => stop(child),
  }
}

/** The product, as a process of its own. */
export interface Program extends Running {
  /** Where it listens, if one of its roles does. */
  url: string
  logFile: string
}

export interface ProgramOptions {
  /** Separated by commas, such as `api,sequencer`. */
  roles: string
  databaseUrl: string
  /** A folder of this program's own: its data folder and its log. */
  folder: string
  /** Of a system of parties.ts: what all programs of one gateway share. */
  settings: Readonly<Record<string, string>>
  queueUrl?: string | undefined
  /** Further settings. */
  env?: Readonly<Record<string, string>>
  nodeArgs?: readonly string[]
}

/**
 * Starts the product (`node src/main.ts`, as bin/start.mjs does) on loopback, on free ports, with limits that no load reaches;
 * waits until it is ready.
 * @throws Error with the end of its log where it ends instead
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { roles, databaseUrl, folder, settings, queueUrl, env, nodeArgs = [] } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const logFile = join(folder, 'program.log')
  const [port, healthPort] = [await freePort(), await freePort()]
  const { NODE_FLAGS } = await import(START)
  const running = startNode({
    file: MAIN,
    nodeArgs: [...NODE_FLAGS, ...nodeArgs],
    logFile,
    env: {
      ...UNLIMITED,
      HUISBRUG_PORT: String(port),
      HUISBRUG_PUBLIC_URL: `http://127.0.0.1:${port}`,
      HUISBRUG_HOST: '127.0.0.1',
      HUISBRUG_HEALTH_PORT: String(healthPort),
      HUISBRUG_DATA_DIR: folder,
      HUISBRUG_DATABASE_URL: databaseUrl,
      HUISBRUG_ROLES: roles,
      HUISBRUG_LOG_LEVEL: 'warn',
      ...(queueUrl && { HUISBRUG_QUEUE_URL: queueUrl }),
      ...settings,
      ...env,
    },
  })
  try {
    await untilReady(running, `http://127.0.0.1:${healthPort}/health/ready`)
  } catch (error) {
    await running.stop()
    throw new Error(`the product did not start: ${endOf(logFile)}`, { cause: error })
  }
  return { ...running, url: `http://127.0.0.1:${port}`, logFile }
}

// A bench asks for more than any party may; what waits is never refused.
const UNLIMITED = {
  HUISBRUG_PARTY_PER_SECOND: '1000000',
  HUISBRUG_PARTY_BURST: '1000000',
  HUISBRUG_ADDRESS_PER_SECOND: '1000000',
  HUISBRUG_ADDRESS_BURST: '1000000',
  HUISBRUG_BODIES_MIB: '256',
  HUISBRUG_MAX_WAITING_ROWS: '100000000',
  HUISBRUG_MAX_WAITING_HAND_OVERS: '100000000',
  HUISBRUG_PROBE_MINUTES: '0',
  HUISBRUG_ALLOW_LOOPBACK: 'true',
  // Evidence may wait for a sequencer that a bench leaves out.
  HUISBRUG_EVIDENCE_MINUTES: '1440',
}

/** The last lines of a log. */
export function endOf(logFile: string, lines = 5): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-lines).join('\n')
}

async function untilReady({ child }: Running, url: string): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended')
    const reply = await fetch(url).catch(() => undefined)
    await reply?.body?.cancel()
    if (reply?.status === 200) return
    await sleep(50)
  }
  throw new Error('it was not ready in time')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timely = await Promise.race([ended.then(() => true), sleep(STOP_MS, false, { ref: false })])
  if (!timely) child.kill('SIGKILL')
  await ended
}
