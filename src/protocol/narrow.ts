import type { AnySchemaObject } from 'ajv/dist/2020.js'
import { readSchema } from '../schemas.ts'
import { type Agreement, type DataElement, elementsOf, type MessageType } from './document.ts'
import { ENVELOPE, type Form } from './forms.ts'

type Properties = Record<string, AnySchemaObject>
type Pattern = MessageType['pattern']
type Codes = NonNullable<DataElement['codes']>

/** How the values of an element look in the general form, by format. Free text has none, nor a code without its list. */
const FORMATS: Readonly<Record<DataElement['format'], AnySchemaObject | undefined>> = {
  'national-number': { type: 'string', maxLength: 64 },
  'tenant-reference': { $ref: 'common.json#/$defs/tenantRef' },
  'document-reference': { $ref: 'common.json#/$defs/tenantRef' },
  pseudonym: { $ref: 'common.json#/$defs/tag' },
  'row-id': { $ref: 'common.json#/$defs/rowId' },
  date: { $ref: 'common.json#/$defs/calendarDate' },
  month: { $ref: 'common.json#/$defs/period' },
  code: undefined,
  count: { type: 'integer', minimum: 0, maximum: 100_000_000 },
  boolean: { type: 'boolean' },
  'target-group': { $ref: 'common.json#/$defs/targetGroup' },
  text: undefined,
}

/**
 * The wire schema of a message type, narrowed to what an agreement lists for it under a purpose: other fields are gone, code lists are those of the agreement, an answer has the
 * form that it grants. Pure but for reading the wire schema.
 * @param blindField for the form of a sender that makes the pseudonyms itself: whose place they take
 */
export function narrowSchema(
  document: Agreement,
  message: MessageType,
  form: Form,
  purpose: string,
  blindField?: string,
): AnySchemaObject {
  const elements = elementsOf(document, message.type, purpose)
  const schema = readSchema(form.schema)
  const narrowed =
    form.schema === 'message-request'
      ? narrowGeneral(schema, elements, document, message)
      : narrowNamed(schema, elements, form, document)
  if (blindField === undefined) return narrowed
  const { domain } = schema['properties']
  return inPseudonyms(narrowed, String(form.items), blindField, domain, document)
}

/** The form of a blind sender: pseudonyms in the place of the number, and the domain they are of. */
function inPseudonyms(
  { properties, ...schema }: AnySchemaObject,
  list: string,
  field: string,
  domain: AnySchemaObject,
  document: Agreement,
): AnySchemaObject {
  const { items: item, ...rest } = properties[list]
  const { [field]: _, ...others } = item.properties
  const items = {
    ...item,
    required: [
      ...Object.keys(PSEUDONYMS),
      ...item.required.filter((name: string) => name !== field),
    ],
    properties: { ...PSEUDONYMS, ...others },
    // Not among the properties: a remedy lists those as what may be sent.
    patternProperties: { [`^${field}$`]: refusedNumber(document) },
  }
  return { ...schema, properties: { ...properties, domain, [list]: { ...rest, items } } }
}

const PSEUDONYMS: Properties = {
  tag: { $ref: 'common.json#/$defs/tag' },
  secret: { $ref: 'common.json#/$defs/rowSecret' },
  subjectTag: { $ref: 'common.json#/$defs/subjectTag' },
}

/** A national number beside pseudonyms: never where the agreement wants none, nor in one message. */
function refusedNumber({ modalities }: Agreement): AnySchemaObject {
  const code = modalities.senderBlind ? 'HB-321' : 'HB-418'
  return { not: {}, 'x-codes': { not: code }, 'x-rule': 'modalities.senderBlind' }
}

function narrowNamed(
  schema: AnySchemaObject,
  elements: DataElement[],
  { items }: Form,
  document: Agreement,
): AnySchemaObject {
  const top = keepListed(withoutDomain(schema), elements.filter(isInHeader), document)
  if (!items) return top
  const list = top['properties'][items]
  const item = keepListed(plainItem(list.items), elements.filter(isInItem), document)
  return { ...top, properties: { ...top['properties'], [items]: { ...list, items: item } } }
}

/** A domain that the wire does not ask of everyone is of blind senders only. */
function withoutDomain(schema: AnySchemaObject): AnySchemaObject {
  const { domain, ...others } = schema['properties']
  return domain && !schema['required'].includes('domain')
    ? { ...schema, properties: others }
    : schema
}

/** An item without what blind senders put in the place of the number; all the rest is needed. */
function plainItem(schema: AnySchemaObject): AnySchemaObject {
  const { dependentRequired = {}, if: _, then: __, ...wire } = schema
  const own = Object.entries(wire['properties']).filter(([name]) => !(name in dependentRequired))
  return { ...wire, required: own.map(([name]) => name), properties: Object.fromEntries(own) }
}

function isInHeader({ place }: DataElement): boolean {
  return place === 'header'
}

function isInItem({ place }: DataElement): boolean {
  return place === 'item'
}

