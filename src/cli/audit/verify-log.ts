import { loadLogVerifierKeys } from '../../audit/log-key.ts'
import type { VerifyReport } from '../../audit/verify.ts'
import { verifyEvidence } from '../../audit/verify-evidence.ts'
import type { Open } from '../party.ts'
import { progressBar } from '../progress.ts'

/** Recomputes the log of this gateway; sets exit code 1 and names what does not fit. */
export async function verifyOwnLog(open: Open, { json }: { json?: boolean }): Promise<void> {
  const store = await open()
  const bar = progressBar('verify', !json)
  try {
    const verifierKey = await loadLogVerifierKeys(store.keys, store.config.logOrigin)
    const report = await verifyEvidence(store.pool, verifierKey, {
      onProgress: ({ done, total }) => bar.update(done, total),
    })
    bar.stop()
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : describe(report))
    if (!report.ok) process.exitCode = 1
  } finally {
    bar.stop()
    await store.close()
  }
}

function describe(report: VerifyReport): string {
  const counted = `${report.entries} entries, ${report.checkpoints} checkpoints`
  if (report.ok) return `The log is whole: ${counted} recomputed, all fit.\n`
  const lines = report.problems.map(
    problem => `  entry ${problem.index ?? '-'}: ${problem.kind}, ${problem.what}`,
  )
  return `The log does NOT fit (${counted} read):\n${lines.join('\n')}\n`
}
