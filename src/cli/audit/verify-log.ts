import { readFileSync } from 'node:fs'
import { Signing } from '../../access/signing.ts'
import { loadLogVerifierKeys } from '../../audit/log-key.ts'
import type { VerifyReport } from '../../audit/verify.ts'
import { verifyEvidence } from '../../audit/verify-evidence.ts'
import { receiptVerifier } from '../../audit/verify-receipts.ts'
import type { Open } from '../party.ts'
import { progressBar } from '../progress.ts'

/** Files with a checkpoint each; see VerifyOptions. */
export interface LogOptions {
  trusted?: string
  from?: string
  json?: boolean
}

/**
 * Recomputes the log of this gateway and holds it against the rows of what it records; sets exit
 * code 1 and names what does not fit.
 */
export async function verifyOwnLog(open: Open, { json, trusted, from }: LogOptions): Promise<void> {
  const checkpoints = {
    ...(trusted !== undefined && { trusted: readFileSync(trusted, 'utf8') }),
    ...(from !== undefined && { from: readFileSync(from, 'utf8') }),
  }
  const store = await open()
  const bar = progressBar('verify', !json)
  try {
    const verifierKey = await loadLogVerifierKeys(store.keys, store.config.logOrigin)
    const report = await verifyEvidence(store.pool, verifierKey, {
      ...checkpoints,
      verifyReceipt: receiptVerifier(await new Signing(store.keys).publicJwks()),
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

function describe({ entries, from, checkpoints, ok, problems, warnings }: VerifyReport): string {
  const read = `${entries - from} entries, ${checkpoints} checkpoints`
  const before = from > 0 ? `; ${from} entries before them were trusted, not recomputed` : ''
  const lines = [
    ok
      ? `The log is whole: ${read} recomputed, all fit, also with what they record${before}.`
      : `The log does NOT fit (${read} read${before}):`,
    ...problems.map(
      ({ index, message, kind, what }) =>
        `  ${index === undefined ? (message ?? 'database') : `entry ${index}`}: ${kind}, ${what}`,
    ),
    ...warnings.map(({ what }) => `  to look at: ${what}`),
  ]
  return `${lines.join('\n')}\n`
}
