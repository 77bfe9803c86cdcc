import { Command } from 'commander'
import {
  checkConservation,
  checkDestinations,
  checkEvaluator,
  checkEvidence,
  checkHandOvers,
  type HealthCheck,
  isHealthy,
} from '../health.ts'
import { readCoreLimit } from '../no-dumps.ts'
import type { Open, Opened } from './party.ts'

/** `huisbrug doctor`: looks at everything that should be well; exit 1 where something is not. */
export function doctorCommand(open: Open): Command {
  return new Command('doctor')
    .description('look at the store, the evidence, conservation and what is stuck')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const checks = await examine(store)
        const ok = isHealthy(checks)
        process.stdout.write(json ? `${JSON.stringify({ ok, checks })}\n` : describe(checks))
        if (!ok) process.exitCode = 1
      } finally {
        await store.close()
      }
    })
}

async function examine(store: Opened): Promise<HealthCheck[]> {
  const { pool, evaluator, config } = store
  const parts = { pool, clock: () => new Date(), evaluator, config }
  const { examineStore } = await import('../db/doctor.ts')
  const checks: HealthCheck[] = await examineStore(store.pool, store.config.dataDir)
  if (!isHealthy(checks)) return checks
  const own = [
    checkEvidence(parts),
    checkConservation(parts),
    checkHandOvers(parts),
    checkDestinations(parts),
  ]
  const dumps = { name: 'core dumps', ...readCoreLimit() }
  return [...checks, ...(await Promise.all(own)), ...(await checkEvaluator(parts)), dumps]
}

function describe(checks: HealthCheck[]): string {
  return checks
    .map(({ name, ok, detail, remedy }) => {
      const line = `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(20)} ${detail}\n`
      return ok || !remedy ? line : `${line}     ${remedy}\n`
    })
    .join('')
}
