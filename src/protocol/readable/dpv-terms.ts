import type { DataElement } from '../document.ts'

/**
 * The context of the export, whole, so that nobody has to fetch one: DPV 2.3 of the W3C Data Privacy
 * Vocabularies group, its extensions for personal data (pd) and the GDPR (eu-gdpr), and DCMI terms.
 */
export const CONTEXT = {
  dpv: 'https://w3id.org/dpv#',
  pd: 'https://w3id.org/dpv/pd#',
  'eu-gdpr': 'https://w3id.org/dpv/legal/eu/gdpr#',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  title: { '@id': 'dct:title', '@language': 'nl' },
  description: { '@id': 'dct:description', '@language': 'nl' },
  name: { '@id': 'dpv:hasName', '@language': 'nl' },
  issued: { '@id': 'dct:issued', '@type': 'xsd:date' },
  identifier: 'dct:identifier',
  version: 'dct:hasVersion',
  page: { '@id': 'foaf:page', '@type': '@id' },
  isPartOf: { '@id': 'dct:isPartOf', '@type': '@id' },
  replaces: { '@id': 'dct:replaces', '@type': '@id' },
} as const

/** Personal data by class of the document. A national number identifies by itself. */
const CLASSES: Readonly<Record<DataElement['class'], readonly string[]>> = {
  ordinary: ['dpv:PersonalData'],
  sensitive: ['dpv:SensitivePersonalData'],
  special: ['dpv:SpecialCategoryPersonalData'],
  criminal: ['dpv:SensitivePersonalData', 'pd:Criminal'],
  'national-id': ['dpv:IdentifyingPersonalData', 'pd:OfficialID'],
}

/** Terms for a format, where there are any: what a gateway makes of a person is pseudonymised data. */
const FORMATS: Partial<Record<DataElement['format'], readonly string[]>> = {
  pseudonym: ['dpv:PseudonymisedData'],
  'row-id': ['dpv:PseudonymisedData'],
  'tenant-reference': ['pd:Identifier'],
}

/** What a data element is in DPV and its extension for personal data. */
export function dataTypes({ class: kind, format }: DataElement): string[] {
  return [...CLASSES[kind], ...(FORMATS[format] ?? [])]
}

/** `6(1)(e)` as `eu-gdpr:A6-1-e`; undefined where the text names no ground of article 6 or 9. */
export function gdprTerm(ground: string): string | undefined {
  const found = /\b([69])\((\d)\)\(([a-j])\)/.exec(ground)
  return found ? `eu-gdpr:A${found[1]}-${found[2]}-${found[3]}` : undefined
}

/** A term that the document gives itself, if it is one of this context. */
export function ownTerm(term: string | undefined): string[] {
  return term !== undefined && /^(dpv|pd|eu-gdpr):[A-Za-z0-9-]+$/.test(term) ? [term] : []
}

/**
 * Rights of articles 15, 16 and 18, which hold whatever the ground; to object (21) only against a task
 * of general interest.
 */
export function rightsOf(grounds: readonly string[]): string[] {
  const objection = grounds.includes('6(1)(e)') ? ['eu-gdpr:A21'] : []
  return ['eu-gdpr:A15', 'eu-gdpr:A16', 'eu-gdpr:A18', ...objection]
}
