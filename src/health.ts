import type { Queryable } from './db/pool.ts'
import { readCircuits } from './delivery/circuit.ts'
import { NO_ENCRYPTION_KEY } from './delivery/envelope.ts'
import { readBalances } from './exchange/conservation.ts'
import { checkNotices } from './health-attention.ts'
import { type HealthCheck, type HealthParts, list } from './health-check.ts'
import { checkFlow } from './health-flow.ts'
import { checkParties } from './health-parties.ts'
import { checkReplica } from './health-replica.ts'
import { checkVouching } from './health-witness.ts'

export type { HealthCheck, HealthParts } from './health-check.ts'

// Evidence this old and not in the log means that no sequencer runs.
const MAX_PENDING_SECONDS = 60
const FRESH_MS = 2_000

/**
 * Whether this process can do its work: store, evidence, conservation of today and yesterday; and,
 * as advice, whether what was accepted moves. What is counted is counted at most every few seconds.
 */
export async function readHealth(parts: HealthParts): Promise<HealthCheck[]> {
  try {
    return [
      await checkStore(parts),
      await checkEvidence(parts),
      ...(await checkDisclosures(parts)),
      ...(await countNowAndThen(parts)),
      ...checkReplica(parts).map(check => ({ ...check, advisory: true as const })),
      ...(await checkKeys(parts)),
      ...(await checkEvaluator(parts)),
    ]
  } catch {
    return [{ name: 'store', ok: false, detail: 'the store does not answer' }]
  }
}

/** Whether nothing needs a person. */
export function isHealthy(checks: HealthCheck[]): boolean {
  return checks.every(check => check.ok)
}

/** Whether this process can serve. */
export function isReady(checks: HealthCheck[]): boolean {
  return checks.every(check => check.ok || check.advisory)
}

interface Counted {
  checks: Promise<HealthCheck[]>
  until: number
}

const counted = new WeakMap<Queryable, Counted>()

// However long it takes, and whoever asks: counting has a tenth of the time at most.
async function countNowAndThen(parts: HealthParts): Promise<HealthCheck[]> {
  const known = counted.get(parts.pool)
  if (known && performance.now() < known.until) return known.checks
  const from = performance.now()
  const checks = countAll(parts)
  const now: Counted = { checks, until: Number.POSITIVE_INFINITY }
  counted.set(parts.pool, now)
  try {
    await checks
    now.until = performance.now() + Math.max(FRESH_MS, (performance.now() - from) * 9)
  } catch (error) {
    counted.delete(parts.pool)
    throw error
  }
  return checks
}

async function countAll(parts: HealthParts): Promise<HealthCheck[]> {
  const moving = [
    ...(await checkFlow(parts)),
    ...(await checkVouching(parts)),
    ...(await checkParties(parts)),
    await checkNotices(parts),
  ]
  const flow = moving.map(check => ({ ...check, advisory: true as const }))
  return [await checkRoom(parts), await checkConservation(parts, 1), ...flow]
}

const NO_ROOM = '53100'

/** Whether the store can write: what does not fit in 64 kB of memory goes to its disk, and off it again. */
async function checkRoom({ pool }: HealthParts): Promise<HealthCheck> {
  const check = {
    name: 'room',
    remedy: 'Make room on the disk of PostgreSQL; it goes on by itself.',
  }
  try {
    await pool.query(`SELECT set_config('work_mem', '64kB', true);
      SELECT count(*) FROM unnest(ARRAY[repeat('x', 99999), repeat('x', 99999)])`)
    return { ...check, ok: true, detail: 'the disk of the store takes more' }
  } catch (error) {
    if ((error as { code?: string }).code !== NO_ROOM) throw error
    return { ...check, ok: false, detail: 'the disk of the store is full' }
  }
}

async function checkStore({ pool }: HealthParts): Promise<HealthCheck> {
  const { rows } = await pool.query<{ version: string; readOnly: string }>(
    `SELECT current_setting('server_version') AS version,
       current_setting('transaction_read_only') AS "readOnly"`,
  )
  const ok = rows[0]?.readOnly === 'off'
  const detail = `PostgreSQL ${rows[0]?.version}${ok ? '' : ', read only'}`
  const remedy = 'Point the program at the primary, or let the database take writes again.'
  return { name: 'store', ok, detail, remedy }
}

