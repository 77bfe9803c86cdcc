import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Running, startNode } from '../system/program.ts'
import type { FromPeer, ToCompanies, ToVdab } from './talk.ts'

/** A peer in a process of its own. */
export interface Peer<Asked> {
  process: Running
  url: string
  /** @throws Error with what it says where it could not */
  ask<Kind extends FromPeer['kind'] = 'done'>(
    message: Asked,
  ): Promise<Extract<FromPeer, { kind: Kind }>>
}

/** Starts a program of this folder and waits until it listens. */
export async function startPeer<Asked extends ToVdab | ToCompanies>(
  name: 'vdab' | 'companies',
  logFile: string,
): Promise<Peer<Asked>> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const process = startNode({ file, logFile, env: { NO_PROXY: '127.0.0.1' } })
  const next = async () => {
    const waiting = new AbortController()
    const { signal } = waiting
    const ended = once(process.child, 'exit', { signal }).then((): FromPeer => {
      return { kind: 'failed', why: `it ended: see ${logFile}` }
    })
    const said = once(process.child, 'message', { signal }).then(([it]) => it as FromPeer)
    const message = await Promise.race([said, ended])
    // Whichever came not is waited for no longer.
    for (const one of [said, ended]) one.catch(() => {})
    waiting.abort()
    if (message.kind === 'failed') throw new Error(`${name}: ${message.why}`)
    return message
  }
  const listening = (await next()) as Extract<FromPeer, { kind: 'listening' }>
  return {
    process,
    url: listening.url,
    ask: async <Kind extends FromPeer['kind']>(message: Asked) => {
      const answer = next()
      process.child.send(message)
      return (await answer) as Extract<FromPeer, { kind: Kind }>
    },
  }
}
