import type { ProtocolModalities } from '../schemas.generated.ts'
import {
  type Accession,
  type Agreement,
  isAccession,
  isAgreement,
  type LoadedProtocol,
} from './document.ts'
import { stateAt, statusAt } from './lifecycle.ts'
import type { ProtocolSet } from './load.ts'

/** The document that decided: what messages and entries refer to. */
export interface ProtocolReference {
  id: string
  version: string
  digest: string
}

/** An evaluation quota as the protocol states it. */
export interface EvaluationAllowance {
  registerSize: number
  dailyAllowance: number
}

/** A protocol as the public list shows it. */
export interface ProtocolSummary {
  protocolId: string
  version: string
  kind: string
  framework?: string
  title: string
  state: string
  contentHash: string
}

/** The agreement (protocol or framework) of that id; accessions are found through it. */
export function agreementOf(set: ProtocolSet, id: string): LoadedProtocol<Agreement> | undefined {
  const protocol = set.protocols.get(id)
  return protocol && isAgreement(protocol) ? protocol : undefined
}

/** What messages and entries say of an agreement, in force or not. */
export function referenceOf(
  set: ProtocolSet,
  id: string | undefined,
): ProtocolReference | undefined {
  const agreement = id === undefined ? undefined : agreementOf(set, id)
  return agreement && { id: agreement.id, version: agreement.version, digest: agreement.digest }
}

/** How an agreement is carried out. */
export function modalitiesOf(set: ProtocolSet, id: string): ProtocolModalities | undefined {
  return agreementOf(set, id)?.document.modalities
}

/**
 * What a party may evaluate under an agreement: as the agreement states, or an accession of the party
 * that is in force, suspended or not. Undefined without a quota.
 */
export function allowanceOf(
  set: ProtocolSet,
  id: string,
  party: string,
  at: Date,
): EvaluationAllowance | undefined {
  const agreement = agreementOf(set, id)
  const own = agreement?.document.modalities.evaluation.find(quota => quota.party === party)
  return own ?? (agreement && joinedAllowance(set, agreement, party, at))
}

function joinedAllowance(
  set: ProtocolSet,
  { id, document }: LoadedProtocol<Agreement>,
  party: string,
  at: Date,
): EvaluationAllowance | undefined {
  const accession = accessionOf(set, id, party)
  const status = accession && statusAt(accession, at, document)
  const counts = status === 'in-force' || status?.code === 'HB-307'
  return counts ? accession?.document.evaluation : undefined
}

/** Ids of the agreements in force. */
export function agreementsInForce(set: ProtocolSet, at: Date): string[] {
  return [...set.protocols.values()]
    .filter(isAgreement)
    .filter(agreement => statusAt(agreement, at) === 'in-force')
    .map(agreement => agreement.id)
}

/** Every version of a document that can be read, the oldest first; empty where there is none. */
export function versionsOf(set: ProtocolSet, id: string): readonly LoadedProtocol[] {
  return set.versions.get(id) ?? []
}

/**
 * The housing company's or welfare office's accession to a framework, if it has one: that to the
 * version which leads, rather than to another.
 */
export function accessionOf(
  set: ProtocolSet,
  framework: string,
  party: string,
): LoadedProtocol<Accession> | undefined {
  const found = [...set.protocols.values()]
    .filter(isAccession)
    .filter(
      ({ document }) =>
        document.framework === framework &&
        document.parties.some(it => it.id === party && it.role === 'acceding'),
    )
  const version = agreementOf(set, framework)?.version
  return found.find(({ document }) => document.frameworkVersion === version) ?? found[0]
}

/** A framework's document where the protocol is an accession to one. */
export function frameworkOf(set: ProtocolSet, protocol: LoadedProtocol): Agreement | undefined {
  return isAccession(protocol) ? agreementOf(set, protocol.document.framework)?.document : undefined
}

/** All readable protocols, by id. */
export function summariesOf(set: ProtocolSet, at: Date): ProtocolSummary[] {
  return [...set.protocols.values()].map(protocol => ({
    protocolId: protocol.id,
    version: protocol.version,
    kind: protocol.document.kind,
    ...(isAccession(protocol) && { framework: protocol.document.framework }),
    title: protocol.document.context.title,
    state: stateAt(protocol, at, frameworkOf(set, protocol)),
    contentHash: protocol.digest,
  }))
}

/** The published copy of a document: with its digest, signatures and places of publication. */
export function publishedCopyOf(set: ProtocolSet, id: string): object | undefined {
  const protocol = set.protocols.get(id)
  if (!protocol) return undefined
  const { signatures, publication } = protocol.record
  return { ...protocol.document, contentHash: protocol.digest, signatures, publication }
}
