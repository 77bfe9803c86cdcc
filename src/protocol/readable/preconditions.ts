import type { Agreement, MessageType } from '../document.ts'
import { type Block, heading, paragraph } from './block.ts'
import { days } from './words.ts'

type Preconditions = NonNullable<MessageType['preconditions']>

/** What must be true of a person before this message may go, in plain Dutch; nothing where nothing must. */
export function preconditionBlocks(document: Agreement, message: MessageType): Block[] {
  const { participation, objectionWindow } = message.preconditions ?? {}
  if (!participation && !objectionWindow) return []
  return [
    heading(`Voorwaarden vooraf: ${message.label}`),
    ...(participation ? [paragraph(participationText(document, message, participation))] : []),
    ...(objectionWindow ? [paragraph(objectionText(document, message, objectionWindow))] : []),
  ]
}

function participationText(
  document: Agreement,
  { type }: MessageType,
  { dateField, documentField, withdrawnBy }: NonNullable<Preconditions['participation']>,
): string {
  const [date, reference] = [dateField, documentField].map(one => fieldName(document, type, one))
  return `De persoon tekende een deelname die de ontvangers noemt. Het bericht geeft per persoon de dag van tekenen (${date}) en het kenmerk van het document (${reference}). Zonder deelname weigert Huisbrug die persoon. De persoon kan de deelname intrekken: na het bericht ${messageName(document, withdrawnBy)} gaat over die persoon niets meer door.`
}

function objectionText(
  document: Agreement,
  { type }: MessageType,
  { days: count, announcedField, objectedBy }: NonNullable<Preconditions['objectionWindow']>,
): string {
  return `De persoon wordt eerst verwittigd; het bericht geeft de dag daarvan (${fieldName(document, type, announcedField)}). Huisbrug houdt het bericht vast. Na ${days(count)} gaat het door, tenzij de persoon bezwaar maakte: wie in het bericht ${messageName(document, objectedBy)} staat, gaat niet mee.`
}

/** What the document calls a field of a message, with the field itself. */
function fieldName({ dataElements }: Agreement, type: string, field: string): string {
  const element = dataElements.find(one => one.field === field && one.messageTypes.includes(type))
  return element ? `“${element.label}”, veld ${field}` : `veld ${field}`
}

function messageName({ messageTypes }: Agreement, type: string): string {
  const label = messageTypes.find(one => one.type === type)?.label
  return label === undefined ? type : `“${label}” (${type})`
}
