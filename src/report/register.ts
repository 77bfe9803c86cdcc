import type { Accession, Agreement, LoadedProtocol, Protocol } from '../protocol/document.ts'
import { isAccession, isAgreement } from '../protocol/document.ts'
import { stateAt } from '../protocol/lifecycle.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { readableStatus } from '../protocol/readable/status.ts'

/** A document and where it stands. */
export interface Standing {
  protocol: string
  version: string
  /** SHA-256 over RFC 8785 canonical JSON, base64url. */
  digest: string
  state: string
  inForce: boolean
  /** Why it is not in force, in Dutch; empty while it is. */
  why: string
}

/** One processing activity: what an agreement, with those who joined it, lets be exchanged. */
export interface Activity extends Standing {
  title: string
  kind: string
  parties: RegisterParty[]
  statements: RegisterStatement[]
  purposes: (Pick<Agreement['purposes'][number], 'id' | 'title' | 'description'> & {
    legalBasis: Pick<Agreement['legalBasis'][number], 'gdpr' | 'norm' | 'article' | 'phase'>[]
  })[]
  persons: { category: string; group: string; excluded: string[]; estimated: number }[]
  data: RegisterField[]
  recipients: Agreement['recipients']
  retention: { payloadDays: number; routeDays: number }
  /** Measures in general words, of the document. */
  security: string[]
  /** Who joined a framework, with what their own document adds. */
  accessions: (Standing & {
    parties: RegisterParty[]
    statements: RegisterStatement[]
    security: string[]
  })[]
  former: Standing[]
}

/** An organisation of a document. */
export interface RegisterParty {
  id: string
  name: string
  role: string
  controller: boolean
  kbo: string
  contact: string
  /** What its data protection officer is called in the advice on the document. */
  officer?: string
}

/** A signed statement that verified. */
export interface RegisterStatement {
  party: string
  statement: string
  function: string
  date: string
}

/** A kind of data, by the name of its field. */
export interface RegisterField {
  field: string
  label: string
  class: string
  reaches: string
  transformation: string
  messageTypes: string[]
  retention: string
}

/** The record of processing activities (art. 30 GDPR) that the documents of a set amount to. */
export interface Register {
  at: string
  activities: Activity[]
}

/**
 * The record of processing activities at an instant, one for each agreement, in the order of their ids.
 * It holds what the documents say and no data of a person. Pure.
 * @param only an agreement, or an accession: then its framework with that accession alone
 * @param kept versions that are not among the documents any more, as the gateway last saw them
 * @throws RangeError where there is no such document
 */
export function processingRegister(
  set: ProtocolSet,
  at: Date,
  { only, kept = [] }: { only?: string | undefined; kept?: readonly Standing[] } = {},
): Register {
  const all = [...set.protocols.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const named = only === undefined ? undefined : set.protocols.get(only)
  if (only !== undefined && !named) throw new RangeError(`there is no protocol ${only}`)
  const wanted = named && isAccession(named) ? named.document.framework : only
  const agreements = all.filter(isAgreement).filter(({ id }) => id === (wanted ?? id))
  const joined = all
    .filter(isAccession)
    .filter(one => !named || !isAccession(named) || one === named)
  const activities = agreements.map(agreement => {
    const own = joined.filter(({ document }) => document.framework === agreement.id)
    return activityOf(set, agreement, own, at, kept)
  })
  return { at: at.toISOString(), activities }
}

function activityOf(
  set: ProtocolSet,
  agreement: LoadedProtocol<Agreement>,
  joined: readonly LoadedProtocol<Accession>[],
  at: Date,
  kept: readonly Standing[],
): Activity {
  const { document } = agreement
  const ids = [agreement.id, ...joined.map(({ id }) => id)]
  return {
    ...standingOf(agreement, at),
    title: document.context.title,
    kind: document.kind,
    parties: partiesOf(document),
    statements: statementsOf(agreement),
    purposes: document.purposes.map(({ id, title, description, legalBasis }) => ({
      id,
      title,
      description,
      legalBasis: document.legalBasis
        .filter(basis => legalBasis.includes(basis.id))
        .map(({ gdpr, norm, article, phase }) => ({ gdpr, norm, article, phase })),
    })),
    persons: document.dataSubjects.map(one => ({
      category: one.category,
      group: one.targetGroup.label,
      excluded: one.excluded ?? [],
      estimated: one.estimatedNumber,
    })),
    data: fieldsOf(document),
    recipients: document.recipients,
    retention: {
      payloadDays: document.modalities.payloadRetentionDays,
      routeDays: document.modalities.routeRetentionDays,
    },
    security: measuresOf(document),
    accessions: joined.map(one => ({
      ...standingOf(one, at, document),
      parties: partiesOf(one.document).filter(
        party => !document.parties.some(it => it.id === party.id),
      ),
      statements: statementsOf(one),
      security: measuresOf(one.document),
    })),
    former: formerOf(set, ids, at, kept),
  }
}

function standingOf(protocol: LoadedProtocol, at: Date, framework?: Agreement): Standing {
  const { inForce, why } = readableStatus(protocol, at, framework)
  const { id, version, digest } = protocol
  return { protocol: id, version, digest, state: stateAt(protocol, at, framework), inForce, why }
}

function partiesOf({ parties, dpoAdvice }: Protocol): RegisterParty[] {
  return parties.map(({ id, name, role, controller, kbo, contact }) => {
    const officer = dpoAdvice.find(({ party }) => party === id)?.officer
    return { id, name, role, controller, kbo, contact, ...(officer && { officer }) }
  })
}

function statementsOf({ statements, digest }: LoadedProtocol): RegisterStatement[] {
  return statements
    .filter(one => one.digest === digest)
    .map(({ party, statement, function: role, date }) => ({
      party,
      statement,
      function: role,
      date,
    }))
}

function fieldsOf({ dataElements, messageTypes }: Agreement): RegisterField[] {
  const on = new Set(messageTypes.filter(({ enabled }) => enabled).map(({ type }) => type))
  return dataElements
    .map(one => ({ ...one, messageTypes: one.messageTypes.filter(type => on.has(type)) }))
    .filter(one => one.messageTypes.length > 0)
    .map(
      ({ field, label, class: kind, reaches, transformation, messageTypes: types, retention }) => ({
        field,
        label,
        class: kind,
        reaches,
        transformation,
        messageTypes: types,
        retention: retention.period,
      }),
    )
}

function measuresOf({ security: { sender, channel, gateway, recipient } }: Protocol): string[] {
  return [...sender, ...channel, ...gateway, ...recipient]
}

/** Versions that do not lead: those beside the leading one, then those that are only remembered. */
function formerOf(
  set: ProtocolSet,
  ids: readonly string[],
  at: Date,
  kept: readonly Standing[],
): Standing[] {
  const beside = ids.flatMap(id =>
    (set.versions.get(id) ?? []).filter(one => one.digest !== set.protocols.get(id)?.digest),
  )
  const known = new Set(ids.flatMap(id => (set.versions.get(id) ?? []).map(({ digest }) => digest)))
  const gone = kept.filter(({ protocol, digest }) => ids.includes(protocol) && !known.has(digest))
  return [...beside.map(one => standingOf(one, at)), ...gone]
}
