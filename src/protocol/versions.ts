import type { Agreement, LoadedProtocol } from './document.ts'
import { isAccession, isAgreement } from './document.ts'
import type { Finding } from './finding.ts'
import { statusAt, wasInForce } from './lifecycle.ts'
import { withNotes, withRemark } from './noted.ts'
import type { Notes } from './notes.ts'
import { compareVersions, supersededBy, versionRemarks } from './version-remarks.ts'

/** Every protocol that the gateway knows at one moment. Immutable. */
export interface ProtocolSet {
  /**
   * The version of each id that leads, by id; it has the right shape, but is in force only without
   * refused findings.
   */
  protocols: ReadonlyMap<string, LoadedProtocol>
  /** Every version of each id, the oldest first. */
  versions: ReadonlyMap<string, readonly LoadedProtocol[]>
  /** Documents that cannot be read, by id or else by folder name. */
  broken: ReadonlyMap<string, readonly Finding[]>
  /** Everything that is wrong, of all documents. */
  findings: readonly Finding[]
}

/** Documents put together, before time says which versions lead. */
export type Gathered = Pick<ProtocolSet, 'versions' | 'broken'>

/** One folder, read: a protocol, or what keeps it from being one. */
export type FolderResult = { loaded: LoadedProtocol } | { id: string; findings: Finding[] }

/** Groups folders by id, with what is known besides the files and what they get wrong together. */
export function gatherFolders(
  results: readonly (FolderResult | undefined)[],
  notes: Notes,
): Gathered {
  const noted: LoadedProtocol[] = []
  const broken = new Map<string, readonly Finding[]>()
  for (const result of results) {
    if (!result) continue
    if ('loaded' in result) noted.push(withNotes(result.loaded, notes))
    else broken.set(result.id, [...(broken.get(result.id) ?? []), ...result.findings])
  }
  const remarks = versionRemarks(noted)
  const all = noted.map(one => (remarks.get(one) ?? []).reduce(withRemark, one))
  const versions = Map.groupBy(all.toSorted(compareVersions), ({ id }) => id)
  return { versions, broken }
}

/**
 * The set at an instant. Of the versions of one id one leads: the one in force; one that was in force
 * and names another in `supersedes` replaced that for good; two in force at once clash, and neither
 * executes; with none in force a suspended one leads, else the newest. Pure.
 */
export function setAt({ versions, broken }: Gathered, at: Date): ProtocolSet {
  const settled = new Map<string, readonly LoadedProtocol[]>()
  const protocols = new Map<string, LoadedProtocol>()
  const settle = (id: string, list: readonly LoadedProtocol[], framework?: Agreement) => {
    const { leading, all } = lead(list, at, framework)
    settled.set(id, all)
    protocols.set(id, leading)
  }
  for (const [id, list] of versions) if (list.every(isAgreement)) settle(id, list)
  for (const [id, list] of versions) {
    if (!settled.has(id)) settle(id, list, frameworkAmong(protocols, list))
  }
  const inOrder = <V>(map: Map<string, V>) =>
    new Map([...versions.keys()].toSorted().map(id => [id, map.get(id) as V]))
  const findings = [...inOrder(settled).values()].flat().flatMap(one => one.findings)
  return {
    protocols: inOrder(protocols),
    versions: inOrder(settled),
    broken,
    findings: [...findings, ...[...broken.values()].flat()],
  }
}

/** What time decides of a set, in one line: the same line is the same set of the same documents. */
export function leadersOf({ versions, protocols }: ProtocolSet): string {
  return [...versions]
    .filter(([, list]) => list.length > 1)
    .map(([id, list]) => {
      const parts = list.map(one => `${one.folder} ${one.replacedBy} ${one.findings.length}`)
      return `${id} ${protocols.get(id)?.folder} ${parts.join()}`
    })
    .join(';')
}

function frameworkAmong(
  protocols: ReadonlyMap<string, LoadedProtocol>,
  list: readonly LoadedProtocol[],
): Agreement | undefined {
  const accession = list.find(isAccession)
  const found = accession && protocols.get(accession.document.framework)
  return found && isAgreement(found) ? found.document : undefined
}

function lead(
  list: readonly LoadedProtocol[],
  at: Date,
  framework: Agreement | undefined,
): { leading: LoadedProtocol; all: readonly LoadedProtocol[] } {
  const [only] = list
  if (only && list.length === 1) return { leading: only, all: list }
  const took = list.filter(one => wasInForce(one, at, framework))
  const marked = list.map(one => {
    const by = took.find(other => supersededBy(other, list).has(one.version))
    return by ? { ...one, replacedBy: by.version } : one
  })
  const left = marked.filter(one => one.replacedBy === undefined)
  const statusOf = (one: LoadedProtocol) => {
    const status = statusAt(one, at, framework)
    return status === 'in-force' ? status : status.code
  }
  const inForce = left.filter(one => statusOf(one) === 'in-force')
  const clashing = inForce.length > 1 ? inForce : []
  const clash = (one: LoadedProtocol) => (clashing.includes(one) ? withRemark(one, CLASH) : one)
  const leading =
    inForce.at(-1) ??
    left.findLast(one => statusOf(one) === 'HB-307') ??
    left.at(-1) ??
    marked.at(-1)
  const all = marked.map(clash)
  return { leading: all[marked.indexOf(leading as LoadedProtocol)] as LoadedProtocol, all }
}

const CLASH = {
  code: 'two-in-force',
  path: 'supersedes',
  text: 'another version of it is in force at the same time, and neither names the other',
  source: 'Huisbrug: one version of a protocol at a time',
}
