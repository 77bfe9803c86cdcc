import { Command } from 'commander'
import {
  checkConservation,
  checkHandOvers,
  type HealthCheck,
  isHealthy,
  readHealth,
} from '../health.ts'
import type { Open } from './party.ts'

/** `huisbrug doctor`: looks at everything that should be well; exit 1 where something is not. */
export function doctorCommand(open: Open): Command {
  return new Command('doctor')
    .description('look at the store, the evidence, conservation and what is stuck')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const parts = { pool: store.pool, clock: () => new Date() }
        const health = (await readHealth(parts)).filter(check => check.name !== 'conservation')
        const checks = [...health, await checkConservation(parts), await checkHandOvers(parts)]
        const ok = isHealthy(checks)
        process.stdout.write(json ? `${JSON.stringify({ ok, checks })}\n` : describe(checks))
        if (!ok) process.exitCode = 1
      } finally {
        await store.close()
      }
    })
}

function describe(checks: HealthCheck[]): string {
  return checks
    .map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(14)} ${detail}\n`)
    .join('')
}
