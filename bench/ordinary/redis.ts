import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { freePort } from '../../src/db/embedded-server.ts'

/** As usual for a queue: every write in the log, fsync each second, no snapshots, nothing evicted. */
const SETTINGS: readonly string[] = [
  ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
  ...['--save', '', '--maxmemory-policy', 'noeviction'],
]

/** A Redis server of the bench alone, on loopback. */
export interface BenchRedis {
  url: string
  process: ChildProcess
  close(): Promise<void>
}

/**
 * Starts redis-server in a folder.
 * @throws Error where it is not on the PATH
 */
export async function startRedis(folder: string): Promise<BenchRedis> {
  const port = await freePort()
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const child = spawn('redis-server', [...place, ...SETTINGS], { stdio: 'ignore' })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
  client.on('error', () => {})
  try {
    await Promise.race([client.ping(), failed])
  } finally {
    client.disconnect()
  }
  return { url: `redis://127.0.0.1:${port}`, process: child, close: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
