import type { ErrorCode } from '../errors.ts'
import {
  type Agreement,
  compareVersionNumbers,
  dayOf,
  knownDigestOf,
  type LoadedProtocol,
  type Protocol,
} from './document.ts'
import type { VerifiedStatement } from './notes.ts'

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
  clashObstacle,
  decreeObstacle,
  frameworkVersionObstacle,
  revocationObstacle,
  signatureObstacle,
  adviceObstacle,
  publicationObstacle,
  startObstacle,
  endObstacle,
  suspensionObstacle,
]

/** What may come to an end or a halt in a document that was in force. */
const ENDING: readonly Check[] = [revocationObstacle, endObstacle, suspensionObstacle]

/**
 * Whether a document is in force at an instant, or the first obstacle. Pure.
 * Order: valid (HB-317), the only version of it in force (HB-320), decree in force (HB-303), of the
 * framework's version and text (HB-304), never revoked (HB-306), accepted by every party in a verified
 * statement over this digest that is its latest, not before the decree, not before the last advice and
 * not after `at` (HB-304), with an advice of every party's officer and a reason where it is not
 * followed (HB-318), published by every party (HB-319), begun (HB-305), not ended and not replaced
 * (HB-306), not suspended (HB-307). Days are UTC days.
 * @param framework the framework of an accession: its decree and version bind the accession
 */
export function statusAt(
  protocol: LoadedProtocol,
  at: Date,
  framework?: Agreement,
): 'in-force' | Obstacle {
  return firstObstacle(CHECKS, protocol, at, framework) ?? 'in-force'
}

/**
 * Whether a document was ever in force by an instant, to go by its documents as they are now: also one
 * that has been revoked, has ended or is suspended since. Pure.
 */
export function wasInForce(protocol: LoadedProtocol, at: Date, framework?: Agreement): boolean {
  const day = dayOf(at)
  const ends = [protocol.document.duration.until, ...revocationsOf(protocol).map(one => one.date)]
  const end = ends.filter(date => date !== null && date < day).toSorted()[0]
  const last = end ? new Date(`${end}T23:59:59.999Z`) : at
  const lasting = CHECKS.filter(check => !ENDING.includes(check))
  return firstObstacle(lasting, protocol, last, framework) === undefined
}

function firstObstacle(
  checks: readonly Check[],
  protocol: LoadedProtocol,
  at: Date,
  framework: Agreement | undefined,
): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(protocol, at, framework)
    if (obstacle) return obstacle
  }
  return undefined
}

/** The first day on which every legal basis is in force; undefined while one date is not known. */
export function decreeDay(document: Agreement): string | undefined {
  const days = document.legalBasis.map(basis => basis.inForceFrom)
  return days.includes(null) ? undefined : (days as string[]).toSorted().at(-1)
}

function findingObstacle({ findings }: Standing): Obstacle | undefined {
  const first = findings.find(
    ({ severity, code }) => severity === 'refused' && code !== 'two-in-force',
  )
  return first && { code: 'HB-317', path: first.path, remedy: `Correct it: ${first.text}` }
}

function clashObstacle({ findings }: Standing): Obstacle | undefined {
  const clash = findings.find(({ code }) => code === 'two-in-force')
  return clash && { code: 'HB-320', path: clash.path }
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
  const { frameworkVersion, frameworkDigest = knownDigestOf(framework) } = document
  const remedy = `Accede to version ${framework.version} of ${framework.protocolId} as it is now.`
  if (frameworkVersion !== framework.version) {
    return { code: 'HB-304', path: 'frameworkVersion', remedy }
  }
  if (frameworkDigest === knownDigestOf(framework)) return undefined
  return { code: 'HB-304', path: 'frameworkDigest', remedy }
}

/** Revocations of parties to this document, over this document. */
function revocationsOf({ document, digest, statements }: Standing): VerifiedStatement[] {
  return statements.filter(
    one =>
      one.statement === 'revoke' &&
      one.digest === digest &&
      document.parties.some(({ id }) => id === one.party),
  )
}

function revocationObstacle(protocol: Standing, at: Date): Obstacle | undefined {
  const revoked = revocationsOf(protocol).find(({ date }) => date <= dayOf(at))
  const remedy = 'The party revoked its signature: agree on a new version.'
  return revoked && { code: 'HB-306', path: `signatures[${revoked.party}]`, remedy }
}

/** The first day on which a signature counts: the decree and every advice come before it. */
export function signableFrom(document: Protocol, framework?: Agreement): string {
  const decree = framework ?? (document.kind === 'accession' ? undefined : document)
  const days = document.dpoAdvice.map(({ date }) => date)
  return [(decree && decreeDay(decree)) ?? '', ...days].toSorted().at(-1) ?? ''
}

/** The latest word of a party over this document by a day: it accepts or it rejects. */
export function latestStatement(
  { digest, statements }: Standing,
  party: string,
  day: string,
): VerifiedStatement | undefined {
  return statements
    .filter(one => one.party === party && one.digest === digest && one.date <= day)
    .filter(({ statement }) => statement !== 'revoke')
    .reduce<VerifiedStatement | undefined>(
      (latest, one) => (latest && isAfter(latest, one) ? latest : one),
      undefined,
    )
}

