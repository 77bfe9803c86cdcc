import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Books } from './books.ts'
import { type BreakPeer, PEER_FAULTS, type PeerFault } from './peers.ts'
import type { Program, System } from './system.ts'

/** A fault that was done, with what has to work again after it. */
export interface Done {
  kind: string
  /** Name of a program or a peer. */
  target: string
  /** When it ended, in milliseconds since 1970. */
  until: number
}

interface Breaking {
  system: System
  peers: readonly BreakPeer[]
  random: () => number
  signal: AbortSignal
}

/** Does it; undefined where that cannot be just now. */
type Fault = (parts: Breaking) => Promise<Omit<Done, 'until'> | undefined>

/**
 * Breaks one thing after another, several at once now and then, until the time is over; what is
 * stopped is let go again. Every kind has its turn before one comes again.
 */
export async function breakThings(parts: Breaking, until: number, done: Done[]): Promise<void> {
  const { random, signal } = parts
  const running = new Set<Promise<void>>()
  let deck: Fault[] = []
  while (Date.now() < until && !signal.aborted) {
    if (deck.length === 0) deck = faultsOf(parts.system)
    const [fault] = deck.splice(Math.floor(random() * deck.length), 1)
    const work: Promise<void> = (fault?.(parts) ?? Promise.resolve(undefined))
      .then(what => {
        if (what) done.push({ ...what, until: Date.now() })
        else if (fault) deck.push(fault)
      })
      .finally(() => running.delete(work))
    running.add(work)
    await pause(500 + random() * 3_000, signal)
  }
  await Promise.all(running)
}

function faultsOf({ redisUrl }: System): Fault[] {
  return [
    ...(['api', 'worker', 'sequencer'] as const).flatMap(role => [kill(role), stop(role)]),
    ...(redisUrl ? [flushRedis, restartRedis] : []),
    ...[restartPostgres('SIGINT'), restartPostgres('SIGQUIT')],
    ...PEER_FAULTS.map(failPeer),
  ]
}

function kill(role: Program['role']): Fault {
  return async ({ system, random }) => {
    const program = pick(ofRole(system, role), random)
    // One that is starting is killed too, but seldom.
    if (!program.ready && random() < 0.7) return undefined
    program.doomed = true
    program.child.kill('SIGKILL')
    return { kind: `kill -9 ${role}`, target: program.name }
  }
}

function stop(role: Program['role']): Fault {
  return async ({ system, random, signal }) => {
    const program = pick(ofRole(system, role), random)
    const { child } = program
    child.kill('SIGSTOP')
    await pause(1_000 + random() * 7_000, signal)
    child.kill('SIGCONT')
    return { kind: `SIGSTOP ${role}`, target: program.name }
  }
}

function ofRole({ programs }: System, role: Program['role']): Program[] {
  return programs.filter(program => program.role === role)
}

const flushRedis: Fault = async ({ system }) => {
  const redis = new Redis(system.redisUrl ?? '', { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.flushall()
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
  return { kind: 'Redis flushed', target: 'redis' }
}

let redisIsAway = false

const restartRedis: Fault = async ({ system, random, signal }) => {
  if (redisIsAway) return undefined
  redisIsAway = true
  await system.endRedis()
  await pause(random() * 6_000, signal)
  await system.startRedis()
  redisIsAway = false
  return { kind: 'Redis stopped, started empty', target: 'redis' }
}

let postgresEndedAt = 0

// It needs time to recover; what happens more often than that is another test.
function restartPostgres(how: 'SIGINT' | 'SIGQUIT'): Fault {
  return async ({ system, signal }) => {
    if (Date.now() - postgresEndedAt < 10_000) return undefined
    postgresEndedAt = Date.now()
    system.endPostgres(how)
    await pause(1_000, signal)
    const kind = `PostgreSQL ${how === 'SIGQUIT' ? 'crashed' : 'restarted'}`
    return { kind, target: 'postgresql' }
  }
}

function failPeer(fault: PeerFault): Fault {
  return async ({ peers, random, signal }) => {
    const peer = pick(peers, random)
    if (peer.fault) return undefined
    peer.fault = fault
    await pause(1_000 + random() * 5_000, signal)
    peer.fault = undefined
    return { kind: `peer ${fault}`, target: peer.name }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleep(milliseconds, undefined, { signal }).catch(() => {})
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T
}

/**
 * How long it took from the end of each fault until what it hit worked again: a call taken in after a
 * fault of the interface, something new at a receiver after one of what delivers.
 * @returns the longest in milliseconds, by kind
 */
export function longestRecoveries(
  done: readonly Done[],
  books: Books,
  peers: readonly BreakPeer[],
  sequenced: readonly number[],
): Record<string, number> {
  const anywhere = peers.flatMap(peer => peer.arrivals).sort((a, b) => a - b)
  const longest: Record<string, number> = {}
  for (const { kind, target, until } of done) {
    const own = peers.find(peer => peer.name === target)?.arrivals
    const lists = /api/.test(target)
      ? [books.accepted]
      : /sequencer/.test(target)
        ? [sequenced]
        : target === 'postgresql'
          ? [books.accepted, anywhere, sequenced]
          : [own ?? anywhere]
    for (const list of lists) {
      const next = list.find(at => at >= until)
      if (next) longest[kind] = Math.max(longest[kind] ?? 0, next - until)
    }
  }
  return longest
}
