import {
  type Accession,
  compareVersionNumbers,
  isAccession,
  isAgreement,
  type LoadedProtocol,
} from './document.ts'
import type { Remark } from './finding.ts'

/** Orders documents by id, then by version, the oldest first. */
export function compareVersions(a: LoadedProtocol, b: LoadedProtocol): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return compareVersionNumbers(a.version, b.version)
}

/** The versions that a document replaces, and those that they replaced in their turn. */
export function supersededBy(
  protocol: LoadedProtocol,
  versions: readonly LoadedProtocol[],
): Set<string> {
  const replaced = new Set<string>()
  let next = protocol.document.supersedes
  while (next !== undefined && !replaced.has(next)) {
    replaced.add(next)
    next = versions.find(one => one.version === next)?.document.supersedes
  }
  return replaced
}

/** What is wrong with documents together, by document. Pure. */
export function versionRemarks(
  documents: readonly LoadedProtocol[],
): Map<LoadedProtocol, Remark[]> {
  const byId = Map.groupBy(documents, ({ id }) => id)
  const twice = accedingTwice(documents)
  return new Map(
    documents.map(protocol => {
      const versions = byId.get(protocol.id) ?? []
      const circle = supersededBy(protocol, versions).has(protocol.version)
      const found = [
        sameVersion(protocol, versions),
        circle ? CIRCLE : undefined,
        frameworkRemark(protocol, byId),
        twice.has(protocol) ? ACCEDES_TWICE : undefined,
      ]
      return [protocol, found.filter(remark => remark !== undefined)]
    }),
  )
}

function sameVersion(
  protocol: LoadedProtocol,
  versions: readonly LoadedProtocol[],
): Remark | undefined {
  const other = versions.find(one => one !== protocol && one.version === protocol.version)
  return (
    other && {
      code: 'two-documents',
      path: 'protocolId',
      text: `${other.folder} and ${protocol.folder} hold the same version of the same protocol`,
      source: 'Huisbrug: one document of a version',
    }
  )
}

function frameworkRemark(
  protocol: LoadedProtocol,
  byId: ReadonlyMap<string, readonly LoadedProtocol[]>,
): Remark | undefined {
  if (!isAccession(protocol)) return undefined
  const { framework, frameworkVersion, parties } = protocol.document
  const frameworks = (byId.get(framework) ?? [])
    .filter(isAgreement)
    .filter(({ document }) => document.kind === 'framework')
  const named = frameworks.find(one => one.version === frameworkVersion) ?? frameworks.at(-1)
  if (!named) return NO_FRAMEWORK
  const kind = parties.find(party => party.role === 'acceding')?.kind
  return named.document.acceding?.kind === kind ? undefined : WRONG_KIND
}

/** Documents with which one party accedes to one framework version: with two, neither can be meant. */
function accedingTwice(documents: readonly LoadedProtocol[]): Set<LoadedProtocol> {
  const who = ({ document }: LoadedProtocol<Accession>) => {
    const party = document.parties.find(({ role }) => role === 'acceding')?.id
    return `${document.framework} ${document.frameworkVersion} ${party}`
  }
  const groups = [...Map.groupBy(documents.filter(isAccession), who).values()]
  return new Set(groups.filter(group => new Set(group.map(({ id }) => id)).size > 1).flat())
}

const CIRCLE: Remark = {
  code: 'cyclic-supersedes',
  path: 'supersedes',
  text: 'it replaces a version that replaces it in its turn',
  source: 'Of versions that replace one another in a circle none can be the one meant',
}

const NO_FRAMEWORK: Remark = {
  code: 'no-framework',
  path: 'framework',
  text: 'the framework is not here, or is not a framework',
  source: 'An accession says who joins; what is exchanged is in the framework alone',
}

const ACCEDES_TWICE: Remark = {
  code: 'accedes-twice',
  path: 'parties',
  text: 'the same party accedes to the framework in another document as well',
  source: 'One housing company, one declaration of accession',
}

const WRONG_KIND: Remark = {
  code: 'may-not-accede',
  path: 'parties',
  text: 'the framework is not open to this kind of party',
  source: 'The framework says who may accede',
}
