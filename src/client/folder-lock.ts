import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RegisterError } from './register-error.ts'

const lockedHere = new Set<string>()

/**
 * Takes a folder for this process. The lock of a process that was killed does not count.
 * @returns the function that gives it free
 * @throws RegisterError store-in-use
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock')
  if (lockedHere.has(file) || !takeLock(file)) {
    throw new RegisterError(
      'store-in-use',
      'another process has this register store open: wait until it ends, or use another folder',
    )
  }
  lockedHere.add(file)
  return () => {
    lockedHere.delete(file)
    rmSync(file, { force: true })
  }
}

function takeLock(file: string): boolean {
  if (writeLock(file)) return true
  if (isAlive(Number(readFileSync(file, 'utf8')))) return false
  rmSync(file, { force: true })
  return writeLock(file)
}

function writeLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

// The own id in a lock that this process does not hold: a predecessor in the same container.
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
