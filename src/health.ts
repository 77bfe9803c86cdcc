import type { Config } from './config.ts'
import type { Queryable } from './db/pool.ts'
import { readCircuits } from './delivery/circuit.ts'
import { NO_ENCRYPTION_KEY } from './delivery/envelope.ts'
import { readBalances } from './exchange/conservation.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { PseudonymKeys } from './pseudonym/evaluator.ts'

/** One thing that was looked at. */
export interface HealthCheck {
  name: string
  ok: boolean
  detail: string
  /** What to do where it is not well. */
  remedy?: string
}

// Evidence this old and not in the log means that no sequencer runs.
const MAX_PENDING_SECONDS = 60

/** What is looked at, and the time. */
export interface HealthParts {
  pool: Queryable
  clock: () => Date
  keys?: Pick<KeyStore, 'check'>
  /** Where the keys of the pseudonyms live, and whether that is elsewhere. */
  evaluator?: Pick<PseudonymKeys, 'check'>
  config?: Pick<Config, 'evaluator'>
}

/** Whether this process can do its work: store, evidence, conservation of today and yesterday. */
export async function readHealth(parts: HealthParts): Promise<HealthCheck[]> {
  try {
    return [
      { name: 'store', ok: true, detail: await storeVersion(parts) },
      await checkEvidence(parts),
      await checkConservation(parts, 1),
      ...(await checkKeys(parts)),
      ...(await checkEvaluator(parts)),
    ]
  } catch {
    return [{ name: 'store', ok: false, detail: 'the store does not answer' }]
  }
}

export function isHealthy(checks: HealthCheck[]): boolean {
  return checks.every(check => check.ok)
}

async function storeVersion(parts: HealthParts): Promise<string> {
  const { rows } = await parts.pool.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  )
  return `PostgreSQL ${rows[0]?.version}`
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

/** Whether every protocol and day is in balance; `days` back from today, all of them where absent. */
export async function checkConservation(parts: HealthParts, days?: number): Promise<HealthCheck> {
  const from = days === undefined ? {} : { from: daysAgo(parts.clock(), days) }
  const balances = await readBalances(parts.pool, from)
  const wrong = balances.filter(balance => !balance.balanced)
  const detail =
    wrong.length > 0
      ? `out of balance: ${wrong.map(it => `${it.protocol} ${it.day}`).join(', ')}`
      : `${balances.length} protocol-days in balance`
  const remedy = 'Stop the exchange and report this: items were lost or counted twice.'
  return { name: 'conservation', ok: wrong.length === 0, detail, remedy }
}

/** Hand-overs that wait for a person, and those that are long overdue. */
export async function checkHandOvers(parts: HealthParts): Promise<HealthCheck> {
  const { rows } = await parts.pool.query<{ parked: number; late: number }>(
    `SELECT count(*) FILTER (WHERE state = 'parked')::int AS parked,
       count(*) FILTER (WHERE state IN ('queued', 'retrying') AND due_at < now() - interval '10 minutes'
         AND (kind <> 'event' OR EXISTS (
           SELECT FROM webhook w WHERE w.party_id = destination AND w.disabled_at IS NULL))
         AND NOT EXISTS (SELECT FROM circuit c WHERE c.party_id = destination
           AND (c.channel = 'webhook') = (kind = 'event') AND c.paused_until IS NOT NULL))::int AS late
     FROM hand_over WHERE state NOT IN ('delivered', 'withdrawn', 'expired')`,
  )
  const { parked = 0, late = 0 } = rows[0] ?? {}
  const remedy = 'Start a process with the role worker, and look at its log.'
  return { name: 'hand-overs', ok: late === 0, detail: `${parked} parked, ${late} overdue`, remedy }
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
