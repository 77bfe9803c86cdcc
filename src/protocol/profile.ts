import type { Agreement, DataElement, MessageType } from './document.ts'
import { blindFieldOf } from './forms.ts'

/**
 * What the interaction patterns need to know of a message type, read from an agreement: which field
 * points at the person, and which fields the recipient gets. Names of fields, never values.
 */
export interface Profile {
  message: MessageType
  /** Item field with a national number. */
  number: string | undefined
  /** Whether a sender may put pseudonyms of its own making in the place of that number. */
  blind: boolean
  /** Item field with the sender's own reference of a person. */
  reference: string | undefined
  /** Item field with a pseudonym. */
  tag: string | undefined
  /** Field with the id of a row of the request that is answered. */
  row: string | undefined
  /** Field with a number of people. */
  count: string | undefined
  /** Item fields that the recipient gets as they are, in the order of the document. */
  told: readonly string[]
  /** The same of the message itself: one value for all items. */
  toldOnce: readonly string[]
  /** Told item fields that hold a date: none may lie in the future. */
  dates: readonly string[]
  /** Told item fields with a list of values, and those values. */
  values: ReadonlyMap<string, readonly (string | boolean)[]>
}

type Format = DataElement['format']

/** Formats that point at a person or stay with the sender: never told as they are. */
const POINTERS: ReadonlySet<Format> = new Set([
  'national-number',
  'tenant-reference',
  'document-reference',
  'pseudonym',
  'row-id',
  'target-group',
])

/** Reads the profile of a message type; undefined where the agreement does not list it. Pure. */
export function profileOf(document: Agreement, type: string): Profile | undefined {
  const message = document.messageTypes.find(one => one.type === type)
  if (!message) return undefined
  const elements = document.dataElements.filter(one => one.messageTypes.includes(type))
  const fieldOf = (format: Format) => elements.find(one => one.format === format)?.field
  const told = elements.filter(one => one.reaches === 'recipient' && !POINTERS.has(one.format))
  const ofItem = told.filter(one => one.place === 'item')
  return {
    message,
    number: fieldOf('national-number'),
    blind: blindFieldOf(message, elements) !== undefined,
    reference: fieldOf('tenant-reference'),
    tag: fieldOf('pseudonym'),
    row: fieldOf('row-id'),
    count: fieldOf('count'),
    told: ofItem.map(one => one.field),
    toldOnce: told.filter(one => one.place === 'header').map(one => one.field),
    dates: ofItem.filter(one => one.format === 'date').map(one => one.field),
    values: new Map(ofItem.flatMap(one => valuesOf(one).map(values => [one.field, values]))),
  }
}

function valuesOf({ codes, format }: DataElement): [] | [readonly (string | boolean)[]] {
  if (codes) return [codes.map(({ code }) => code)]
  return format === 'boolean' ? [[false, true]] : []
}
