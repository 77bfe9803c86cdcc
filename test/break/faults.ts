import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Books } from './books.ts'
import { type BreakPeer, PEER_FAULTS } from './peers.ts'
import type { System } from './system.ts'

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

type Fault = (parts: Breaking) => Promise<Omit<Done, 'until'> | undefined>

/**
 * Breaks one thing after another, several at once now and then, until the time is over; what is
 * stopped is let go again.
 * @returns what was done
 */
export async function breakThings(parts: Breaking, until: number, done: Done[]): Promise<void> {
  const faults = faultsOf(parts.system)
  const running = new Set<Promise<void>>()
  while (Date.now() < until && !parts.signal.aborted) {
    const fault = pick(faults, parts.random)
    const work: Promise<void> = fault(parts)
      .then(what => void (what && done.push({ ...what, until: Date.now() })))
      .finally(() => running.delete(work))
    running.add(work)
    await sleep(500 + parts.random() * 3_000, undefined, { signal: parts.signal }).catch(() => {})
  }
  await Promise.all(running)
}

function faultsOf({ redisUrl }: System): Fault[] {
  const redis = redisUrl ? [flushRedis, restartRedis] : []
  const programs = [killProgram, killProgram, killProgram, pauseProgram, pauseProgram]
  return [...programs, ...redis, restartPostgres, failPeer, failPeer, failPeer, failPeer]
}

const killProgram: Fault = async ({ system, random }) => {
  const program = pick(system.programs, random)
  // One that is starting may be killed too, but not all the time.
  if (!program.ready && random() < 0.7) return undefined
  program.doomed = true
  program.child.kill('SIGKILL')
  return { kind: `kill -9 ${program.role}`, target: program.name }
}

const pauseProgram: Fault = async ({ system, random, signal }) => {
  const program = pick(system.programs, random)
  const { child } = program
  child.kill('SIGSTOP')
  await pause(1_000 + random() * 7_000, signal)
  child.kill('SIGCONT')
  return { kind: `SIGSTOP ${program.role}`, target: program.name }
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

const restartPostgres: Fault = async ({ system, random, signal }) => {
  // It needs time to recover; what happens more often than that is another test.
  if (Date.now() - postgresEndedAt < 15_000) return undefined
  postgresEndedAt = Date.now()
  const crash = random() < 0.5
  system.endPostgres(crash ? 'SIGQUIT' : 'SIGINT')
  await pause(1_000, signal)
  return { kind: `PostgreSQL ${crash ? 'crashed' : 'restarted'}`, target: 'postgresql' }
}

const failPeer: Fault = async ({ peers, random, signal }) => {
  const peer = pick(peers, random)
  const fault = pick(PEER_FAULTS, random)
  if (peer.fault) return undefined
  peer.fault = fault
  await pause(1_000 + random() * 5_000, signal)
  peer.fault = undefined
  return { kind: `peer ${fault}`, target: peer.name }
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
