import type { AnySchemaObject } from 'ajv/dist/2020.js'
import { readSchema } from '../schemas.ts'
import { type Agreement, type DataElement, elementsOf } from './document.ts'
import { ENVELOPE, type Form } from './forms.ts'

type Properties = Record<string, AnySchemaObject>

/** How the values of an element look in the general form, by format. Free text has none. */
const FORMATS: Readonly<Record<DataElement['format'], AnySchemaObject | undefined>> = {
  'national-number': { type: 'string', maxLength: 64 },
  'tenant-reference': { $ref: 'common.json#/$defs/tenantRef' },
  'document-reference': { $ref: 'common.json#/$defs/tenantRef' },
  pseudonym: { $ref: 'common.json#/$defs/tag' },
  'row-id': { $ref: 'common.json#/$defs/rowId' },
  date: { $ref: 'common.json#/$defs/calendarDate' },
  month: { $ref: 'common.json#/$defs/period' },
  code: { type: 'string' },
  count: { type: 'integer', minimum: 0, maximum: 100_000_000 },
  boolean: { type: 'boolean' },
  'target-group': { $ref: 'common.json#/$defs/targetGroup' },
  text: undefined,
}

/**
 * The wire schema of a message type, narrowed to what an agreement lists for it: other fields are
 * gone, code lists are those of the agreement, an answer has the form that it grants. Pure but for
 * reading the wire schema.
 */
export function narrowSchema(document: Agreement, type: string, form: Form): AnySchemaObject {
  const elements = elementsOf(document, type)
  const schema = readSchema(form.schema)
  return form.schema === 'message-request'
    ? narrowGeneral(schema, elements)
    : narrowNamed(schema, elements, form, document)
}

function narrowNamed(
  schema: AnySchemaObject,
  elements: DataElement[],
  { items }: Form,
  document: Agreement,
): AnySchemaObject {
  const top = keepListed(schema, elements.filter(isInHeader), document)
  if (!items) return top
  const list = top['properties'][items]
  const item = keepListed(list.items, elements.filter(isInItem), document)
  return { ...top, properties: { ...top['properties'], [items]: { ...list, items: item } } }
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
  if (element.codes) return codeList(element, wireCodes(part))
  return element.field === 'found' ? { ...part, ...grantedForm(document) } : part
}

/** The codes that the wire knows for a value; undefined where it knows no list. */
function wireCodes(part: AnySchemaObject): string[] | undefined {
  const name = String(part['$ref'] ?? '').replace('common.json#/$defs/', '')
  return readSchema('common')['$defs'][name]?.enum
}

/** The codes of the agreement, as far as the wire knows them. */
function codeList({ id, codes = [] }: DataElement, known?: string[]): AnySchemaObject {
  const listed = codes.map(({ code }) => code).filter(code => !known || known.includes(code))
  return { type: 'string', enum: listed, 'x-rule': `dataElements[${id}].codes` }
}

/** An answer in a form that the agreement does not grant is HB-315. */
function grantedForm({ modalities }: Agreement): AnySchemaObject {
  const refused = modalities.granularity === 'counts' ? 'array' : 'integer'
  return {
    not: { type: refused },
    'x-codes': { not: 'HB-315' },
    'x-rule': 'modalities.granularity',
  }
}

/** The general form: header fields as the wire schema has them, everything else in the items. */
function narrowGeneral(schema: AnySchemaObject, elements: DataElement[]): AnySchemaObject {
  const all = schema['properties'] as Properties
  const fields = new Set(elements.map(element => element.field))
  const kept = Object.entries(all).filter(([name]) => ENVELOPE.has(name) || fields.has(name))
  const properties = Object.fromEntries(kept)
  const inItems = elements.filter(element => !(element.field in properties))
  const values = inItems.flatMap(element => {
    const value = generalValue(element)
    return value ? [[element.field, value] as const] : []
  })
  const item = {
    type: 'object',
    additionalProperties: false,
    required: values.map(([field]) => field),
    properties: Object.fromEntries(values),
  }
  return { ...schema, properties: { ...properties, items: { ...all['items'], items: item } } }
}

function generalValue(element: DataElement): AnySchemaObject | undefined {
  return element.codes ? codeList(element) : FORMATS[element.format]
}