function isAfter(one: VerifiedStatement, other: VerifiedStatement): boolean {
  return one.date === other.date ? one.at > other.at : one.date > other.date
}

function signatureObstacle(
  protocol: Standing,
  at: Date,
  framework: Agreement | undefined,
): Obstacle | undefined {
  const earliest = signableFrom(protocol.document, framework)
  for (const { id } of protocol.document.parties) {
    const latest = latestStatement(protocol, id, dayOf(at))
    if (latest?.statement === 'accept' && latest.date >= earliest) continue
    const remedy = signatureRemedy(protocol, id, latest, framework)
    return { code: 'HB-304', path: `signatures[${id}]`, remedy }
  }
  return undefined
}

/** What a party has to do for its signature to count; says why the one that is there does not. */
function signatureRemedy(
  { document, findings, presented }: Standing,
  party: string,
  latest: VerifiedStatement | undefined,
  framework: Agreement | undefined,
): string {
  if (latest?.statement === 'reject') return `${party} rejected this document.`
  if (latest) {
    const tooEarly = latest.date < signableFrom({ ...document, dpoAdvice: [] }, framework)
    const what = tooEarly ? 'the decree was in force' : 'the last advice was given'
    return `Have ${party} sign again: it signed before ${what}.`
  }
  const faults = findings.filter(({ path }) => path === `signatures[${party}]`)
  const told = WHY_NOT.find(([code]) => faults.some(fault => fault.code === code))
  if (told) return `Have ${party} sign this version: ${told[1]}.`
  const waiting = presented.some(one => one.party === party)
  if (waiting)
    return `Wait: the signature of ${party} is not checked, or is dated later than today.`
  return `Have ${party} sign: huisbrug protocol sign ${document.protocolId} --party ${party}.`
}

/** By code of the finding, the most telling first. */
const WHY_NOT = [
  ['signature-unknown-key', 'its key is not registered for it'],
  ['signature-differs', 'what is written beside its JWS is not what it signed'],
  ['signature-wrong-party', 'another party signed for it'],
  ['signature-unverified', 'what it signed has no JWS that verifies'],
  ['signature-other-digest', 'it signed another text'],
] as const

function adviceObstacle({ document }: Standing): Obstacle | undefined {
  const { dpoAdvice, parties } = document
  const missing = parties.find(({ id }) => !dpoAdvice.some(({ party }) => party === id))
  const forAcceding = dpoAdvice.some(({ party }) => !parties.some(({ id }) => id === party))
  if (missing) return { code: 'HB-318', path: `dpoAdvice[${missing.id}]` }
  if (document.kind === 'framework' && !forAcceding) return { code: 'HB-318', path: 'dpoAdvice' }
  const unreasoned = dpoAdvice.find(
    ({ followed, reasonNotFollowed }) => !followed && !reasonNotFollowed?.trim(),
  )
  return unreasoned && { code: 'HB-318', path: `dpoAdvice[${unreasoned.party}].reasonNotFollowed` }
}

function publicationObstacle(
  { document, record, digest }: Standing,
  at: Date,
): Obstacle | undefined {
  const day = dayOf(at)
  const missing = document.parties.find(
    ({ id }) =>
      !record.publication.some(one => one.party === id && one.digest === digest && one.date <= day),
  )
  return missing && { code: 'HB-319', path: `publication[${missing.id}]` }
}

function startObstacle({ document }: Standing, at: Date): Obstacle | undefined {
  return document.duration.from > dayOf(at) ? { code: 'HB-305', path: 'duration.from' } : undefined
}

function endObstacle({ document, replacedBy }: Standing, at: Date): Obstacle | undefined {
  const { until } = document.duration
  if (until !== null && until < dayOf(at)) return { code: 'HB-306', path: 'duration.until' }
  const remedy = `Version ${replacedBy} replaced it.`
  return replacedBy === undefined ? undefined : { code: 'HB-306', path: 'version', remedy }
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
 * The state of a document at an instant, told from the document, its advices, verified statements,
 * publication and suspensions. Of a document without refused findings it is `active` if and only if
 * `statusAt` says in force. Pure.
 */
export function stateAt(protocol: LoadedProtocol, at: Date, framework?: Agreement): ProtocolState {
  if (revocationObstacle(protocol, at)) return 'terminated'
  if (signatureObstacle(protocol, at, framework) || adviceObstacle(protocol)) {
    return unsignedState(protocol)
  }
  if (endObstacle(protocol, at) || isOfOlderFramework(protocol, framework)) return 'expired'
  if (publicationObstacle(protocol, at)) return 'signed'
  const waiting =
    decreeObstacle(protocol, at) ??
    startObstacle(protocol, at) ??
    frameworkVersionObstacle(protocol, at, framework)
  if (waiting) return 'published'
  return suspensionObstacle(protocol, at) ? 'suspended' : 'active'
}

function unsignedState(protocol: Standing): ProtocolState {
  if (!protocol.document.dpoAdvice.length) return 'draft'
  return adviceObstacle(protocol) ? 'dpo-review' : 'advised'
}

function isOfOlderFramework({ document }: Standing, framework: Agreement | undefined): boolean {
  if (document.kind !== 'accession' || !framework) return false
  return compareVersionNumbers(document.frameworkVersion, framework.version) < 0
}
