import { type Agreement, isAccession, type LoadedProtocol } from '../document.ts'
import type { ProtocolSet } from '../load.ts'
import { frameworkOf } from '../lookup.ts'
import { type Cell, cell, note, table } from './block.ts'
import { blockHtml, pageOf } from './html.ts'
import { readableStatus } from './status.ts'
import { day, enumerate, word } from './words.ts'

/** Columns of the list, as VDAB publishes its own. */
export const PUBLICATION_COLUMNS = ['Organisatie', 'Doel', 'Van wie', 'Wat', 'Protocol']
const LEAD =
  'Welke persoonsgegevens over deze poort mogen, tussen wie en waarvoor. De volledige tekst van elk protocol staat achter zijn naam. Wat niet in een protocol staat, gaat niet door.'

/** A line of the publication list, with the address of the whole text. */
export interface PublicationLine {
  id: string
  /** Organisatie, doel, van wie, wat, protocol. */
  cells: readonly Cell[]
}

/**
 * All readable protocols, in the form that VDAB publishes its list in: Organisatie · Doel · Van wie ·
 * Wat · Protocol. By id; an accession shows what its framework says. Pure.
 */
export function publicationLines(set: ProtocolSet, at: Date): PublicationLine[] {
  return [...set.protocols.values()]
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map(protocol => ({ id: protocol.id, cells: cellsOf(set, protocol, at) }))
}

function cellsOf(set: ProtocolSet, protocol: LoadedProtocol, at: Date): Cell[] {
  const { document, digest } = protocol
  const framework = frameworkOf(set, protocol)
  const agreement = framework ?? (document.kind === 'accession' ? undefined : document)
  const status = readableStatus(protocol, at, framework)
  return [
    organisations(protocol, agreement),
    cell((agreement?.purposes.map(({ title }) => title) ?? []).join('; ')),
    cell((agreement?.dataSubjects.map(({ category }) => category) ?? []).join('; ')),
    cell(passing(agreement).join('; ')),
    cell(document.context.title, [
      `${word('documentKind', document.kind)}, versie ${document.version}, vanaf ${day(document.duration.from)}`,
      status.inForce ? 'In werking.' : `Niet in werking. ${status.why}`,
      `Vingerafdruk: ${digest}`,
    ]),
  ]
}

function organisations(protocol: LoadedProtocol, agreement: Agreement | undefined): Cell {
  const names = protocol.document.parties.map(({ name }) => name)
  const joins = isAccession(protocol) ? undefined : agreement?.acceding?.kind
  const more = joins && everyJoining(joins)
  return cell(enumerate(names), more ? [more] : [])
}

function everyJoining(kind: NonNullable<Agreement['acceding']>['kind']): string {
  const [every, that] = kind === 'welfare-office' ? ['elk', 'dat'] : ['elke', 'die']
  return `en ${every} ${word('partyKind', kind)} ${that} toetreedt`
}

/** Labels of what moves: the data elements of a message that is on. */
function passing(agreement: Agreement | undefined): string[] {
  const on = agreement?.messageTypes.filter(({ enabled }) => enabled).map(({ type }) => type) ?? []
  return (
    agreement?.dataElements
      .filter(({ messageTypes }) => messageTypes.some(type => on.includes(type)))
      .map(({ label }) => label) ?? []
  )
}

/**
 * The publication list as a self-contained page.
 * @param addressOf where the whole text of a protocol is
 */
export function publicationListHtml(
  set: ProtocolSet,
  at: Date,
  addressOf: (id: string) => string,
): string {
  const lines = publicationLines(set, at)
  const caption = 'Protocollen, op volgorde van kenmerk'
  const rows = lines.map(({ id, cells }) => cells.with(-1, toText(cells.at(-1), addressOf(id))))
  const list = table(
    caption,
    PUBLICATION_COLUMNS,
    rows,
    'Er is geen protocol. Er gaat niets over personen door.',
    [22, 17, 17, 20, 24],
  )
  const body = [
    `<header><h1>Protocollen</h1>${blockHtml(note('info', LEAD), 'h3')}</header>`,
    `<main>${blockHtml(list, 'h3')}</main>`,
  ]
  return pageOf('nl', 'Protocollen', 'Protocollen', body.join('\n'), 'A4 landscape')
}

function toText(last: Cell | undefined, href: string): Cell {
  return { ...(last ?? cell('')), href }
}
