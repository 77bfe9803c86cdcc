import type { Agreement, DataElement, MessageType } from '../document.ts'
import { type Block, type Cell, cell, heading, note, table } from './block.ts'
import { preconditionBlocks } from './preconditions.ts'
import { enumerate, upper, word, yesNo } from './words.ts'

const COLUMNS = ['Gegeven', 'Verantwoording', 'Bewaartermijn']

/** The table *gegeven · verantwoording · bewaartermijn*, one for each message type. */
export function dataTables(document: Agreement): Block[] {
  const listed = document.messageTypes.map(({ type }) => type)
  const lost = document.dataElements.filter(
    ({ messageTypes }) => !messageTypes.some(type => listed.includes(type)),
  )
  return [
    note('info', 'Wat hier niet staat, laat Huisbrug niet door.'),
    ...document.messageTypes.flatMap(type => tableOf(document, type)),
    ...(lost.length ? [elementsTable(document, 'In geen enkel bericht', lost)] : []),
  ]
}

function tableOf(document: Agreement, message: MessageType): Block[] {
  const elements = document.dataElements.filter(one => one.messageTypes.includes(message.type))
  const route = `Van ${word('partyKind', message.from)} naar ${word('partyKind', message.to)}`
  return [
    heading(message.label),
    ...(message.enabled ? [] : [note('warning', 'Dit bericht staat uit: er gaat niets door.')]),
    elementsTable(document, route, elements, message),
  ]
}

function elementsTable(
  document: Agreement,
  caption: string,
  elements: readonly DataElement[],
  message?: MessageType,
): Block {
  const rows = elements.map(element => rowOf(document, element, message))
  return table(caption, COLUMNS, rows, 'Dit bericht bevat geen gegevens.', [42, 34, 24])
}

function rowOf(document: Agreement, element: DataElement, message?: MessageType): Cell[] {
  const titles = element.purposes.map(
    id => document.purposes.find(purpose => purpose.id === id)?.title ?? id,
  )
  return [
    cell(element.label, [element.definition, ...formOf(element), ...routeOf(element, message)]),
    cell(element.necessity, [`Doel: ${enumerate(titles.map(title => `“${title}”`))}`]),
    cell(element.retention.period, [element.retention.why]),
  ]
}

function formOf(element: DataElement): string[] {
  const codes = (element.codes ?? []).map(({ code, label }) => `${label} (${code})`)
  const kind = element.class === 'ordinary' ? '' : `${upper(word('class', element.class))}. `
  return [
    `Vorm: ${word('format', element.format)}${codes.length ? `: ${codes.join('; ')}` : ''}`,
    `${kind}${upper(word('reaches', element.reaches))}, ${word('transformation', element.transformation)}`,
    `Veld ${element.field}, ${word('place', element.place)}; kenmerk ${element.id}`,
  ]
}

/** Directions, where they are not those of the message itself. */
function routeOf({ directions }: DataElement, message: MessageType | undefined): string[] {
  const same =
    directions.length === 1 &&
    directions.every(({ from, to }) => from === message?.from && to === message?.to)
  if (same) return []
  const ways = directions.map(
    ({ from, to }) => `van ${word('partyKind', from)} naar ${word('partyKind', to)}`,
  )
  return [`Enkel ${enumerate(ways)}`]
}

/** Message types: who sends what to whom, and whether it is on. */
export function messageBlocks(document: Agreement): Block[] {
  const rows = document.messageTypes.map(message => [
    cell(message.label, [message.type, `Soort: ${word('pattern', message.pattern)}`]),
    cell(`van ${word('partyKind', message.from)} naar ${word('partyKind', message.to)}`, [
      recipientName(document, message.recipient),
    ]),
    cell(
      enumerate(
        message.purposes.map(id => document.purposes.find(one => one.id === id)?.title ?? id),
      ),
      [
        message.targetGroups && `Doelgroep: ${enumerate(message.targetGroups)}`,
        message.answers && `Hoort bij: ${labelOf(document, message.answers)}`,
      ],
    ),
    cell(yesNo(message.enabled), [message.whyOff]),
  ])
  return [
    table(
      'Wie stuurt wat aan wie',
      ['Bericht', 'Van wie naar wie', 'Waarvoor', 'Staat aan?'],
      rows,
      'Er is geen bericht.',
      [25, 29, 27, 19],
    ),
    ...document.messageTypes.flatMap(message => preconditionBlocks(document, message)),
  ]
}

function recipientName(document: Agreement, id: string): string {
  return document.recipients.find(one => one.id === id)?.name ?? id
}

function labelOf(document: Agreement, type: string): string {
  return document.messageTypes.find(one => one.type === type)?.label ?? type
}
