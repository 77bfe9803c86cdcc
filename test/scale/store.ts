import { type ChildProcess, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QuietClient } from '../../src/db/client.ts'
import { findBinaries } from '../../src/db/embedded-binaries.ts'
import { ensureCluster, ROLE } from '../../src/db/embedded-cluster.ts'
import { chooseRunAs, commandLine } from '../../src/db/embedded-user.ts'
import { createLogger } from '../../src/log.ts'
import { HOSTS, type Host } from './network.ts'

/** PostgreSQL, and a Redis where this machine has one, on a host of their own. */
export interface StoreHost {
  databaseUrl: string
  queueUrl: string | undefined
  close(): Promise<void>
}

const PORT = 5432

/** Starts both; PostgreSQL is durable, and lets the other hosts in by password. */
export async function openStoreHost(host: Host, root: string): Promise<StoreHost> {
  const queue = openRedis(host)
  const database = await openPostgres(host, root)
  return {
    databaseUrl: database.url,
    queueUrl: queue && `redis://${host.address}:6379`,
    close: async () => {
      await end(queue, 'SIGTERM')
      await end(database.child, 'SIGINT')
    },
  }
}

async function openPostgres(host: Host, root: string) {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const folder = join(root, 'postgres')
  const way = chooseRunAs(findBinaries(root), root)
  const password = ensureCluster(root, folder, way, createLogger('error'))
  appendFileSync(join(folder, 'pg_hba.conf'), `host all ${ROLE} ${HOSTS} scram-sha-256\n`)
  const settings = {
    ...{ listen_addresses: host.address, port: `${PORT}`, unix_socket_directories: '' },
    ...{ max_connections: '200', fsync: 'on', synchronous_commit: 'on', timezone: 'UTC' },
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command, rest] = commandLine(way, 'postgres', ['-D', folder, ...args])
  const child = host.spawn([command, ...rest], { stdio: 'ignore', ...way.switchTo })
  const url = `postgresql://${ROLE}:${password}@${host.address}:${PORT}/${ROLE}?sslmode=disable`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error('PostgreSQL did not start')
    await sleep(50)
  }
  return { url, child }
}

async function answers(url: string): Promise<boolean> {
  const client = new QuietClient({ connectionString: url, connectionTimeoutMillis: 1_000 })
  const isThere = await client.connect().then(
    () => true,
    () => false,
  )
  await client.end().catch(() => {})
  return isThere
}

function openRedis(host: Host): ChildProcess | undefined {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined
  const place = ['--bind', host.address, '--port', '6379', '--protected-mode', 'no']
  const words = ['redis-server', ...place, '--save', '', '--appendonly', 'no']
  return host.spawn(words, { stdio: 'ignore' })
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill(signal)
  await Promise.race([ended, sleep(10_000, undefined, { ref: false })])
  child.kill('SIGKILL')
}
