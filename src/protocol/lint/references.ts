import type { Agreement, DataElement } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

/** What refers to nothing, what is there twice, and what contradicts itself. Pure. */
export function lintReferences(document: Agreement): Remark[] {
  return [
    ...twice(document),
    ...missing(document),
    ...document.dataElements.flatMap(element => contradictions(document, element)),
    ...fieldsTwice(document),
    ...domainName(document),
    ...sectionsOfKind(document),
  ]
}

function twice(document: Agreement): Remark[] {
  const lists: [string, string[]][] = [
    ['parties', document.parties.map(one => one.id)],
    ['legalBasis', document.legalBasis.map(one => one.id)],
    ['purposes', document.purposes.map(one => one.id)],
    ['dataSubjects', document.dataSubjects.map(one => one.targetGroup.id)],
    ['dataElements', document.dataElements.map(one => one.id)],
    ['recipients', document.recipients.map(one => one.id)],
    ['messageTypes', document.messageTypes.map(one => one.type)],
    ['modalities.evaluation', document.modalities.evaluation.map(one => one.party)],
  ]
  return lists
    .filter(([, ids]) => new Set(ids).size < ids.length)
    .map(([path]) => broken('twice', path, 'an id is there twice'))
}

/** Each reference: where it stands, what it names, and where that should be. */
function references(document: Agreement): [string, string[], Set<string>][] {
  const bases = new Set(document.legalBasis.map(one => one.id))
  const purposes = new Set<string>(document.purposes.map(one => one.id))
  const types = new Set<string>(document.messageTypes.map(one => one.type))
  const groups = new Set(document.dataSubjects.map(one => one.targetGroup.id))
  const parties = new Set<string>(document.parties.map(one => one.id))
  return [
    ...document.purposes.map(one => at(`purposes[${one.id}].legalBasis`, one.legalBasis, bases)),
    ...document.messageTypes.flatMap(one => [
      at(`messageTypes[${one.type}].purposes`, one.purposes, purposes),
      at(`messageTypes[${one.type}].targetGroups`, one.targetGroups ?? [], groups),
      at(`messageTypes[${one.type}].answers`, one.answers ? [one.answers] : [], types),
    ]),
    ...document.dataElements.flatMap(one => [
      at(`dataElements[${one.id}].purposes`, one.purposes, purposes),
      at(`dataElements[${one.id}].messageTypes`, one.messageTypes, types),
    ]),
    at(
      'modalities.evaluation',
      document.modalities.evaluation.map(one => one.party),
      parties,
    ),
  ]
}

function at(path: string, names: string[], known: Set<string>): [string, string[], Set<string>] {
  return [path, names, known]
}

function missing(document: Agreement): Remark[] {
  return references(document)
    .filter(([, names, known]) => names.some(name => !known.has(name)))
    .map(([path]) =>
      broken('no-such-part', path, 'it names something that the document does not hold'),
    )
}

/** A data element says from whom to whom; its message types must say the same. */
function contradictions(document: Agreement, element: DataElement): Remark[] {
  const types = document.messageTypes.filter(one => element.messageTypes.includes(one.type))
  const said = new Set(element.directions.map(one => `${one.from} ${one.to}`))
  const done = new Set(types.map(one => `${one.from} ${one.to}`))
  if (said.size === done.size && [...said].every(one => done.has(one))) return []
  const path = `dataElements[${element.id}].directions`
  return [broken('directions', path)]
}

function fieldsTwice(document: Agreement): Remark[] {
  return document.messageTypes.flatMap(({ type }) => {
    const fields = document.dataElements
      .filter(element => element.messageTypes.includes(type))
      .map(element => element.field)
    if (new Set(fields).size === fields.length) return []
    return [broken('field-twice', `messageTypes[${type}]`, 'two data elements share a field')]
  })
}

function domainName({ protocolId, version, modalities }: Agreement): Remark[] {
  const right = modalities.domain === `${protocolId}/${version.split('.')[0]}`
  const domain = `${protocolId}/${version.split('.')[0]}`
  return unless(right, 'domain-name', 'modalities.domain', `the pseudonym domain is ${domain}`)
}

/** What a framework and a deliberation-backed exchange must say besides the rest. */
function sectionsOfKind({ kind, parties, acceding, deliberation }: Agreement): Remark[] {
  const alone = kind !== 'framework' && parties.length < 2
  const who = kind !== 'framework' || acceding !== undefined
  const named = kind !== 'deliberation-backed' || deliberation !== undefined
  return [
    ...unless(who, 'missing-section', 'acceding', 'a framework says who may accede'),
    ...unless(
      named,
      'missing-section',
      'deliberation',
      'an exchange under a deliberation names it',
    ),
    ...unless(kind === 'framework' || acceding === undefined, 'section-elsewhere', 'acceding'),
    ...unless(!alone, 'too-few-parties', 'parties'),
  ]
}
