import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type {
  Protocol,
  ProtocolAccession,
  ProtocolAgreement,
  ProtocolDataElement,
  ProtocolMessageType,
  Signatures,
} from '../schemas.generated.ts'
import type { Finding } from './finding.ts'
import type { PresentedStatement, VerifiedStatement } from './notes.ts'

export type Agreement = ProtocolAgreement
export type Accession = ProtocolAccession
export type MessageType = ProtocolMessageType
export type DataElement = ProtocolDataElement
export type { Protocol, Signatures }

/** A document of the right shape, with what lies beside it. */
export interface LoadedProtocol<Document extends Protocol = Protocol> {
  id: string
  version: string
  /** Folder name below the protocols folder. */
  folder: string
  /** SHA-256 over RFC 8785 canonical JSON, base64url, without signatures. */
  digest: string
  document: Document
  /** Signatures, publication, suspensions; empty where there is no file. */
  record: Signatures
  /** Lines of the record that are in order, their signatures aside. */
  presented: readonly PresentedStatement[]
  /** Statements that verified, and revocations that once did: these count, the record's lines do not. */
  statements: readonly VerifiedStatement[]
  /** The version that came into its place for good; absent while none has. */
  replacedBy?: string
  findings: readonly Finding[]
}

/** Parts of a published copy that say something about the digest, and so cannot be in it. */
const BESIDE_THE_DIGEST = new Set(['signatures', 'publication', 'contentHash'])

/** Whether a finding keeps the document from ever being in force. */
export function isRefused({ findings }: Pick<LoadedProtocol, 'findings'>): boolean {
  return findings.some(({ severity }) => severity === 'refused')
}

/** The digest of a document: base64url SHA-256 over RFC 8785 canonical JSON, without signatures. */
export function digestOf(document: object): string {
  const signed = Object.entries(document).filter(([key]) => !BESIDE_THE_DIGEST.has(key))
  const canonical = canonicalize(Object.fromEntries(signed)) ?? ''
  return createHash('sha256').update(canonical, 'utf8').digest('base64url')
}

const known = new WeakMap<object, string>()

/** The digest of a document that does not change any more, computed once. */
export function knownDigestOf(document: object): string {
  const digest = known.get(document) ?? digestOf(document)
  known.set(document, digest)
  return digest
}

/** A place in a document, as refusals name it: `wm-vdab 1.0.0, periodicity.ceilings.perMessage`. */
export function ruleAt(document: { protocolId: string; version: string }, path: string): string {
  return `${document.protocolId} ${document.version}, ${path}`
}

/** Whether a protocol is an accession; if not, its document is an agreement. */
export function isAccession(protocol: LoadedProtocol): protocol is LoadedProtocol<Accession> {
  return protocol.document.kind === 'accession'
}

/** Whether a protocol is an agreement: a protocol, a framework, or deliberation-backed. */
export function isAgreement(protocol: LoadedProtocol): protocol is LoadedProtocol<Agreement> {
  return protocol.document.kind !== 'accession'
}

/** The data elements that a message type carries under a purpose; without one, under any. */
export function elementsOf(document: Agreement, type: string, purpose?: string): DataElement[] {
  return document.dataElements.filter(
    element =>
      element.messageTypes.includes(type) &&
      (purpose === undefined || element.purposes.includes(purpose)),
  )
}

/** UTC day of an instant, as the dates of documents are read. */
export function dayOf(at: Date): string {
  const instant = at.getTime()
  // A decision asks for the day of the same instant many times over.
  if (instant !== latest.instant) latest = { instant, day: at.toISOString().slice(0, 10) }
  return latest.day
}

let latest = { instant: Number.NaN, day: '' }

/** Orders version numbers (major.minor.patch) as numbers: below 0 where the first is the older. */
export function compareVersionNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('.').map(Number))
  const differing = left?.findIndex((part, index) => part !== right?.[index]) ?? -1
  return differing < 0 ? 0 : (left?.[differing] ?? 0) - (right?.[differing] ?? 0)
}
