import fc from 'fast-check'
import { description, fitter } from './operations.ts'

/** What of JSON Schema 2020-12 the description uses. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  oneOf?: Schema[]
  anyOf?: Schema[]
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  propertyNames?: Schema
  minProperties?: number
  additionalProperties?: boolean | Schema
  dependentRequired?: Record<string, string[]>
  if?: Schema
}

// Longer lists and texts are a matter of the mutations: they cost time, and say little more.
const MOST_ITEMS = 4
const MOST_CHARACTERS = 300

/** `count` values that a schema of the description allows, always the same for a seed. */
export function samplesOf(schema: Schema, count: number, seed: number): unknown[] {
  return fc.sample(arbitraryOf(schema), { numRuns: count, seed })
}

function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref) return arbitraryOf(resolve(schema))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return fc.oneof(...choices.map(arbitraryOf))
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'object']
  const kinds = types.map(type => ofType(type, schema))
  return kinds.length === 1 && kinds[0] ? kinds[0] : fc.oneof(...kinds)
}

// Other members beside $ref count too; of those a schema has, the outer ones come first.
function resolve({ $ref, ...own }: Schema): Schema {
  const name = $ref?.split('/').at(-1) ?? ''
  const found = description.components.schemas[name]
  if (!found) throw new Error(`the description has no schema ${name}`)
  return { ...found, ...own }
}

function ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  const { minimum = -1_000, maximum = 1_000_000 } = schema
  if (type === 'string') return ofText(schema)
  if (type === 'integer') return fc.integer({ min: minimum, max: maximum })
  if (type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true })
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  return type === 'array' ? ofList(schema) : ofObject(schema)
}

function ofText(schema: Schema): fc.Arbitrary<string> {
  const { pattern, format, minLength = 0, maxLength = MOST_CHARACTERS } = schema
  const most = Math.min(maxLength, Math.max(minLength, MOST_CHARACTERS))
  const dates = fc.date({
    min: new Date('2020-01-01'),
    max: new Date('2030-01-01'),
    noInvalidDate: true,
  })
  if (format === 'date') return dates.map(date => date.toISOString().slice(0, 10))
  if (format === 'date-time') return dates.map(date => date.toISOString())
  // Nobody has such a host: nothing may go to one that exists.
  if (format === 'uri') return fc.webPath().map(path => `https://webhook.invalid${path}`)
  if (!pattern) return fc.string({ minLength, maxLength: most, unit: 'grapheme' })
  const texts = fc.stringMatching(new RegExp(pattern))
  return texts.filter(text => text.length >= minLength && text.length <= maxLength)
}

function ofList({ items = {}, minItems = 0, maxItems = MOST_ITEMS, uniqueItems }: Schema) {
  const lengths = { minLength: minItems, maxLength: Math.min(maxItems, minItems + MOST_ITEMS) }
  const item = arbitraryOf(items)
  return uniqueItems
    ? fc.uniqueArray(item, { ...lengths, selector: one => JSON.stringify(one) })
    : fc.array(item, lengths)
}

function ofObject(schema: Schema): fc.Arbitrary<unknown> {
  const { properties, required = [], propertyNames, additionalProperties, minProperties } = schema
  if (!properties) {
    const names = propertyNames ? arbitraryOf({ type: 'string', ...propertyNames }) : fc.string()
    const values = typeof additionalProperties === 'object' ? additionalProperties : undefined
    return fc.dictionary(
      names as fc.Arbitrary<string>,
      values ? arbitraryOf(values) : fc.jsonValue(),
      {
        minKeys: minProperties ?? 0,
        maxKeys: MOST_ITEMS,
      },
    )
  }
  const members = Object.entries(properties).map(([name, one]) => [name, arbitraryOf(one)] as const)
  const whole = fc.record(Object.fromEntries(members), { requiredKeys: required })
  const depends = schema.dependentRequired || schema.if
  return depends ? whole.filter(fitter(schema)) : whole
}
