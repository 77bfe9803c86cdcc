import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../../src/db/embedded-server.ts'
import type { Options } from '../part.ts'

/** A Redis server of its own that keeps what it has (appendonly), until the end of the part. */
export async function startRedis(
  folder: string,
  { atEnd }: Pick<Options, 'atEnd'>,
): Promise<{ url: string; pid: number }> {
  const port = await freePort()
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const words = ['redis-server', ...place, '--save', '', '--appendonly', 'yes']
  // Where this process is killed, it ends too.
  if (spawnSync('setpriv', ['--version']).status === 0)
    words.unshift('setpriv', '--pdeathsig', 'KILL')
  // Its own process group: Ctrl-C is for the bench, which stops it last.
  const child = spawn(words[0] as string, words.slice(1), { stdio: 'ignore', detached: true })
  const ended = once(child, 'exit')
  ended.catch(() => {})
  const { pid } = child
  if (pid === undefined) throw new Error('redis-server is not installed')
  atEnd(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return { url: `redis://127.0.0.1:${port}`, pid }
}
