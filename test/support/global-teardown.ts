import { rmSync } from 'node:fs'
import type { TestRun } from './global-setup.ts'
import { scanKeptLogs } from './kept-log.ts'
import { runOnServer } from './server.ts'

/** Ends what global-setup.ts started. */
async function globalTeardown(): Promise<void> {
  const run = (globalThis as { huisbrugTestRun?: TestRun }).huisbrugTestRun
  if (!run) return
  if (run.embedded) {
    await run.embedded.database.stop()
    rmSync(run.embedded.folder, { recursive: true, force: true })
  } else await runOnServer(run.url, `DROP DATABASE IF EXISTS ${run.template} WITH (FORCE)`)
  // Fails the run: whatever the tests did, nobody may read of it in a log.
  scanKeptLogs()
}

export default globalTeardown
