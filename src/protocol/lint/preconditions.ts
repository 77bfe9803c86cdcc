import { type Agreement, type DataElement, elementsOf, type MessageType } from '../document.ts'
import type { Remark } from '../finding.ts'
import { unless } from './rules.ts'

/** Whether the preconditions of each message type can be checked and undone. Pure. */
export function lintPreconditions(document: Agreement): Remark[] {
  return document.messageTypes.flatMap(message => {
    const { participation, objectionWindow } = message.preconditions ?? {}
    const at = `messageTypes[${message.type}].preconditions`
    // What is checked must be there under each purpose of the type.
    const elements = elementsOf(document, message.type).filter(({ purposes }) =>
      message.purposes.every(purpose => purposes.includes(purpose)),
    )
    const asked = participation !== undefined || objectionWindow !== undefined
    return [
      ...unless(!asked || isChecked(message), 'precondition-unchecked', at),
      ...(participation ? lintParticipation(document, message, participation, elements, at) : []),
      ...(objectionWindow ? lintWindow(document, message, objectionWindow, elements, at) : []),
    ]
  })
}

/** The gateway checks what a sender says of the persons that it knows itself, and nothing else. */
function isChecked({ pattern, from }: MessageType): boolean {
  return pattern === 'request' || (pattern === 'event' && from !== 'employment-service')
}

type Preconditions = NonNullable<MessageType['preconditions']>

function lintParticipation(
  document: Agreement,
  message: MessageType,
  { dateField, documentField, withdrawnBy }: NonNullable<Preconditions['participation']>,
  elements: readonly DataElement[],
  at: string,
): Remark[] {
  const items = elements.filter(({ place }) => place === 'item')
  const path = `${at}.participation`
  return [
    ...hasField(items, dateField, 'date', `${path}.dateField`),
    ...hasField(items, documentField, 'document-reference', `${path}.documentField`),
    ...isWithdrawal(document, message, withdrawnBy, `${path}.withdrawnBy`),
  ]
}

function lintWindow(
  document: Agreement,
  message: MessageType,
  { announcedField, objectedBy }: NonNullable<Preconditions['objectionWindow']>,
  elements: readonly DataElement[],
  at: string,
): Remark[] {
  const path = `${at}.objectionWindow`
  return [
    ...hasField(elements, announcedField, 'date', `${path}.announcedField`),
    ...isWithdrawal(document, message, objectedBy, `${path}.objectedBy`),
  ]
}

function hasField(
  elements: readonly DataElement[],
  name: string,
  format: DataElement['format'],
  path: string,
): Remark[] {
  const found = elements.some(one => one.field === name && one.format === format)
  return unless(
    found,
    'precondition-field',
    path,
    `this message type has no such field (${format})`,
  )
}

/**
 * What ends it must be possible for as long as the message type is. One type has one effect: an
 * objection stops what is held, a withdrawal everything, the end of a tenancy its routes.
 */
function isWithdrawal(
  { messageTypes }: Agreement,
  { from }: MessageType,
  name: string,
  path: string,
): Remark[] {
  const ends = messageTypes.find(({ type }) => type === name)
  const asked = messageTypes.flatMap(({ preconditions }) => preconditions ?? [])
  const both =
    asked.some(one => one.participation?.withdrawnBy === name) &&
    asked.some(one => one.objectionWindow?.objectedBy === name)
  const right = ends?.pattern === 'withdrawal' && ends.from === from && ends.enabled
  return unless(right && !both && name !== 'tenancy.ended', 'precondition-type', path)
}
