import { countPending } from '../../audit/sequencer.ts'
import { readStandings } from '../../audit/witness-store.ts'
import type { Context } from '../../context.ts'
import { refuse } from '../../errors.ts'
import { readProbes } from '../../exchange/probe.ts'
import { readQuotas } from '../../exchange/quotas.ts'
import { isReady, readHealth } from '../../health.ts'
import type { Route } from '../route.ts'

/** The process runs. */
export const getLive: Route = {
  method: 'get',
  path: '/health/live',
  access: 'public',
  handle: async () => ({ status: 200, body: { status: 'ok' } }),
}

// Figures and names of parties tell outsiders when who exchanges, and versions what to try.
const NOT_HERE = 'told on the machine itself'

/** The process can do its work: store, evidence, conservation; what needs a person is told besides, on the machine itself. */
export const getReady: Route = {
  method: 'get',
  path: '/health/ready',
  access: 'public',
  handle: async (context, request) => {
    const checks = await readHealth(context)
    const ok = isReady(checks)
    const shown = checks.map(({ remedy, advisory: _, ...check }) => {
      if (!request.isLocal) return { ...check, detail: NOT_HERE }
      return check.ok ? check : { ...check, remedy }
    })
    return { status: ok ? 200 : 503, body: { status: ok ? 'ok' : 'failing', checks: shown } }
  },
}

/** Figures for Prometheus, for this machine only: rates tell outsiders when who exchanges. */
export const getMetrics: Route = {
  method: 'get',
  path: '/metrics',
  access: 'public',
  handle: async (context, request) => {
    if (!request.isLocal) throw refuse('HB-206', '', 'metrics are for this machine')
    context.metrics.quotas(await openQuotas(context, request.at))
    context.metrics.probes(await readProbes(context).catch(() => []))
    context.metrics.witnesses(await readStandings(context.pool).catch(() => []))
    await countPending(context.pool).then(
      entries => context.metrics.pending(entries),
      () => {},
    )
    await context.disclosures.read().then(
      standing => context.metrics.evidence(standing),
      () => {},
    )
    if (context.reading.standing) context.metrics.replica(context.reading.standing)
    const body = await context.metrics.expose()
    return { status: 200, body, type: 'text/plain; version=0.0.4; charset=utf-8' }
  },
}

// The rest is told also while the store is away.
async function openQuotas(context: Context, at: Date) {
  const quotas = await readQuotas(context, at).catch(() => [])
  return quotas
    .filter(({ state }) => state !== 'closed')
    .map(quota => ({ ...quota, bursts: quota.bursts.length }))
}
