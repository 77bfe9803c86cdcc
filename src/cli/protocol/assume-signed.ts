import type { LoadedProtocol } from '../../protocol/document.ts'
import { signableFrom } from '../../protocol/lifecycle.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { setAt } from '../../protocol/versions.ts'
import { frameworkNamed } from './documents.ts'

/**
 * The same documents as if every party had accepted and published them on the first day on which it
 * may: to try a message against a text that is not signed yet, or whose signatures cannot be checked
 * here. Nothing else is assumed: advices, dates, suspensions and findings stay as they are.
 */
export function assumeSigned(set: ProtocolSet, at: Date): ProtocolSet {
  const versions = new Map(
    [...set.versions].map(([id, list]) => [id, list.map(one => signed(set, one))]),
  )
  return setAt({ versions, broken: set.broken }, at)
}

function signed(set: ProtocolSet, protocol: LoadedProtocol): LoadedProtocol {
  const { id, version, digest, document, record } = protocol
  const date = signableFrom(document, frameworkNamed(set, document)) || '2000-01-01'
  const statements = document.parties.map(({ id: party, representative }) => ({
    ...{ protocol: id, version, digest, party, date },
    statement: 'accept' as const,
    signer: representative.name,
    function: representative.function,
    at: new Date(`${date}T00:00:00Z`),
    thumbprint: '',
  }))
  const publication = document.parties.map(({ id: party }) => {
    return { party, url: 'https://example.org/', date, digest }
  })
  return { ...protocol, statements, record: { ...record, publication } }
}
