import { EVERYTHING, type Scope } from '../../access/scope.ts'
import { ruleTitle } from '../../protocol/articles.ts'
import {
  type Agreement,
  type DataElement,
  isAgreement,
  type LoadedProtocol,
} from '../../protocol/document.ts'
import { type Obstacle, statusAt } from '../../protocol/lifecycle.ts'
import type { ProtocolSet } from '../../protocol/load.ts'
import { versionsOf } from '../../protocol/lookup.ts'
import { explainObstacle } from '../../protocol/readable/obstacle.ts'
import { language } from '../language.ts'
import { texts } from '../texts/index.ts'
import type { Tone } from '../tone.ts'

/** A protocol in a list: whether it is in force and, in plain words, why not. */
export interface ProtocolLine {
  id: string
  title: string
  version: string
  kind: string
  state: 'in-force' | 'suspended' | 'not-in-force' | 'broken'
  tone: Tone
  /** Empty while it is in force. */
  why: string
  isBroken: boolean
  /** Itself, not only through its framework. */
  isSuspended: boolean
}

const TONES = {
  'in-force': 'good',
  suspended: 'warn',
  'not-in-force': 'neutral',
  broken: 'bad',
} as const

/**
 * All protocols of a set at an instant, by id; documents that cannot be read too. Of one party those to
 * which it is a party, and the frameworks that it joined (pure).
 */
export function protocolLines(
  set: ProtocolSet,
  at: Date,
  { party }: Scope = EVERYTHING,
): ProtocolLine[] {
  const all = [...set.protocols.values()]
  const own = party === undefined ? all : all.filter(protocol => concerns(set, protocol, party))
  const loaded = own.map(protocol => toLine(set, protocol, at))
  const unread = party === undefined ? [...set.broken.keys()] : []
  const broken = unread.filter(id => !set.protocols.has(id)).map(unreadable)
  return [...loaded, ...broken].sort((left, right) => (left.id < right.id ? -1 : 1))
}

/** The framework of an accession, the document itself of an agreement. */
export function agreementOf(set: ProtocolSet, protocol: LoadedProtocol): Agreement | undefined {
  if (isAgreement(protocol)) return protocol.document
  if (protocol.document.kind !== 'accession') return undefined
  const framework = set.protocols.get(protocol.document.framework)
  return framework && isAgreement(framework) ? framework.document : undefined
}

function concerns(set: ProtocolSet, { id, document }: LoadedProtocol, party: string): boolean {
  const isParty = (one: LoadedProtocol) => one.document.parties.some(it => it.id === party)
  const accessions = [...set.protocols.values()].filter(
    one => one.document.kind === 'accession' && one.document.framework === id,
  )
  return document.parties.some(it => it.id === party) || accessions.some(isParty)
}

function toLine(set: ProtocolSet, protocol: LoadedProtocol, at: Date): ProtocolLine {
  const { id, version, document } = protocol
  const framework = isAgreement(protocol) ? undefined : agreementOf(set, protocol)
  const status = statusAt(protocol, at, framework)
  const whole = status === 'in-force' ? throughFramework(set, protocol, at) : undefined
  const state = whole?.state ?? stateOf(status)
  return {
    id,
    version,
    state,
    title: document.context.title,
    kind: document.kind,
    tone: TONES[state],
    why:
      status === 'in-force'
        ? (whole?.why ?? '')
        : explainObstacle(status, protocol, framework, language()),
    isBroken: state === 'broken',
    isSuspended: status !== 'in-force' && status.code === 'HB-307',
  }
}

/** Under an accession that is in force nothing moves either while its framework is not. */
function throughFramework(
  set: ProtocolSet,
  { document }: LoadedProtocol,
  at: Date,
): Pick<ProtocolLine, 'state' | 'why'> | undefined {
  const framework =
    document.kind === 'accession' ? set.protocols.get(document.framework) : undefined
  const status = framework ? statusAt(framework, at) : 'in-force'
  if (status === 'in-force') return undefined
  const { frameworkSuspended, frameworkClosed } = texts().protocols.why
  if (status.code === 'HB-307') return { state: 'suspended', why: frameworkSuspended }
  return { state: 'not-in-force', why: frameworkClosed }
}

function unreadable(id: string): ProtocolLine {
  const why = texts().protocols.why.unreadable
  const none = { title: id, version: '', kind: '' }
  return {
    id,
    ...none,
    state: 'broken',
    tone: TONES.broken,
    why,
    isBroken: true,
    isSuspended: false,
  }
}

function stateOf(status: 'in-force' | Obstacle): ProtocolLine['state'] {
  if (status === 'in-force') return 'in-force'
  if (status.code === 'HB-307') return 'suspended'
  return status.code === 'HB-317' ? 'broken' : 'not-in-force'
}

/** A field of a message as its protocol describes it. */
export interface FieldLine {
  field: string
  label: string
  /** What becomes of it: stays in the gateway, goes on as a pseudonym, as a count, or as it is. */
  way: 'gateway' | 'pseudonym' | 'count' | 'plain' | undefined
  /** The article of the protocol that lists it, and the legal grounds of its purposes. */
  allowedBy: string
  grounds: string[]
}

type Decided = { id: string; version: string } | undefined

/** Field names with their labels, where the version that decided is the one that is loaded (pure). */
export function fieldsOf(
  set: ProtocolSet,
  decided: Decided,
  names: readonly string[],
): FieldLine[] {
  const agreement = agreementThatDecided(set, decided)
  return names.map(field => {
    const element = agreement?.dataElements.find(one => one.field === field)
    if (!agreement || !element)
      return { field, label: '', way: undefined, allowedBy: '', grounds: [] }
    const allowedBy = ruleTitle(agreement, `dataElements[${element.id}]`).replace(/:.*/, '')
    return {
      field,
      label: element.label,
      way: wayOf(element),
      allowedBy,
      grounds: groundsOf(agreement, element),
    }
  })
}

function groundsOf(agreement: Agreement, { purposes }: DataElement): string[] {
  const ids = agreement.purposes
    .filter(({ id }) => purposes.includes(id))
    .flatMap(({ legalBasis }) => legalBasis)
  return agreement.legalBasis
    .filter(({ id }) => ids.includes(id))
    .map(({ norm, article }) => `${norm}, ${article}`)
}

/** The title of a purpose, with its id, or the id alone (pure). */
export function purposeTitle(set: ProtocolSet, decided: Decided, purpose: string): string {
  const purposes = agreementThatDecided(set, decided)?.purposes ?? []
  const title = purposes.find(({ id }) => id === purpose)?.title
  return title ? `${title} (${purpose})` : purpose
}

function agreementThatDecided(set: ProtocolSet, decided: Decided): Agreement | undefined {
  const known = decided ? versionsOf(set, decided.id) : []
  const protocol = known.findLast(({ version }) => version === decided?.version)
  return protocol && agreementOf(set, protocol)
}

function wayOf({ reaches, transformation }: DataElement): FieldLine['way'] {
  if (reaches === 'gateway') return 'gateway'
  return transformation === 'pseudonym' || transformation === 'count' ? transformation : 'plain'
}
