import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ROOM_BYTES = 6 * 2 ** 30

/**
 * A folder in memory for everything that the tests write, where the machine has one with room and
 * where programs may run: dozens of databases are made and thrown away, and a disk is what they would
 * wait for. Undefined elsewhere.
 */
export function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ROOM_BYTES && runsPrograms(MEMORY) ? MEMORY : undefined
  } catch {
    return undefined
  }
}

function runsPrograms(folder: string): boolean {
  const own = mkdtempSync(join(folder, 'huisbrug-try-'))
  try {
    const program = join(own, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 })
    return spawnSync(program).status === 0
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}
