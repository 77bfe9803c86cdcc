import type { LoadedProtocol, Protocol } from '../document.ts'
import { type Block, cell, facts, heading, list, paragraph, table } from './block.ts'
import { signatureBlocks } from './signatures.ts'
import { day, days, enumerate, number, word, yesNo } from './words.ts'

/** Draws one section of a document. */
export type Builder<Document extends Protocol = Protocol> = (
  protocol: LoadedProtocol<Document>,
) => Block[]

/** The name of a party, or its id where the document does not name it. */
export function nameOf(document: Protocol, party: string): string {
  return document.parties.find(({ id }) => id === party)?.name ?? party
}

const parties: Builder = ({ document }) =>
  document.parties.flatMap(party => [
    heading(party.name),
    facts([
      ['Rol', `${word('role', party.role)} (kenmerk ${party.id})`],
      ['Soort', word('partyKind', party.kind)],
      ['Rechtsvorm', party.legalForm],
      ['Zetel', party.seat],
      ['Ondernemingsnummer', party.kbo],
      ['Vestigingseenheid', party.establishmentUnit],
      ['Hoedanigheid', party.instance],
      ['Verwerkingsverantwoordelijke', yesNo(party.controller)],
      ['Vertegenwoordigd door', party.representative.name],
      ['Functie', party.representative.function],
      ['Contact', party.contact],
      ['Website', party.website],
    ]),
  ])

const context: Builder = ({ document }) => document.context.recitals.map(paragraph)

const duration: Builder = ({ document }) => {
  const { from, until, reviewOn, noticeDays, suspension } = document.duration
  const names = suspension.by.map(id => nameOf(document, id))
  return [
    facts([
      ['Eerste dag', day(from)],
      ['Laatste dag', until === null ? 'geen: het loopt tot een partij opzegt' : day(until)],
      ['Herziening', day(reviewOn)],
      ['Opzegtermijn', days(noticeDays)],
      ['Wie kan opschorten', names.length ? enumerate(names) : 'niemand'],
    ]),
    paragraph(suspension.text),
  ]
}

const suspensions: Builder = ({ document, record }) => {
  const rows = record.suspensions.map(one => [
    cell(moment(one.from)),
    cell(one.until === null ? 'loopt nog' : moment(one.until)),
    cell(nameOf(document, one.by)),
    cell(one.reason),
  ])
  return rows.length
    ? [table('Opschortingen', ['Vanaf', 'Tot', 'Door', 'Reden'], rows, '')]
    : [paragraph('Dit document is nog niet opgeschort.')]
}

function moment(instant: string): string {
  return `${day(instant.slice(0, 10))}, ${instant.slice(11).replace(/(\.0+)?Z$/, '')} (UTC)`
}

const security: Builder = ({ document }) => {
  const { sender, channel, gateway, recipient, breach } = document.security
  const at = (title: string, measures: string[]) =>
    measures.length ? [heading(title), ...list(measures)] : []
  const rows = breach.map(one => [
    cell(nameOf(document, one.party)),
    cell(one.contact),
    cell(`${number(one.hours)} uur`),
  ])
  return [
    ...at('Bij wie verzendt', sender),
    ...at('Onderweg', channel),
    ...at('In Huisbrug', gateway),
    ...at('Bij wie ontvangt', recipient),
    table(
      'Bij een inbreuk op de beveiliging',
      ['Partij', 'Meldpunt', 'Meldt binnen'],
      rows,
      'Er is geen meldpunt voor inbreuken afgesproken.',
    ),
  ]
}

const rights: Builder = ({ document }) => {
  const { restrictions, exercise, notice } = document.rights
  const rows = exercise.map(one => [
    cell(nameOf(document, one.party)),
    cell(one.where, [one.url]),
    cell(one.how),
  ])
  return [
    ...list(restrictions, 'Dit document beperkt geen rechten.'),
    table('Waar u uw rechten uitoefent', ['Bij', 'Waar', 'Hoe'], rows, 'Er is geen loket genoemd.'),
    heading('Wat de huurder te lezen krijgt'),
    paragraph(notice.text),
    facts([['Te lezen op', notice.url]]),
  ]
}

const clauses: Builder = ({ document }) => {
  if (!document.clauses.length) return [paragraph('Er zijn geen bijkomende afspraken.')]
  return document.clauses.flatMap(clause => [
    heading(clause.title),
    paragraph(clause.text),
    facts([['Kenmerk', clause.id]]),
  ])
}

const dpoAdvice: Builder = ({ document }) => {
  const rows = document.dpoAdvice.map(one => [
    cell(nameOf(document, one.party), [one.officer]),
    cell(day(one.date)),
    cell(word('opinion', one.opinion), one.conditions ?? []),
    cell(one.followed ? 'gevolgd' : 'niet gevolgd', [one.reasonNotFollowed]),
    cell('', [one.textDigest]),
  ])
  return [
    table(
      'Adviezen van de functionarissen voor gegevensbescherming',
      ['Voor', 'Datum', 'Advies', 'Gevolg', 'Vingerafdruk van de tekst'],
      rows,
      'Er is nog geen advies van een functionaris voor gegevensbescherming.',
      [28, 13, 26, 12, 21],
    ),
  ]
}

const externalAdvice: Builder = ({ document }) =>
  document.externalAdvice.flatMap(one => [
    heading(`Advies van ${one.body}`),
    facts([
      ['Nummer', one.number],
      ['Datum', day(one.date)],
    ]),
    ...(one.amendments.length
      ? [paragraph('Aangepast na het advies:'), ...list(one.amendments)]
      : []),
    ...(one.conditions.length ? [paragraph('Voorwaarden:'), ...list(one.conditions)] : []),
  ])

const signatures: Builder = signatureBlocks

const publication: Builder = ({ document, record, digest }) => {
  const rows = record.publication.map(one => [
    cell(nameOf(document, one.party)),
    cell(one.url),
    cell(day(one.date)),
    cell(one.digest === digest ? 'ja' : 'nee, een andere tekst'),
  ])
  return [
    table(
      'Bekendmaking',
      ['Partij', 'Waar', 'Datum', 'Deze tekst?'],
      rows,
      'Dit document is nog niet bekendgemaakt.',
      [30, 38, 18, 14],
    ),
    facts([['Vingerafdruk van deze tekst', digest]]),
  ]
}

const changeLog: Builder = ({ document }) => [
  table(
    'Versies van dit document',
    ['Versie', 'Datum', 'Wat is er anders'],
    document.changeLog.map(one => [cell(one.version), cell(day(one.date)), cell(one.change)]),
    'Er is geen lijst van versies.',
    [14, 22, 64],
  ),
]

const version: Builder = ({ document }) => [
  facts([
    ['Deze versie', document.version],
    ['Vervangt versie', document.supersedes],
  ]),
]

/** Sections that an agreement and an accession have in common, and what lies beside them. */
export const SHARED = {
  parties,
  context,
  duration,
  suspensions,
  security,
  rights,
  clauses,
  dpoAdvice,
  externalAdvice,
  signatures,
  publication,
  changeLog,
  version,
} as const
