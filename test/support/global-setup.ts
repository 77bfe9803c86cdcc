import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts'
import { lockFolder } from '../../src/db/folder-lock.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createLogger } from '../../src/log.ts'
import { makeLogFolder } from './kept-log.ts'
import { memoryFolder } from './memory-folder.ts'
import {
  announceServer,
  dropLeftovers,
  newDatabaseName,
  runOnServer,
  urlOfDatabase,
} from './server.ts'

export interface TestRun {
  url: string
  template: string
  embedded?: { database: EmbeddedDatabase; folder: string }
}

const PREFIX = 'huisbrug-test-'
const CODE_CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/huisbrug-test', import.meta.url),
)
const OTHERS = /^huisbrug-(embedded|logs|redis)-/
const MINUTE = 60_000

/**
 * Once per run: one PostgreSQL (embedded, or HUISBRUG_TEST_DATABASE_URL) and a migrated template
 * database that every test copies. The embedded one dies with this process, however that ends.
 */
async function globalSetup(): Promise<void> {
  const log = createLogger('warn')
  // Tests start the program hundreds of times: compiled once, it starts in half the time.
  process.env['NODE_COMPILE_CACHE'] ??= CODE_CACHE
  const memory = process.env['TMPDIR'] ? undefined : memoryFolder()
  if (memory) process.env['TMPDIR'] = memory
  const given = process.env['HUISBRUG_TEST_DATABASE_URL']
  makeLogFolder()
  const run: TestRun = { url: given ?? '', template: newDatabaseName() }
  if (!given) {
    removeLeftovers()
    const folder = mkdtempSync(join(tmpdir(), PREFIX))
    const database = await startEmbedded(folder, log)
    run.embedded = { database, folder }
    run.url = database.url
  }
  ;(globalThis as { huisbrugTestRun?: TestRun }).huisbrugTestRun = run
  if (given) await dropLeftovers(given)
  await runOnServer(run.url, `CREATE DATABASE ${run.template} ENCODING 'UTF8' TEMPLATE template0`)
  await migrate(urlOfDatabase(run.url, run.template), log)
  announceServer({ url: run.url, template: run.template })
}

/** Folders of runs that were killed: of the server where nobody holds its lock, others by their age. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter(entry => entry.startsWith('huisbrug-'))) {
    const folder = join(tmpdir(), name)
    try {
      const age = Date.now() - statSync(folder).mtimeMs
      // A run that has just made its folder has not locked it yet.
      if (name.startsWith(PREFIX) && age > MINUTE) lockFolder(folder).release()
      else if (!OTHERS.test(name) || age < 60 * MINUTE) continue
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // In use, or another user's.
    }
  }
}

export default globalSetup
