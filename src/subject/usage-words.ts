import { explainEntry } from '../audit/explain.ts'
import type { AuditEntry } from '../audit/types.ts'
import { type Agreement, isAgreement } from '../protocol/document.ts'
import { versionsOf } from '../protocol/lookup.ts'
import { word } from '../protocol/readable/words.ts'
import type { ProtocolSet } from '../protocol/versions.ts'
import type { ProtocolFacts, UsageRow } from './usage-store.ts'

/** What a usage says in words, in Dutch. */
export interface UsageWords {
  /** What happened, in one plain sentence. */
  action: string
  purpose: string
  legalBasis: string
  /** The data that moved, by the names that the protocol gives them. */
  data: string[]
}

type Named = Pick<
  UsageRow,
  'protocol' | 'protocolVersion' | 'protocolDigest' | 'purpose' | 'fields' | 'sender'
>

const OWN: Readonly<Record<string, [purpose: string, legalBasis: string]>> = {
  'subject.searched': ['Inzage en toezicht', 'AVG, artikelen 15 en 39'],
  'subject.restricted': ['Beperking van de verwerking', 'AVG, artikelen 18 en 21'],
  'subject.released': ['Beperking van de verwerking', 'AVG, artikelen 18 en 21'],
  'subject.erased': ['Wissen van gegevens', 'AVG, artikel 17'],
  'approval.asked': ['Controle door een tweede persoon', 'AVG, artikel 32'],
}
const UNKNOWN = 'niet bekend'

/** Puts an entry about a person in words; what its document says comes from the version that decided. */
export function wordsOf(
  set: ProtocolSet,
  entry: AuditEntry,
  row: Named,
  nameOf: (party: string) => string,
): UsageWords {
  const document = documentOf(set, row)
  const [purpose, legalBasis] = OWN[entry.action] ?? [
    purposeOf(document, row),
    legalBasisOf(document, row),
  ]
  return {
    action: sentenceOf(entry, row, nameOf),
    purpose,
    legalBasis,
    data: isNotice(entry, row) ? [] : dataOf(document, entry, row),
  }
}

const OUT: ReadonlySet<string> = new Set(['message.forwarding', 'message.delivered'])

// What goes back to who sent the message is about all of it: the number of a month, or that no answer came.
function isNotice(entry: AuditEntry, { sender }: Named): boolean {
  return OUT.has(entry.action) && sender !== null && entry.recipient === sender
}

// How many others the message was about says nothing of this person.
function sentenceOf(entry: AuditEntry, row: Named, nameOf: (party: string) => string): string {
  if (isNotice(entry, row)) {
    const done = entry.action === 'message.delivered' ? 'kreeg' : 'krijgt'
    return `${nameOf(entry.recipient!)} ${done} bericht over de hele groep: een aantal, of dat er geen antwoord kwam.`
  }
  if (entry.action === 'message.answered') {
    const asked = entry.recipient ? ` van ${nameOf(entry.recipient)}` : ''
    return `Er kwam een antwoord op de vraag${asked}.`
  }
  const { counts: _, ...rest } = entry
  return explainEntry(rest, nameOf)
}

/** The document of the version that decided, by its digest; undefined where it is no longer kept. */
function documentOf(set: ProtocolSet, row: Named): Agreement | undefined {
  if (row.protocol === null) return undefined
  const found = versionsOf(set, row.protocol).find(one => one.digest === row.protocolDigest)
  return found && isAgreement(found) ? found.document : undefined
}

function purposeOf(document: Agreement | undefined, { purpose }: Named): string {
  if (purpose === null) return UNKNOWN
  const found = document?.purposes.find(one => one.id === purpose)
  return found ? `${found.title}: ${found.description}` : purpose
}

function legalBasisOf(document: Agreement | undefined, row: Named): string {
  const { protocol, protocolVersion, protocolDigest, purpose } = row
  if (protocol === null) return UNKNOWN
  const ids = document?.purposes.find(one => one.id === purpose)?.legalBasis ?? []
  const bases = (document?.legalBasis ?? []).filter(one => ids.includes(one.id))
  if (bases.length === 0)
    return `zie protocol ${protocol} ${protocolVersion} (vingerafdruk ${protocolDigest})`
  return bases
    .map(({ gdpr, norm, article }) => `${norm}, ${article}; ${word('gdpr', gdpr)}`)
    .join(' — ')
}

function dataOf(document: Agreement | undefined, entry: AuditEntry, { fields }: Named): string[] {
  const type = entry.message?.type
  const names = fields ?? entry.fields ?? []
  const elements = (document?.dataElements ?? []).filter(
    one => names.includes(one.field) && (!type || one.messageTypes.includes(type)),
  )
  if (elements.length === 0) return [...names]
  const left = OUT.has(entry.action)
  return elements
    .filter(one => !left || one.reaches === 'recipient')
    .map(({ label, transformation }) =>
      left && transformation !== 'plain'
        ? `${label} (${word('transformation', transformation)})`
        : label,
    )
}

/** What finding usages needs of the protocols: which types stop which, and which answers name persons. */
export function factsOf(set: ProtocolSet): ProtocolFacts {
  const agreements = [...set.versions.values()].flat().filter(isAgreement)
  return {
    stops: agreements.flatMap(({ document }) => stopsOf(document)),
    perPerson: agreements
      .filter(({ document }) => document.modalities.granularity === 'person')
      .map(({ digest }) => digest),
  }
}

function stopsOf({ messageTypes }: Agreement): { by: string; stopped: string }[] {
  const stoppable = messageTypes.filter(one => one.pattern === 'request' || one.pattern === 'event')
  const objectedBy = (one: Agreement['messageTypes'][number]) =>
    one.preconditions?.objectionWindow?.objectedBy
  const objections = new Set(messageTypes.flatMap(one => objectedBy(one) ?? []))
  return messageTypes
    .filter(one => one.pattern === 'withdrawal')
    .flatMap(({ type: by }) =>
      stoppable
        .filter(one => !objections.has(by) || objectedBy(one) === by)
        .map(({ type: stopped }) => ({ by, stopped })),
    )
}
