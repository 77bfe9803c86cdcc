import { setTimeout as pause } from 'node:timers/promises'
import { appendLines, readCosignatures } from '../audit/cosignature.ts'
import { splitNote } from '../audit/note.ts'
import { recordEntry } from '../audit/record.ts'
import { noteStamps } from '../audit/timestamp-store.ts'
import {
  keepResults,
  noteMissing,
  type Publishing,
  publishCheckpoint,
  readCosignatureLines,
  readPublishing,
  readStandings,
  startWaiting,
  stopWaiting,
  type WitnessResult,
  type WitnessStanding,
} from '../audit/witness-store.ts'
import type { Config } from '../config.ts'
import type { Pool, Queryable, Tx } from '../db/pool.ts'
import type { Outbound } from '../delivery/outbound.ts'
import { faultOf, type Logger } from '../log.ts'
import { askWitness } from './ask.ts'
import { type KnownWitness, readWitnessPolicy, type WitnessPolicy } from './settings.ts'
import { dailyStamper, readStampSettings } from './stamp.ts'

const ROUND_MS = 1_000
const TRY_LEAD_MS = 1_000
// Once there are enough, the others may still come in for so long.
const GRACE_MS = 500
const LONGEST_REST_MS = 30_000
// Advisory lock of who publishes; that of who signs is ('HB', 1).
const LOCK = [0x4842, 2]
// Longer than a round may take: a process that is gone without a word loses the lead.
const SILENT_MS = 120_000

/** What publishing needs. */
export interface PublisherParts {
  pool: Pool
  config: Pick<Config, 'witness' | 'allowLoopback'> & Partial<Pick<Config, 'outbound'>>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  outbound: Pick<Outbound, 'request'>
  clock: () => Date
}

/** How the witnesses did lately, in the process that asks them. */
export interface RoundState {
  /** When a witness that failed is asked again, and after how many failures. */
  resting: Map<string, { until: number; failures: number }>
  /** What was told of a witness, to tell it once. */
  told: Map<string, string>
}

/**
 * Asks witnesses for cosignatures and publishes, and has a checkpoint stamped each day: about once a second,
 * in one process at a time; signing goes on meanwhile. Without either what is signed is published at once,
 * and nothing runs.
 * @throws Error naming the setting that is wrong
 */
export async function startPublisher(parts: PublisherParts): Promise<{ close(): Promise<void> }> {
  const tasks = tasksOf(parts)
  if (!tasks.policy) await stopWaiting(parts.pool)
  await noteStamps(parts.pool, tasks.stamp !== undefined)
  if (!tasks.policy && !tasks.stamp) return { close: async () => {} }
  const stop = new AbortController()
  const ended = run(parts, tasks, stop.signal)
  return {
    async close() {
      stop.abort()
      await ended
    },
  }
}

interface Tasks {
  policy: WitnessPolicy | undefined
  stamp: ReturnType<typeof dailyStamper> | undefined
}

function tasksOf({ config }: PublisherParts): Tasks {
  const settings = readStampSettings(config)
  return { policy: readWitnessPolicy(config), stamp: settings && dailyStamper(settings) }
}

async function run(parts: PublisherParts, tasks: Tasks, signal: AbortSignal): Promise<void> {
  let lastTrouble = ''
  while (!signal.aborted) {
    try {
      await lead(parts, tasks, signal)
      lastTrouble = ''
    } catch (error) {
      const fault = faultOf(error)
      const trouble = `${fault.error} ${fault.code}`
      if (trouble !== lastTrouble)
        parts.log.error('publishing the log stopped and tries again', { ...fault })
      lastTrouble = trouble
    }
    await rest(TRY_LEAD_MS, signal)
  }
}

async function lead(
  parts: PublisherParts,
  { policy, stamp }: Tasks,
  signal: AbortSignal,
): Promise<void> {
  const db = await parts.pool.connect()
  // A connection that breaks between two statements fails the next one; that is soon enough.
  db.on('error', () => {})
  try {
    await db.query("SELECT set_config('idle_session_timeout', $1, false)", [String(SILENT_MS)])
    while (!signal.aborted && !(await tryLock(db))) await rest(TRY_LEAD_MS, signal)
    const state: RoundState = { resting: new Map(), told: new Map() }
    while (!signal.aborted) {
      if (policy) await publishOnce({ ...parts, db }, policy, state, signal)
      if (stamp) await stamp({ ...parts, db }, signal)
      await rest(ROUND_MS, signal)
    }
  } finally {
    db.release(true)
  }
}

async function tryLock(db: Tx): Promise<boolean> {
  const { rows } = await db.query('SELECT pg_try_advisory_lock($1, $2) AS locked', LOCK)
  return rows[0].locked
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await pause(milliseconds, undefined, { signal }).catch(() => {})
}

/** One round on the connection of the leader, which is in no transaction. */
export interface RoundParts extends Omit<PublisherParts, 'pool' | 'config'> {
  db: Queryable
}

