import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { newNonce } from '../../src/client/index.ts'
import type { Pool } from '../../src/db/pool.ts'
import type { Store } from '../../src/parts.ts'
import { detection, tenants } from '../support/detection.ts'
import type { Load } from './load.ts'
import type { Host } from './network.ts'
import { clientOf } from './parties.ts'
import type { Vdab } from './peers.ts'
import { askToken, assertionOf, callHost } from './raw.ts'
import { API_PORT, LIMIT, type Program, type System } from './system.ts'

/** What a scene found: figures for the report, and what is wrong. */
export interface Found {
  figures: Record<string, unknown>
  wrong: string[]
}

/** What the scenes play with. */
export interface Stage {
  system: System
  store: Store
  /** The owner's own connections: they see who holds which lock. */
  owner: Pool
  vdab: Vdab
  load: Load
  apis: readonly [Host, Host]
  take(count: number): number
  signal: AbortSignal
}

const HOLDER = fileURLToPath(new URL('./holder.ts', import.meta.url))
const PAIRS = 20
const LEAST_OPEN = 3

/** The same key at both hosts at the same instant: one message. */
export async function sameKeyAtBoth(stage: Stage): Promise<Found> {
  const { apis, system, take } = stage
  const hosts = apis.map(urlOf)
  const { token } = await askToken(hosts[0] ?? '', 'de-noorderkempen', await signed(system))
  const wrong: string[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const body = { ...detection(tenants(take(1), 1)), nonce: newNonce() }
    const key = crypto.randomUUID()
    const replies = await Promise.all(
      hosts.map(host => callHost(host, '/v1/detections', { token, key, body })),
    )
    const ids = new Set(replies.map(({ messageId }) => messageId))
    const isOne = ids.size === 1 && replies.every(({ status }) => status === 202)
    if (!isOne) wrong.push(`one key at both: ${replies.map(it => it.code ?? it.status).join()}`)
    for (const { messageId } of replies) if (messageId) stage.load.accepted.set(messageId, 0)
  }
  return { figures: { pairs: PAIRS }, wrong }
}

/** One assertion at both hosts at the same instant: one token. */
export async function sameAssertionAtBoth({ system, apis }: Stage): Promise<Found> {
  const wrong: string[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    const assertion = await signed(system)
    const replies = await Promise.all(
      apis.map(host => askToken(urlOf(host), 'de-noorderkempen', assertion)),
    )
    const told = replies.map(({ status, code }) => code ?? String(status)).sort()
    if (told.join() !== '200,HB-105') wrong.push(`one assertion at both: ${told.join()}`)
  }
  return { figures: { pairs: PAIRS }, wrong }
}

/** Calls of one party at both hosts fill one bucket. */
export async function oneBucket({ system, apis }: Stage): Promise<Found> {
  const hosts = apis.map(urlOf)
  const assertion = await assertionOf(system.url, 'leefgoed')
  const { token } = await askToken(hosts[0] ?? '', 'leefgoed', assertion)
  const began = performance.now()
  const calls = Array.from({ length: 2 * LIMIT.burst }, (_, i) => hosts[i % 2] ?? '')
  const replies = await Promise.all(calls.map(host => callHost(host, '/v1/inbox', { token })))
  const seconds = (performance.now() - began) / 1000
  const letIn = replies.filter(({ status }) => status === 200).length
  const refused = replies.filter(({ code }) => code === 'HB-601').length
  const most = LIMIT.burst + Math.ceil(LIMIT.perSecond * seconds)
  const isFull = letIn + refused === calls.length && letIn > LIMIT.burst * 0.9
  const figures = { calls: calls.length, letIn, most, seconds: round(seconds) }
  return { figures, wrong: letIn <= most && isFull ? [] : [`limits: ${JSON.stringify(figures)}`] }
}

