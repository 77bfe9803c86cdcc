import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { findBinaries } from './embedded-binaries.ts'
import { type Cluster, ensureCluster, ROLE } from './embedded-cluster.ts'
import { clearOrphan, runningPostmaster } from './embedded-postmaster.ts'
import { chooseRunAs, commandLine, type RunAs } from './embedded-user.ts'
import { lockFolder } from './folder-lock.ts'

export interface EmbeddedDatabase {
  /** Where to connect, with the password. */
  url: string
  /** Ends PostgreSQL cleanly and gives the data folder free. Safe to call twice. */
  stop(): Promise<void>
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  // Small machines and containers with little shared memory.
  max_parallel_workers_per_gather: '0',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // PostgreSQL's log takes no statement and no value of a row.
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/**
 * Starts the PostgreSQL that comes with the program on `<dataDir>/postgres`, made at the first start:
 * loopback only, a free port, a password in a file that only its owner reads. It ends with this
 * process, also where that is killed; what a killed program left is ended first.
 * @throws Error that says what to do: the folder is in use, cannot be written, or PostgreSQL refuses
 */
export async function startEmbedded(dataDir: string, log: Logger): Promise<EmbeddedDatabase> {
  const root = resolve(dataDir)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const lock = lockFolder(root)
  try {
    const server = await startLocked(root, log)
    return {
      url: server.url,
      stop: async () => {
        await stopServer(server.child)
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Where the PostgreSQL of a program that runs on that data folder listens, or undefined. */
export function findEmbedded(dataDir: string): string | undefined {
  const folder = join(resolve(dataDir), 'postgres')
  const running = runningPostmaster(folder)
  if (!running) return undefined
  const password = readFileSync(join(resolve(dataDir), 'postgres.password'), 'utf8').trim()
  return urlOf(running.port, password)
}

function urlOf(port: number, password: string): string {
  return `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${ROLE}`
}

async function startLocked(
  root: string,
  log: Logger,
): Promise<{ child: ChildProcess; url: string }> {
  const native = findBinaries(join(root, 'postgres.binaries'))
  const way = chooseRunAs(native, join(tmpdir(), 'huisbrug-postgres'))
  const folder = join(root, 'postgres')
  if (existsSync(folder)) await clearOrphan(folder, log)
  const cluster = ensureCluster(root, way)
  const port = await freePort()
  const child = spawnServer(way, cluster, port, join(root, 'postgres.log'))
  const url = urlOf(port, cluster.password)
  await untilReady(child, url, join(root, 'postgres.log'))
  return { child, url }
}

function spawnServer(way: RunAs, cluster: Cluster, port: number, logFile: string): ChildProcess {
  const settings = Object.entries({ ...SETTINGS, port: String(port) })
  const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, rest] = commandLine(way, 'postgres', ['-D', cluster.folder, ...args])
  const output = openSync(logFile, 'w', 0o600)
  // Its own process group: Ctrl-C is for the program, which then stops PostgreSQL last.
  const child = spawn(command, rest, {
    detached: true,
    stdio: ['ignore', output, output],
    ...way.switchTo,
  })
  closeSync(output)
  child.on('error', () => {})
  return child
}

async function untilReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error(`PostgreSQL did not start: ${lastLine(logFile)}`)
    if (await answers(url)) return
    await sleep(25)
  }
  child.kill('SIGQUIT')
  throw new Error(`PostgreSQL did not get ready within a minute: see ${logFile}`)
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
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
  const lines = statSync(file).size > 0 ? readFileSync(file, 'utf8').trim().split('\n') : []
  return (
    lines.filter(line => /FATAL|ERROR|PANIC/.test(line)).at(-1) ?? lines.at(-1) ?? 'no reason given'
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
