import type { ErrorCode } from '../errors.ts'
import { type Agreement, dayOf, type LoadedProtocol, type Signatures } from './document.ts'

/** States of a document. Only `active` opens the data plane. */
export type ProtocolState =
  | 'draft'
  | 'dpo-review'
  | 'advised'
  | 'signed'
  | 'published'
  | 'active'
  | 'suspended'
  | 'terminated'
  | 'expired'

/** Which state may follow which. An edit after signature is another version, which starts at draft. */
export const TRANSITIONS: Readonly<Record<ProtocolState, readonly ProtocolState[]>> = {
  draft: ['dpo-review'],
  'dpo-review': ['draft', 'advised'],
  advised: ['draft', 'signed'],
  signed: ['published', 'terminated'],
  published: ['active', 'terminated', 'expired'],
  active: ['suspended', 'terminated', 'expired'],
  suspended: ['active', 'terminated', 'expired'],
  terminated: [],
  expired: [],
}

/** Whether a document may go from one state to another. */
export function mayMove(from: ProtocolState, to: ProtocolState): boolean {
  return TRANSITIONS[from].includes(to)
}

/** Why a document is not in force: the code, the place in it, and what would help. */
export interface Obstacle {
  code: ErrorCode
  /** Place in the document, such as `signatures[vdab]`. */
  path: string
  remedy?: string
  /** Seconds after which another try makes sense. */
  retryAfter?: number
}

const SUSPENSION_RETRY_SECONDS = 60

type Standing = LoadedProtocol
type Check = (
  protocol: Standing,
  at: Date,
  framework: Agreement | undefined,
) => Obstacle | undefined

/** In this order: the first that fails is the obstacle. */
const CHECKS: readonly Check[] = [
  findingObstacle,
  decreeObstacle,
  frameworkVersionObstacle,
  revocationObstacle,
  signatureObstacle,
  startObstacle,
  endObstacle,
  suspensionObstacle,
]

/**
 * Whether a document is in force at an instant, or the first obstacle. Pure.
 * Order: valid (HB-317), decree in force (HB-303), not revoked (HB-306), signed by every party over
 * this digest, not before the decree and not after `at` (HB-304), begun (HB-305), not ended
 * (HB-306), not suspended (HB-307). Days are UTC days.
 * @param framework the framework of an accession: its decree and version bind the accession
 */
export function statusAt(
  protocol: LoadedProtocol,
  at: Date,
  framework?: Agreement,
): 'in-force' | Obstacle {
  for (const check of CHECKS) {
    const obstacle = check(protocol, at, framework)
    if (obstacle) return obstacle
  }
  return 'in-force'
}

/** The first day on which every legal basis is in force; undefined while one date is not known. */
export function decreeDay(document: Agreement): string | undefined {
  const days = document.legalBasis.map(basis => basis.inForceFrom)
  return days.includes(null) ? undefined : (days as string[]).toSorted().at(-1)
}

function findingObstacle({ findings }: Standing): Obstacle | undefined {
  const first = findings.find(({ severity }) => severity === 'refused')
  return first && { code: 'HB-317', path: first.path, remedy: `Correct it: ${first.text}` }
}

function decreeObstacle(protocol: Standing, at: Date): Obstacle | undefined {
  if (protocol.document.kind === 'accession') return undefined
  const missing = protocol.document.legalBasis.find(
    basis => basis.inForceFrom === null || basis.inForceFrom > dayOf(at),
  )
  return missing && { code: 'HB-303', path: `legalBasis[${missing.id}].inForceFrom` }
}

function frameworkVersionObstacle(
  { document }: Standing,
  _at: Date,
  framework: Agreement | undefined,
): Obstacle | undefined {
  if (document.kind !== 'accession' || !framework) return undefined
  if (document.frameworkVersion === framework.version) return undefined
  const remedy = `Accede to version ${framework.version} of ${framework.protocolId}.`
  return { code: 'HB-304', path: 'frameworkVersion', remedy }
}

