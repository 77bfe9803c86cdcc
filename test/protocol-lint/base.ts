import type { Accession, Agreement, DataElement, MessageType } from '../../src/protocol/document.ts'
import { lint } from '../../src/protocol/lint.ts'
import { listFolders } from '../../src/protocol/load.ts'
import { SAMPLE_DIR, sampleAccession, sampleFramework } from '../protocol/sample.ts'

/** Folders of every document that is shipped. */
export const SHIPPED = listFolders(SAMPLE_DIR)

/** The sample without what it is warned of: the lint says nothing of it. */
export function cleanFramework(): Agreement {
  const document = sampleFramework()
  delete document.sample
  for (const basis of document.legalBasis) delete basis.fictional
  message(document, 'steps.counts').enabled = true
  return document
}

/** Woonboog's accession, of which the lint says nothing either. */
export function cleanAccession(): Accession {
  const document = sampleAccession()
  delete document.sample
  return document
}

/** The codes of what a change makes wrong, each once. */
export function codesOf(document: Agreement | Accession): string[] {
  return [...new Set(lint(document).map(({ code }) => code))]
}

export function element(document: Agreement, field: string): DataElement {
  return found(document.dataElements.find(one => one.field === field))
}

export function message(document: Agreement, type: string): MessageType {
  return found(document.messageTypes.find(one => one.type === type))
}

export function recipient(document: Agreement, id: string): Agreement['recipients'][number] {
  return found(document.recipients.find(one => one.id === id))
}

export function found<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('no such part')
  return part
}

/** A datum of its own name in the feedback, with changes. */
export function addElement(document: Agreement, changes: Partial<DataElement>): DataElement {
  const added = { ...element(document, 'establishedOn'), id: 'extra', field: 'extra', ...changes }
  document.dataElements.push(added)
  return added
}

export function drop(document: Agreement, field: string): void {
  document.dataElements = document.dataElements.filter(one => one.field !== field)
}

/** Leaves a datum out of one message type. */
export function takeFrom(document: Agreement, field: string, type: string): void {
  const part = element(document, field)
  part.messageTypes = part.messageTypes.filter(one => one !== type)
}

/** Detection asks for participation, and for an announcement; both can be ended. */
export function withPreconditions(document: Agreement): NonNullable<MessageType['preconditions']> {
  const date = element(document, 'referenceDate')
  const at = { place: 'item', label: 'Datum', definition: 'Een dag.' } as const
  document.dataElements.push(
    { ...date, ...at, id: 'getekend', field: 'signedOn' },
    { ...date, ...at, id: 'aangekondigd', field: 'announcedOn' },
    { ...date, ...at, id: 'stuk', field: 'signedDocument', format: 'document-reference' },
  )
  for (const type of ['participation.ended', 'tenant.objected']) {
    document.messageTypes.push({ ...message(document, 'tenancy.ended'), type })
    element(document, 'tenantRef').messageTypes.push(type as never)
  }
  const preconditions = {
    participation: {
      dateField: 'signedOn',
      documentField: 'signedDocument',
      withdrawnBy: 'participation.ended',
    },
    objectionWindow: { days: 7, announcedField: 'announcedOn', objectedBy: 'tenant.objected' },
  }
  message(document, 'detection.request').preconditions = preconditions as never
  return found(message(document, 'detection.request').preconditions)
}