/** The leading sequencer ends, or is cut off; the other takes over while intake goes on. */
export async function failOver(stage: Stage, how: 'killed' | 'cut off'): Promise<Found> {
  const { load, system } = stage
  const leader = await leaderOf(stage)
  if (!leader) return { figures: {}, wrong: ['nobody leads'] }
  const before = { accepted: load.accepted.size, failed: load.failed.length }
  load.took = []
  const size = await sizeOf(stage)
  const began = performance.now()
  if (how === 'killed') leader.child.kill('SIGKILL')
  else leader.host.cut()
  while ((await sizeOf(stage)) === size || (await leaderOf(stage))?.host === leader.host) {
    await sleep(20, undefined, { signal: stage.signal })
    if (performance.now() - began > 60_000) break
  }
  const seconds = (performance.now() - began) / 1000
  await sleep(2_000)
  if (how === 'killed') system.start(leader.host, leader.roles)
  const failed = load.failed.slice(before.failed)
  const figures = {
    from: leader.host.name,
    to: (await leaderOf(stage))?.host.name,
    secondsUntilSigned: round(seconds),
    acceptedMeanwhile: load.accepted.size - before.accepted,
    notAccepted: failed.length,
    slowestCallSeconds: round(Math.max(...load.took) / 1000),
  }
  const wrong = [
    ...(figures.to && figures.to !== figures.from ? [] : ['nobody took over']),
    ...(seconds < 15 ? [] : [`the log stood still for ${round(seconds)} s`]),
    ...failed.map(name => `intake while the leader was ${how}: ${name}`),
  ]
  return { figures, wrong }
}

/** A host with interface and worker is cut off while its hand-overs are open; the other finishes them. */
export async function cutOffWorker(stage: Stage, host: Host): Promise<Found> {
  const { load, vdab, system } = stage
  load.client = clientOf(system.url, 'woonboog', { attempts: 20, longestPauseMs: 1_000 })
  vdab.takes = 2_000
  const began = performance.now()
  const isOpen = () => (vdab.open.get(host.address) ?? 0) >= LEAST_OPEN
  while (!isOpen() && performance.now() - began < 60_000) await sleep(20)
  const open = vdab.open.get(host.address) ?? 0
  host.cut()
  const cutAt = performance.now()
  vdab.takes = 5
  const held = await undelivered(stage)
  const accepted = load.accepted.size
  load.took = []
  while ((await stillOf(stage, held)) > 0 && performance.now() - cutAt < 150_000) await sleep(250)
  const seconds = (performance.now() - cutAt) / 1000
  const figures = {
    openAtTheCut: open,
    undeliveredAtTheCut: held.length,
    secondsUntilAllDelivered: round(seconds),
    acceptedMeanwhile: load.accepted.size - accepted,
    slowestCallSeconds: round(Math.max(...load.took) / 1000),
  }
  const left = await stillOf(stage, held)
  const wrong = [
    ...(left > 0 ? [`${left} hand-overs of a host cut off stay`] : []),
    ...(open < LEAST_OPEN ? [`only ${open} calls were open at the cut`] : []),
  ]
  return { figures, wrong }
}

/** A row that a host held in a transaction when it was cut off: how long until others may have it. */
export async function heldRow(stage: Stage, host: Host): Promise<Found> {
  const { databaseUrl } = stage.store
  const words = [process.execPath, '--no-warnings', HOLDER, databaseUrl, 'leefgoed']
  const child = host.spawn(words, { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise(resolve => child.stdout?.once('data', resolve))
  host.cut()
  const began = performance.now()
  const isFree = () =>
    stage.owner.query("SELECT FROM party WHERE id = 'leefgoed' FOR UPDATE NOWAIT").then(
      () => true,
      () => false,
    )
  while (!(await isFree()) && performance.now() - began < 120_000) await sleep(250)
  const seconds = (performance.now() - began) / 1000
  child.kill('SIGKILL')
  const wrong = seconds > 60 ? [`a row of a host cut off was held for ${round(seconds)} s`] : []
  return { figures: { secondsUntilLetGo: round(seconds) }, wrong }
}

/** The program whose sequencer has the lock of the lead. */
export async function leaderOf({ owner, system }: Stage): Promise<Program | undefined> {
  const { rows } = await owner.query<{ address: string }>(
    `SELECT host(a.client_addr) AS address FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.classid = 18498 AND l.objid = 1 AND l.granted`,
  )
  const address = rows[0]?.address
  return system.programs.findLast(
    ({ host, roles }) => host.address === address && roles === 'sequencer',
  )
}

async function sizeOf({ owner }: Stage): Promise<number> {
  const { rows } = await owner.query<{ size: number }>('SELECT size FROM audit_head')
  return rows[0]?.size ?? 0
}

async function undelivered({ owner }: Stage): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(
    "SELECT id FROM hand_over WHERE state IN ('queued', 'retrying')",
  )
  return rows.map(({ id }) => id)
}

async function stillOf({ owner }: Stage, ids: readonly string[]): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM hand_over WHERE id = ANY ($1) AND state <> 'delivered'",
    [ids],
  )
  return rows[0]?.count ?? 0
}

const signed = (system: System) => assertionOf(system.url, 'de-noorderkempen')
const urlOf = ({ address }: Host) => `https://${address}:${API_PORT}`
const round = (seconds: number) => Math.round(seconds * 10) / 10
