import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { QuietClient } from './client.ts'
import { commandLine, type RunAs } from './embedded-user.ts'

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  // Keys that are random touch another page each time: after a checkpoint each is written whole once.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  // Containers often have little shared memory.
  max_parallel_workers_per_gather: '0',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // PostgreSQL's log takes no statement and no value of a row.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/** What it takes to run PostgreSQL once more, on the same port. */
export interface ServerPlan {
  way: RunAs
  /** The database cluster. */
  folder: string
  logFile: string
  port: number
  /** Where the program connects. */
  url: string
}

/**
 * Runs PostgreSQL and waits until it takes connections, up to a minute.
 * @throws Error with its own reason where it ends before
 */
export async function runServer(plan: ServerPlan): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const child = spawnServer(plan)
    if (await isReady(child, plan)) return child
    const reason = lastLine(plan.logFile)
    // Backends of a killed server need a moment to notice that it is gone.
    if (attempt === 20 || !reason.includes('still in use')) {
      throw new Error(`PostgreSQL did not start: ${reason} (see ${plan.logFile})`)
    }
    await sleep(500)
  }
}

function spawnServer({ way, folder, logFile, port }: ServerPlan): ChildProcess {
  const settings = Object.entries({ ...SETTINGS, port: String(port) })
  const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, rest] = commandLine(way, 'postgres', ['-D', folder, ...args])
  const output = openSync(logFile, 'w', 0o600)
  // Its own process group: Ctrl-C is for the program, which stops PostgreSQL last.
  const stdio = ['ignore' as const, output, output]
  const child = spawn(command, rest, { detached: true, stdio, ...way.switchTo })
  closeSync(output)
  child.on('error', () => {})
  return child
}

async function isReady(child: ChildProcess, plan: ServerPlan): Promise<boolean> {
  const deadline = performance.now() + 60_000
  while (!hasEnded(child)) {
    if (await answers(plan.url)) return true
    if (performance.now() > deadline) {
      await stopServer(child)
      throw new Error(`PostgreSQL was not ready within a minute (see ${plan.logFile})`)
    }
    await sleep(20)
  }
  return false
}

async function answers(url: string): Promise<boolean> {
  const client = new QuietClient({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

/** Fast shutdown; where that takes too long immediate (the next start recovers), then the end. */
export async function stopServer(child: ChildProcess): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (hasEnded(child)) return
    child.kill(signal)
    await Promise.race([once(child, 'exit'), sleep(15_000, undefined, { ref: false })])
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

function lastLine(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.filter(line => /FATAL|PANIC/.test(line)).at(-1) || lines.at(-1) || 'no reason given'
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
