import {
  type Accession,
  type Agreement,
  isAccession,
  type LoadedProtocol,
} from '../../src/protocol/document.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { setWith } from '../protocol/sample.ts'

export { IN_FORCE } from '../protocol/sample.ts'

let known: ProtocolSet | undefined

/**
 * The shipped framework and one accession in force, with any document in the place of the
 * framework's. That document need not be one that the loader lets in force: what it does not list
 * must not pass all the same.
 */
export function setInForce(document?: Agreement): ProtocolSet {
  known ??= setWith()
  if (!document) return known
  const framework = known.protocols.get(document.protocolId) as LoadedProtocol
  const protocols = new Map(known.protocols).set(document.protocolId, { ...framework, document })
  for (const [id, one] of protocols) if (isAccession(one)) protocols.set(id, unbound(one))
  return { ...known, protocols }
}

/** An accession to a version of the framework, whatever its text. */
function unbound(accession: LoadedProtocol<Accession>): LoadedProtocol<Accession> {
  const { frameworkDigest: _, ...document } = accession.document
  return { ...accession, document }
}