/** Whether the key that wraps the secrets answers. */
async function checkKeys({ keys }: HealthParts): Promise<HealthCheck[]> {
  if (!keys) return []
  const wrong = await keys.check()
  const remedy = 'See "Keys" in docs/operations.md; nothing is lost, and it goes on by itself.'
  return [{ name: 'keys', ok: !wrong, detail: wrong ?? 'the key provider answers', remedy }]
}

/** Whether the key service answers, where there is one. */
export async function checkEvaluator({ evaluator, config }: HealthParts): Promise<HealthCheck[]> {
  if (!evaluator || config?.evaluator.placement !== 'elsewhere') return []
  const wrong = await evaluator.check()
  const remedy =
    'Look at the key service and its log; see "The key service" in docs/operations.md. Nothing is lost, ' +
    'and it goes on by itself.'
  return [{ name: 'evaluator', ok: !wrong, detail: wrong ?? 'the key service answers', remedy }]
}

/** Whether what is recorded gets its place in the log. */
export async function checkEvidence(parts: HealthParts): Promise<HealthCheck> {
  const { rows } = await parts.pool.query<{ seconds: number | null }>(
    'SELECT extract(epoch FROM now() - min(created_at))::float8 AS seconds FROM audit_pending',
  )
  const seconds = rows[0]?.seconds ?? 0
  const ok = seconds < MAX_PENDING_SECONDS
  const detail = `the oldest entry waits ${Math.round(seconds)} s`
  const remedy = 'Start a process with the role sequencer, and look at its log.'
  return { name: 'evidence', ok, detail, remedy }
}

/** Whether persons may be told about: evidence is signed, and the log contains what was published. */
export async function checkDisclosures({ disclosures }: HealthParts): Promise<HealthCheck[]> {
  if (!disclosures) return []
  const { code, detail } = await disclosures.read()
  const remedy =
    code === 'HB-908'
      ? 'Restore a newer backup, or run huisbrug audit recover: see "Restore" in docs/operations.md.'
      : 'Start a process with the role sequencer, and look at its log; it goes on by itself.'
  const told = code ? `stopped (${code}): ${detail}` : 'going on'
  return [{ name: 'disclosures', ok: code === undefined, detail: told, remedy }]
}

/**
 * Whether every protocol, party and day is in balance; `days` back from today, all of them where
 * absent.
 */
export async function checkConservation(parts: HealthParts, days?: number): Promise<HealthCheck> {
  const from = days === undefined ? {} : { from: daysAgo(parts.clock(), days) }
  const balances = await readBalances(parts.pool, { ...from, perParty: true })
  const wrong = balances.filter(balance => !balance.balanced)
  const detail =
    wrong.length > 0
      ? `out of balance: ${list(wrong.map(it => `${it.protocol} ${it.party} ${it.day}`))}`
      : `${balances.length} lines per protocol, party and day in balance`
  const remedy = 'Stop the exchange and report this: items were lost or counted twice.'
  return { name: 'conservation', ok: wrong.length === 0, detail, remedy }
}

/** Destinations that do not answer: told, but no fault of ours. */
export async function checkDestinations(parts: HealthParts): Promise<HealthCheck> {
  const circuits = await readCircuits(parts.pool)
  const lines = circuits
    .filter(it => it.pausedUntil)
    .map(it => `${it.party} (${it.channel}, ${it.reason}, since ${it.failingSince.toISOString()})`)
  const paused = lines.length > 0 ? `paused: ${lines.join(', ')}` : 'none is paused'
  const keyless = await readKeyless(parts.pool)
  const detail = keyless.length > 0 ? `${paused}; no encryption key: ${keyless.join(', ')}` : paused
  return { name: 'destinations', ok: true, detail }
}

/** Parties for whom something waits that may leave in an envelope only, and who have no key for one. */
async function readKeyless(pool: HealthParts['pool']): Promise<string[]> {
  const { rows } = await pool.query<{ destination: string }>(
    `SELECT DISTINCT destination FROM hand_over
     WHERE reason = $1 AND state IN ('queued', 'retrying', 'parked') ORDER BY destination`,
    [NO_ENCRYPTION_KEY],
  )
  return rows.map(row => row.destination)
}

function daysAgo(now: Date, days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10)
}
