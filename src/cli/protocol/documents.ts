import { readProcessConfig } from '../../config.ts'
import type { Agreement, LoadedProtocol, Protocol } from '../../protocol/document.ts'
import { dayOf, isAgreement } from '../../protocol/document.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { versionsOf } from '../../protocol/lookup.ts'
import { assertKnown, readable } from './report.ts'

/** Where the documents are. */
export function protocolsDir(): string {
  return readProcessConfig().protocolsDir
}

/**
 * One document to sign or to publish.
 * @throws Error where there is none, or where several versions may be meant
 */
export function chooseDocument(set: ProtocolSet, id: string, version?: string): LoadedProtocol {
  assertKnown(set, id)
  const versions = versionsOf(set, id)
  if (versions.length === 0) return readable(set, id)
  const there = versions.map(one => one.version).join(', ')
  const meant = version === undefined ? versions : versions.filter(one => one.version === version)
  if (!meant.length) throw new Error(`there is no version ${version} of ${id}; there are: ${there}`)
  if (meant.length === 1) return meant[0] as LoadedProtocol
  throw new Error(`there are several versions of ${id} (${there}): say which with --version`)
}

/** The framework of an accession, of the version that it names. */
export function frameworkNamed(set: ProtocolSet, document: Protocol): Agreement | undefined {
  if (document.kind !== 'accession') return undefined
  return versionsOf(set, document.framework)
    .filter(isAgreement)
    .find(one => one.version === document.frameworkVersion)?.document
}

/**
 * The party as the document names it.
 * @throws Error naming those that there are
 */
export function partyOf({ id, document }: LoadedProtocol, party: string) {
  const found = document.parties.find(one => one.id === party)
  if (found) return found
  const known = document.parties.map(one => one.id).join(', ')
  throw new Error(`there is no party ${party} in ${id} ${document.version}; there are: ${known}`)
}

/**
 * A date that was given, or today (UTC).
 * @throws Error where it is no date, or is yet to come
 */
export function dateGiven(given: string | undefined, now: Date): string {
  const today = dayOf(now)
  if (given === undefined) return today
  const time = Date.parse(`${given}T00:00:00Z`)
  if (Number.isNaN(time) || dayOf(new Date(time)) !== given) {
    throw new Error(`${given} is no date: write it as ${today}`)
  }
  if (given > today) throw new Error(`${given} is yet to come: today is ${today}`)
  return given
}
