import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk in memory, of this test alone, that can be filled to the last byte. */
export interface SmallDisk {
  folder: string
  fill(): void
  free(): void
  close(): void
}

const canMount = isMountable()
if (!canMount) {
  const why = 'mounting a tmpfs takes root, and a container that may'
  process.stderr.write(`${why}: the tests of a full disk are skipped\n`)
}

/** Like test, where a tmpfs can be mounted. */
export const testWithDisk = canMount ? test : test.skip

function isMountable(): boolean {
  try {
    smallDisk(1).close()
    return true
  } catch {
    return false
  }
}

/** @throws Error where it cannot be mounted */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'huisbrug-disk-'))
  const filler = join(folder, 'filler')
  const close = () => {
    // Lazily: what still has a file open there keeps it until it ends.
    spawnSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  }
  const options = `size=${megabytes}m,mode=0700`
  const { status, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  if (status !== 0) {
    close()
    throw new Error(`a tmpfs cannot be mounted: ${error?.message ?? status}`)
  }
  return { folder, fill: () => fill(filler), free: () => rmSync(filler, { force: true }), close }
}

function fill(file: string): void {
  const descriptor = openSync(file, 'a')
  try {
    for (const block of [Buffer.alloc(1 << 20), Buffer.alloc(4_096)]) {
      while (writes(descriptor, block));
    }
  } finally {
    closeSync(descriptor)
  }
}

function writes(descriptor: number, block: Buffer): boolean {
  try {
    return writeSync(descriptor, block) === block.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
