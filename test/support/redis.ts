import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
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