/** An object schema without the properties that neither the envelope nor the agreement has. */
function keepListed(
  schema: AnySchemaObject,
  elements: DataElement[],
  document: Agreement,
): AnySchemaObject {
  const byField = new Map(elements.map(element => [element.field, element]))
  const kept = Object.entries(schema['properties'] as Properties).filter(
    ([name]) => ENVELOPE.has(name) || byField.has(name),
  )
  const properties = Object.fromEntries(
    kept.map(([name, part]) => [name, narrowValue(part, byField.get(name), document)]),
  )
  const required = (schema['required'] as string[]).filter(name => name in properties)
  return { ...schema, required, properties }
}

function narrowValue(
  part: AnySchemaObject,
  element: DataElement | undefined,
  document: Agreement,
): AnySchemaObject {
  if (!element) return part
  if (element.codes) return codeList(element.id, element.codes, wireCodes(part))
  return element.field === 'found' ? { ...part, ...grantedForm(document) } : part
}

/** The codes that the wire knows for a value; undefined where it knows no list. */
function wireCodes(part: AnySchemaObject): string[] | undefined {
  const name = String(part['$ref']).replace('common.json#/$defs/', '')
  return readSchema('common')['$defs'][name]?.enum
}

/** The codes of the agreement, as far as the wire knows them. */
function codeList(id: string, codes: Codes, known?: string[]): AnySchemaObject {
  const listed = codes.map(({ code }) => code).filter(code => !known || known.includes(code))
  return { type: 'string', enum: listed, 'x-rule': `dataElements[${id}].codes` }
}

/** An answer in a form that the agreement does not grant is HB-315. */
function grantedForm({ modalities }: Agreement, perPerson = 'array'): AnySchemaObject {
  const refused = modalities.granularity === 'counts' ? perPerson : 'integer'
  return {
    not: { type: refused },
    'x-codes': { not: 'HB-315' },
    'x-rule': 'modalities.granularity',
  }
}

/** Members around the data that a pattern needs in the general form, of the message and of an item. */
const AROUND: Readonly<Record<Pattern, { message: readonly string[]; item: Properties }>> = {
  request: { message: [], item: {} },
  answer: { message: ['inReplyTo', 'requestDigest'], item: {} },
  counts: { message: ['inReplyTo', 'requestDigest'], item: {} },
  event: { message: [], item: {} },
  progress: { message: [], item: { feedbackId: { $ref: 'common.json#/$defs/feedbackId' } } },
  withdrawal: { message: [], item: {} },
}

/** Members that every message of the general form has. */
const ALWAYS = ['protocol', 'type', 'purpose', 'nonce', 'items']

/** The general form: fields of the message that the wire schema knows, everything else in the items. */
function narrowGeneral(
  schema: AnySchemaObject,
  elements: DataElement[],
  document: Agreement,
  message: MessageType,
): AnySchemaObject {
  const around = AROUND[message.pattern]
  const all = schema['properties'] as Properties
  const once = elements.filter(element => element.field in all).map(element => element.field)
  const tagged = elements.some(element => element.format === 'pseudonym')
  const members = [...ALWAYS, ...around.message, ...(tagged ? ['domain'] : []), ...once]
  const item = generalItem(elements, around.item, document, message)
  const least = message.pattern === 'answer' ? 0 : 1
  const items = { ...all['items'], minItems: least, items: item }
  const properties = Object.fromEntries(members.map(name => [name, all[name] ?? {}]))
  return { ...schema, required: members, properties: { ...properties, items } }
}

function generalItem(
  elements: DataElement[],
  around: Properties,
  document: Agreement,
  message: MessageType,
): AnySchemaObject {
  const all = readSchema('message-request')['properties'] as Properties
  const values = elements
    .filter(element => !(element.field in all))
    .flatMap(element => {
      const value = generalValue(element, document)
      return value ? [[element.field, value] as const] : []
    })
  const perItem = optionalFields(message)
  return {
    type: 'object',
    additionalProperties: false,
    required: [...Object.keys(around), ...values.map(([field]) => field)].filter(
      field => !perItem.has(field),
    ),
    properties: { ...around, ...Object.fromEntries(values) },
  }
}

/** Fields whose absence refuses their item, not the message: it is about one person. */
function optionalFields({ preconditions }: MessageType): ReadonlySet<string | undefined> {
  const { dateField, documentField } = preconditions?.participation ?? {}
  return new Set([dateField, documentField])
}

function generalValue(element: DataElement, document: Agreement): AnySchemaObject | undefined {
  if (element.codes) return codeList(element.id, element.codes)
  return element.field === 'found' ? foundValue(document) : FORMATS[element.format]
}

/** What was found, one item each: a number of people, or a row id, as the agreement grants. */
function foundValue(document: Agreement): AnySchemaObject {
  // Both types for counts: ajv is strict about a `not` that its type already excludes.
  const counts = { ...FORMATS['count'], type: ['integer', 'string'] }
  const form = document.modalities.granularity === 'counts' ? counts : FORMATS['row-id']
  return { ...form, ...grantedForm(document, 'string') }
}