/** One round: asks for what the newest checkpoint lacks, keeps what comes, and publishes if it may. */
export async function publishOnce(
  parts: RoundParts,
  policy: WitnessPolicy,
  state: RoundState,
  signal: AbortSignal,
): Promise<void> {
  const names = policy.witnesses.map(it => it.name)
  const publishing = await readPublishing(parts.db)
  const isSet = publishing.waits && publishing.required === policy.required
  if (!isSet || !sameNames(names, publishing.asked)) {
    await startWaiting(parts.db, policy.required, names)
    return publishOnce(parts, policy, state, signal)
  }
  const { newest, published } = publishing
  const isNew = newest && newest.size > (published?.size ?? 0)
  if (!newest || (!isNew && (published?.cosigned ?? 0) >= policy.required)) return
  const standings = await readStandings(parts.db)
  const lines = await readKnownLines(parts.db, policy, newest)
  const results = await askAll(parts, policy, { state, newest, lines, standings }, signal)
  if (signal.aborted) return
  for (const { cosignature } of results)
    if (cosignature) lines.set(cosignature.name, cosignature.line)
  await inOne(parts.db, async () => {
    if (results.length > 0) await keepResults(parts.db, newest.size, results, parts.clock())
    await tellFaults(parts, state, results, standings)
    await decide(parts, policy, publishing, [...lines.values()])
  })
}

/** What was kept of a checkpoint, as far as it is by the keys that are known now. */
async function readKnownLines(
  db: Queryable,
  { witnesses }: WitnessPolicy,
  { size, note }: { size: number; note: string },
): Promise<Map<string, string>> {
  const kept = await readCosignatureLines(
    db,
    size,
    witnesses.map(it => it.name),
  )
  if (kept.length === 0) return new Map()
  const { good } = readCosignatures(kept.join(''), splitNote(note).text, witnesses)
  return new Map(good.map(it => [it.name, it.line]))
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every(name => other.includes(name))
}

async function inOne(db: Queryable, work: () => Promise<void>): Promise<void> {
  await db.query('BEGIN')
  try {
    await work()
    await db.query('COMMIT')
  } catch (error) {
    await db.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Publishes where there are enough cosignatures, or the policy goes on without; notes since when not. */
async function decide(
  parts: RoundParts,
  policy: WitnessPolicy,
  { newest, published, missingSince }: Publishing,
  lines: string[],
): Promise<void> {
  const { db, clock, log } = parts
  const { size, note } = newest!
  const cosigned = lines.length
  const isEnough = cosigned >= policy.required
  const isMore = size > (published?.size ?? 0) || cosigned > (published?.cosigned ?? 0)
  if (isMore && (isEnough || policy.whenMissing === 'publish'))
    await publishCheckpoint(db, { size, cosigned, note: appendLines(note, lines), at: clock() })
  if (isEnough && missingSince) {
    await noteMissing(db, undefined)
    log.info('the log has enough cosignatures again', { size, cosigned })
  }
  if (isEnough || missingSince) return
  await noteMissing(db, clock())
  const counts = { required: policy.required, cosigned }
  log.warn('too few cosignatures for the log', { ...counts, whenMissing: policy.whenMissing })
  // Waiting discloses nothing that is not vouched for: there is nothing to account for.
  if (policy.whenMissing === 'publish') await noteUnwitnessed(parts, { counts })
}

function noteUnwitnessed(
  { db, clock }: RoundParts,
  said: { counts?: Record<string, number>; reason?: string; details?: Record<string, unknown> },
): Promise<unknown> {
  const actor = { role: 'gateway' }
  return recordEntry(db, { action: 'log.unwitnessed', at: clock(), actor, ...said })
}

/** Tells each fault once; a witness that saw another history is an alarm, and evidence. */
async function tellFaults(
  parts: RoundParts,
  { told }: RoundState,
  results: readonly WitnessResult[],
  standings: readonly WitnessStanding[],
): Promise<void> {
  for (const { name, fault, alarm, cosignature } of results) {
    const said = alarm ?? fault
    if (cosignature) told.delete(name)
    if (!said || told.get(name) === said) continue
    told.set(name, said)
    if (!alarm) {
      parts.log.warn('a witness did not cosign', { witness: name, fault })
      continue
    }
    parts.log.error('ALARM: a witness saw another history of this log', { witness: name, alarm })
    if (standings.some(it => it.name === name && it.alarm)) continue
    const details = { witness: name, alarm }
    await noteUnwitnessed(parts, { reason: 'a witness saw another history', details })
  }
}

interface Asking {
  state: RoundState
  newest: { size: number; note: string }
  /** What there is already, by witness. */
  lines: ReadonlyMap<string, string>
  standings: readonly WitnessStanding[]
}

/** Asks those that are due and have not cosigned this one, beside each other. */
async function askAll(
  parts: RoundParts,
  policy: WitnessPolicy,
  { state, newest, lines, standings }: Asking,
  signal: AbortSignal,
): Promise<WitnessResult[]> {
  const enough = new AbortController()
  let got = lines.size
  const ask = async (witness: KnownWitness): Promise<WitnessResult> => {
    const result = await askWitness(parts, witness, {
      ...newest,
      old: Math.min(newest.size, standings.find(it => it.name === witness.name)?.size ?? 0),
      timeoutMs: policy.timeoutMs,
      now: Math.floor(parts.clock().getTime() / 1000),
      signal: AbortSignal.any([signal, enough.signal]),
    })
    got += result.cosignature ? 1 : 0
    if (result.cosignature && got === policy.required)
      setTimeout(() => enough.abort(), GRACE_MS).unref()
    noteRest(state, result)
    return result
  }
  const now = performance.now()
  const isDue = ({ name }: KnownWitness) =>
    !lines.has(name) && now >= (state.resting.get(name)?.until ?? 0)
  return Promise.all(policy.witnesses.filter(isDue).map(ask))
}

function noteRest({ resting }: RoundState, { name, cosignature }: WitnessResult): void {
  if (cosignature) {
    resting.delete(name)
    return
  }
  const failures = (resting.get(name)?.failures ?? 0) + 1
  const wait = Math.min(LONGEST_REST_MS, ROUND_MS * 2 ** (failures - 1))
  resting.set(name, { until: performance.now() + wait, failures })
}
