import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../log.ts'

export interface Postmaster {
  pid: number
  port: number
}

/** What postmaster.pid in that cluster says, where the process it names really is its PostgreSQL. */
export function runningPostmaster(folder: string): Postmaster | undefined {
  const noted = readPidFile(folder)
  return noted && isPostmasterOf(noted.pid, folder) ? noted : undefined
}

/**
 * Ends a PostgreSQL that an earlier, killed program left in that folder, and removes a pid file that
 * names a stranger (a pid is used again after a restart of the machine). Call with the folder locked.
 */
export async function clearOrphan(folder: string, log: Logger): Promise<void> {
  const orphan = runningPostmaster(folder)
  if (orphan) {
    log.warn('stopping the PostgreSQL of a program that was killed', { pid: orphan.pid })
    await endPostmaster(orphan.pid, folder)
  }
  rmSync(join(folder, 'postmaster.pid'), { force: true })
}

async function endPostmaster(pid: number, folder: string): Promise<void> {
  // Fast shutdown, then immediate (it recovers at the next start), then the end.
  const steps = [
    { signal: 'SIGINT', wait: 15_000 },
    { signal: 'SIGQUIT', wait: 10_000 },
    { signal: 'SIGKILL', wait: 5_000 },
  ] as const
  for (const { signal, wait } of steps) {
    trySignal(pid, signal)
    const deadline = performance.now() + wait
    while (performance.now() < deadline) {
      if (!isPostmasterOf(pid, folder)) return
      await sleep(50)
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) of an earlier run does not stop: end it by hand`)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Lines: pid, data folder, start time, port, … (PostgreSQL's storage/lmgr, LOCK_FILE_LINE_*). */
function readPidFile(folder: string): Postmaster | undefined {
  const file = join(folder, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 1 ? { pid, port: Number(lines[3]) } : undefined
}

/** PostgreSQL's working directory is its data folder; no other process works from there. */
function isPostmasterOf(pid: number, folder: string): boolean {
  try {
    if (process.platform !== 'linux') return commandOf(pid).includes(`-D ${folder}`)
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder) && isPostgres(pid)
  } catch {
    return false
  }
}

function isPostgres(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
}

function commandOf(pid: number): string {
  return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
}
