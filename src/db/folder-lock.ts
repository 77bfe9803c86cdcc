import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface FolderLock {
  release(): void
}

/**
 * Takes the data folder for this process alone. The lock is the kernel's, through SQLite, so it ends
 * with the process however that ends, and a pid that is used again says nothing.
 * @throws Error where another program has the folder
 */
export function lockFolder(dataDir: string): FolderLock {
  const holder = join(dataDir, 'program.pid')
  const database = new DatabaseSync(join(dataDir, 'program.lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    throw new Error(
      `another program${processName(holder)} uses the data folder ${dataDir}: ` +
        'stop it first, or give this one its own folder with HUISBRUG_DATA_DIR',
    )
  }
  writeFileSync(holder, `${process.pid}\n`, { mode: 0o600 })
  return { release: () => database.close() }
}

// SQLITE_BUSY
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

/** For the message only: the lock itself does not depend on this file. */
function processName(holder: string): string {
  try {
    return ` (process ${readFileSync(holder, 'utf8').trim()})`
  } catch {
    return ''
  }
}
