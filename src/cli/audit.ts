import { Command } from 'commander'
import { loadLogVerifierKey } from '../audit/log-key.ts'
import { type VerifyReport, verifyLog } from '../audit/verify.ts'
import type { Open } from './party.ts'
import { progressBar } from './progress.ts'

/** `huisbrug audit verify|key`: recomputes the log, exit 1 names what does not fit; tells its key. */
export function auditCommand(open: Open): Command {
  const audit = new Command('audit').description('the audit log')
  audit
    .command('verify')
    .description('recompute the whole log from its entries and name the first that does not fit')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      const bar = progressBar('verify', !json)
      try {
        const verifierKey = await loadLogVerifierKey(store.keys, store.config.logOrigin)
        const report = await verifyLog(store.pool, verifierKey, {
          onProgress: ({ done, total }) => bar.update(done, total),
        })
        bar.stop()
        process.stdout.write(json ? `${JSON.stringify(report)}\n` : describe(report))
        if (!report.ok) process.exitCode = 1
      } finally {
        bar.stop()
        await store.close()
      }
    })
  audit
    .command('key')
    .description('print the verifier key of the log, for partners to pin')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await open()
      try {
        const verifierKey = await loadLogVerifierKey(store.keys, store.config.logOrigin)
        process.stdout.write(`${json ? JSON.stringify({ verifierKey }) : verifierKey}\n`)
      } finally {
        await store.close()
      }
    })
  return audit
}

function describe(report: VerifyReport): string {
  const counted = `${report.entries} entries, ${report.checkpoints} checkpoints`
  if (report.ok) return `The log is whole: ${counted} recomputed, all fit.\n`
  const lines = report.problems.map(
    problem => `  entry ${problem.index ?? '-'}: ${problem.kind}, ${problem.what}`,
  )
  return `The log does NOT fit (${counted} read):\n${lines.join('\n')}\n`
}
