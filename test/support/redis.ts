import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import { freePort } from '../../src/db/embedded-server.ts'

export interface TestRedis {
  url: string
  client: Redis
  close(): Promise<void>
}

const isInstalled = spawnSync('redis-server', ['--version']).status === 0
if (!isInstalled)
  process.stderr.write('redis-server is not installed: the Redis tests are skipped\n')

/** Like describe, where this machine has Redis. */
export const describeWithRedis = isInstalled ? describe : describe.skip

/**
 * A Redis server of this test alone, empty, on loopback; it ends with this process. Undefined where
 * redis-server is not on the PATH.
 */
export async function testRedis(): Promise<TestRedis | undefined> {
  if (!isInstalled) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-redis-'))
  const port = await freePort()
  const server = spawnRedis(['--port', String(port), '--bind', '127.0.0.1', '--dir', folder])
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: 200 })
  client.on('error', () => {})
  await client.ping()
  const close = async () => {
    client.disconnect()
    await end(server)
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, client, close }
}

/** A Redis cluster of this test alone. */
export interface TestCluster {
  /** As a setting names it: two of the three nodes. */
  url: string
  client: Cluster
  /** Stops the node that holds the key, answers how to start it again, empty. */
  stopNodeOf(key: string): Promise<() => Promise<void>>
  close(): Promise<void>
}

const SLOTS = 16_384

/** Three primaries on loopback with a third of the slots each, which end with this process. */
export async function testCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-cluster-'))
  const ports = await Promise.all([0, 1, 2].map(clusterPort))
  const start = (port: number) => {
    const own = ['--cluster-enabled', 'yes', '--cluster-config-file', `${port}.conf`]
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
    return spawnRedis([...place, ...own, '--cluster-node-timeout', '1000'])
  }
  const servers = new Map(ports.map(port => [port, start(port)]))
  await joinCluster(ports)
  const nodes = ports.map(port => ({ host: '127.0.0.1', port }))
  const client = new Cluster(nodes, { clusterRetryStrategy: () => 50 })
  client.on('error', () => {})
  const close = async () => {
    client.disconnect()
    await Promise.all([...servers.values()].map(end))
    rmSync(folder, { recursive: true, force: true })
  }
  const stopNodeOf = async (key: string) => {
    const slot = await client.cluster('KEYSLOT', key)
    const port = ports[Math.floor((Number(slot) * ports.length) / SLOTS)] as number
    await end(servers.get(port) as ChildProcess)
    return async () => {
      servers.set(port, start(port))
      await untilWhole(ports)
    }
  }
  const url = `redis+cluster://127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}`
  return { url, client, stopNodeOf, close }
}

// The nodes talk to each other on the port 10,000 above.
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port < 55_000) return port
  }
}

async function joinCluster(ports: readonly number[]): Promise<void> {
  for (const [index, port] of ports.entries()) {
    const first = Math.ceil((index * SLOTS) / ports.length)
    const last = Math.ceil(((index + 1) * SLOTS) / ports.length) - 1
    await askNode(port, node => node.call('CLUSTER', 'ADDSLOTSRANGE', first, last))
    if (index === 0) continue
    await askNode(port, node => node.call('CLUSTER', 'MEET', '127.0.0.1', ports[0] as number))
  }
  await untilWhole(ports)
}

async function untilWhole(ports: readonly number[]): Promise<void> {
  const isWhole = (port: number) =>
    askNode(port, async node => {
      const info = String(await node.cluster('INFO'))
      return /cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${ports.length}`)
    })
  while (!(await Promise.all(ports.map(isWhole))).every(Boolean)) await sleep(50)
}

async function askNode<T>(port: number, ask: (node: Redis) => Promise<T>): Promise<T> {
  const node = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: 200 })
  node.on('error', () => {})
  try {
    return await ask(node)
  } finally {
    node.disconnect()
  }
}

function spawnRedis(args: string[]): ChildProcess {
  const words = ['redis-server', ...args, '--save', '', '--appendonly', 'no']
  const tied = spawnSync('setpriv', ['--version']).status === 0
  if (tied) words.unshift('setpriv', '--pdeathsig', 'KILL')
  return spawn(words[0] as string, words.slice(1), { stdio: 'ignore' })
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await Promise.race([ended, sleep(5_000, undefined, { ref: false })])
  server.kill('SIGKILL')
}