/** The latest statement of a party over this document that counts at the given day. */
function latestStatement(protocol: Standing, party: string, day: string) {
  return protocol.record.signatures
    .filter(one => one.party === party && one.digest === protocol.digest && one.date <= day)
    .reduce<Signatures['signatures'][number] | undefined>(
      (latest, one) => (latest && latest.date > one.date ? latest : one),
      undefined,
    )
}

function revocationObstacle(protocol: Standing, at: Date): Obstacle | undefined {
  const party = protocol.document.parties.find(
    ({ id }) => latestStatement(protocol, id, dayOf(at))?.statement === 'revoke',
  )
  const remedy = 'The party revoked its signature: agree on a new version.'
  return party && { code: 'HB-306', path: `signatures[${party.id}]`, remedy }
}

function signatureObstacle(
  protocol: Standing,
  at: Date,
  framework: Agreement | undefined,
): Obstacle | undefined {
  const { document } = protocol
  const decree = framework ?? (document.kind === 'accession' ? undefined : document)
  const earliest = (decree && decreeDay(decree)) ?? ''
  for (const { id } of document.parties) {
    const latest = latestStatement(protocol, id, dayOf(at))
    if (latest?.statement === 'accept' && latest.date >= earliest) continue
    return { code: 'HB-304', path: `signatures[${id}]`, ...signatureRemedy(latest, protocol, id) }
  }
  return undefined
}

function signatureRemedy(
  latest: { statement: string } | undefined,
  { record, digest }: Standing,
  party: string,
): { remedy?: string } {
  if (latest?.statement === 'reject') return { remedy: `${party} rejected this document.` }
  if (latest)
    return { remedy: `Have ${party} sign again: it signed before the decree was in force.` }
  const elsewhere = record.signatures.some(one => one.party === party && one.digest !== digest)
  return elsewhere ? { remedy: `Have ${party} sign this version: it signed another text.` } : {}
}

function startObstacle({ document }: Standing, at: Date): Obstacle | undefined {
  return document.duration.from > dayOf(at) ? { code: 'HB-305', path: 'duration.from' } : undefined
}

function endObstacle({ document }: Standing, at: Date): Obstacle | undefined {
  const { until } = document.duration
  return until !== null && until < dayOf(at)
    ? { code: 'HB-306', path: 'duration.until' }
    : undefined
}

function suspensionObstacle({ record }: Standing, at: Date): Obstacle | undefined {
  const now = at.toISOString()
  const running = record.suspensions.some(
    ({ from, until }) => from <= now && (until === null || now < until),
  )
  if (!running) return undefined
  return { code: 'HB-307', path: 'suspensions', retryAfter: SUSPENSION_RETRY_SECONDS }
}

/**
 * The state of a document at an instant, told from the document, its advices, signatures,
 * publication and suspensions. Pure.
 */
export function stateAt(protocol: LoadedProtocol, at: Date, framework?: Agreement): ProtocolState {
  const day = dayOf(at)
  if (revocationObstacle(protocol, at)) return 'terminated'
  if (signatureObstacle(protocol, at, framework)) return unsignedState(protocol)
  if (endObstacle(protocol, at)) return 'expired'
  if (!isPublished(protocol, day)) return 'signed'
  const waiting = decreeObstacle(protocol, at) ?? startObstacle(protocol, at)
  if (waiting) return 'published'
  return suspensionObstacle(protocol, at) ? 'suspended' : 'active'
}

function unsignedState({ document }: Standing): ProtocolState {
  if (!document.dpoAdvice.length) return 'draft'
  const advised = document.parties.every(({ id }) =>
    document.dpoAdvice.some(one => one.party === id),
  )
  return advised ? 'advised' : 'dpo-review'
}

function isPublished({ record, digest }: Standing, day: string): boolean {
  return record.publication.some(one => one.digest === digest && one.date <= day)
}
