import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// What we give to others: under licences that allow it, from the registry, with a digest each.

/** An entry of package-lock.json, lockfileVersion 3. */
export interface LockedPackage {
  version?: string
  license?: string
  integrity?: string
  resolved?: string
  dev?: boolean
  link?: boolean
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

export interface Lockfile {
  lockfileVersion: number
  packages: Record<string, LockedPackage>
}

/** SPDX identifiers that go with EUPL-1.2 and ask for no more than a notice or their own source. */
const ALLOWED = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Zlib'],
  ...['BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Python-2.0', 'PostgreSQL', 'EUPL-1.2', 'MPL-2.0'],
])

/** Packages whose manifest is silent; read in their LICENSE file. Another version is to be read anew. */
export const READ_BY_HAND: Record<string, string> = { 'png-js@1.1.0': 'MIT' }

// The address of the registry itself; another one of the machine at hand is nobody else's.
const REGISTRY = /^https:\/\/registry\.npmjs\.org\/(@[\w.-]+\/)?[\w.-]+\/-\/[\w.-]+\.tgz$/
const ELSEWHERE = /^(git|http|file:|link:|github:|bitbucket:|gitlab:)|^[\w.-]+\/[\w.-]+/

/** `name@version` of an entry. */
export function labelOf(path: string, { version = '' }: LockedPackage): string {
  return `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`
}

/** `name@version` of every package that is given to others. */
export function shippedLabels(lock: Lockfile): Set<string> {
  const shipped = entriesOf(lock).filter(([, { dev }]) => !dev)
  return new Set(shipped.map(([path, entry]) => labelOf(path, entry)))
}

/** Packages of production whose licence is none, unknown or not allowed, a line each. */
export function licenceFaults(lock: Lockfile): string[] {
  return entriesOf(lock)
    .filter(([, entry]) => !entry.dev)
    .map(([path, entry]) => [labelOf(path, entry), entry.license] as const)
    .map(([label, licence]) => [label, licence ?? READ_BY_HAND[label] ?? 'none'] as const)
    .filter(([, licence]) => !isAllowed(licence))
    .map(([label, licence]) => `${label}: licence ${licence} is not on the list`)
}

/** Packages that are not pinned by SHA-512, or do not come from the registry, a line each. */
export function integrityFaults(lock: Lockfile): string[] {
  const faults = lock.lockfileVersion === 3 ? [] : ['package-lock.json: not version 3']
  for (const [path, entry] of Object.entries(lock.packages)) {
    const label = path ? labelOf(path, entry) : 'huisbrug'
    if (path && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? ''))
      faults.push(`${label}: no SHA-512`)
    if (entry.link || (entry.resolved && !REGISTRY.test(entry.resolved)))
      faults.push(`${label}: not from the registry`)
    const asked = [entry.dependencies, entry.devDependencies, entry.optionalDependencies]
    for (const [name, range] of asked.flatMap(them => Object.entries(them ?? {}))) {
      if (ELSEWHERE.test(range)) faults.push(`${label}: ${name} is not asked of the registry`)
    }
  }
  return faults
}

/** Whether a licence expression (SPDX annex D) leaves a choice that is allowed. */
export function isAllowed(expression: string): boolean {
  const words = expression.match(/[()]|[^\s()]+/g) ?? []
  let at = 0
  const either = (): boolean => {
    let allowed = all()
    while (words[at] === 'OR') {
      at += 1
      const other = all()
      allowed = allowed || other
    }
    return allowed
  }
  const all = (): boolean => {
    let allowed = one()
    while (words[at] === 'AND') {
      at += 1
      const other = one()
      allowed = allowed && other
    }
    return allowed
  }
  const one = (): boolean => {
    const word = words[at++]
    if (word !== '(') return ALLOWED.has(word ?? '')
    const allowed = either()
    return words[at++] === ')' && allowed
  }
  return either() && at === words.length
}

/** All entries but that of the package itself. */
export function entriesOf(lock: Lockfile): [string, LockedPackage][] {
  return Object.entries(lock.packages).filter(([path]) => path !== '')
}

/** The lockfile of this repository. */
export function readLockfile(): Lockfile {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  return JSON.parse(readFileSync(file, 'utf8')) as Lockfile
}
