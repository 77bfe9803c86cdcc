import type { Context } from './context.ts'
import { readBalances } from './exchange/conservation.ts'

/** One thing that was looked at. */
export interface HealthCheck {
  name: string
  ok: boolean
  detail: string
}

// Evidence this old and not in the log means that no sequencer runs.
const MAX_PENDING_SECONDS = 60

/** Whether this process can do its work: store, evidence, conservation of today and yesterday. */
export async function readHealth(context: Context): Promise<HealthCheck[]> {
  try {
    return [
      { name: 'store', ok: true, detail: await storeVersion(context) },
      await checkEvidence(context),
      await checkConservation(context),
    ]
  } catch {
    return [{ name: 'store', ok: false, detail: 'the store does not answer' }]
  }
}

export function isHealthy(checks: HealthCheck[]): boolean {
  return checks.every(check => check.ok)
}

async function storeVersion(context: Context): Promise<string> {
  const { rows } = await context.pool.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  )
  return `PostgreSQL ${rows[0]?.version}`
}

async function checkEvidence(context: Context): Promise<HealthCheck> {
  const { rows } = await context.pool.query<{ seconds: number | null }>(
    'SELECT extract(epoch FROM now() - min(created_at))::float8 AS seconds FROM audit_pending',
  )
  const seconds = rows[0]?.seconds ?? 0
  const ok = seconds < MAX_PENDING_SECONDS
  return { name: 'evidence', ok, detail: `the oldest entry waits ${Math.round(seconds)} s` }
}

/** Whether every protocol and day is in balance; `days` back from today, all days where absent. */
export async function checkConservation(context: Context, days = 1): Promise<HealthCheck> {
  const from = new Date(context.clock().getTime() - days * 86_400_000).toISOString().slice(0, 10)
  const wrong = (await readBalances(context.pool, { from })).filter(balance => !balance.balanced)
  const detail =
    wrong.length > 0 ? wrong.map(it => `${it.protocol} ${it.day}`).join(', ') : 'in balance'
  return { name: 'conservation', ok: wrong.length === 0, detail }
}
