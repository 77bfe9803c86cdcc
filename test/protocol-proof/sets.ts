import type { Agreement, LoadedProtocol } from '../../src/protocol/document.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import type { VerifiedStatement } from '../../src/protocol/notes.ts'
import { setWith } from '../protocol/sample.ts'

export { IN_FORCE } from '../protocol/sample.ts'

/**
 * The shipped framework and one accession in force, with any document in the place of the
 * framework's. That document need not be one that the loader lets in force: what it does not list
 * must not pass all the same.
 */
export function setInForce(document?: Agreement): ProtocolSet {
  const set = shipped()
  if (!document) return set
  const framework = set.protocols.get(document.protocolId) as LoadedProtocol
  const protocols = new Map(set.protocols).set(document.protocolId, { ...framework, document })
  return { ...set, protocols }
}

let known: ProtocolSet | undefined

function shipped(): ProtocolSet {
  if (known) return known
  const set = setWith()
  const accepted = [...set.protocols].map(([id, one]) => [id, acceptedByAll(one)] as const)
  known = { ...set, protocols: new Map(accepted) }
  return known
}

/** Signed by every party, in so far as that matters to a decision. */
function acceptedByAll(loaded: LoadedProtocol): LoadedProtocol {
  const { id: protocol, version, digest, document } = loaded
  const statements = document.parties.map<VerifiedStatement>(({ id: party }) => ({
    ...{ protocol, version, digest, party },
    ...{ statement: 'accept', signer: 'test', function: 'test', thumbprint: 'test' },
    ...{ date: '2025-05-12', at: new Date('2025-05-12T12:00:00.000Z') },
  }))
  return { ...loaded, statements }
}
