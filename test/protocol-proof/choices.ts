import fc from 'fast-check'
import type { Agreement, DataElement, MessageType } from '../../src/protocol/document.ts'
import { sampleFramework } from '../protocol/sample.ts'
import { NAMED_FIELDS } from './oracle.ts'

/** What makes a random document: the test's own words, which the oracle reads too. */
export interface TypeChoice {
  type: string
  pattern: MessageType['pattern']
  from: 'housing-company' | 'employment-service'
  to: 'housing-company' | 'employment-service' | 'gateway'
  purposes: string[]
  on: boolean
  grouped: boolean
}

export interface ElementChoice {
  field: string
  format: DataElement['format']
  codes: string[]
  place: 'header' | 'item'
  types: string[]
  purposes: string[]
}

export interface Choice {
  types: TypeChoice[]
  elements: ElementChoice[]
  granularity: 'counts' | 'person'
  perMessage: number
  /** Fields that an item may lack, because the type has a precondition on participation. */
  participation: { type: string; dateField: string; documentField: string } | undefined
}

const PURPOSES = ['detection', 'refinement', 'follow-up']
const PATTERNS = ['request', 'answer', 'event', 'progress', 'withdrawal', 'counts'] as const
const TYPES = ['detection.request', 'tenancy.ended', 'steps.counts', 'help.asked', 'help.given']
const FORMATS = [
  ...([
    'national-number',
    'tenant-reference',
    'document-reference',
    'pseudonym',
    'row-id',
  ] as const),
  ...(['date', 'month', 'code', 'count', 'boolean', 'target-group', 'text'] as const),
]
const FIELDS = ['alpha', 'beta', 'gamma', 'insz', 'persons', 'toWhom', 'found', 'tag']

const mostly = fc.constantFrom(true, true, true, true, true, true, true, true, true, false)
const purposes = fc.oneof<fc.Arbitrary<string[]>[]>(
  fc.constant([...PURPOSES]),
  fc.constant([...PURPOSES]),
  fc.subarray(PURPOSES, { minLength: 1 }),
)
const way = fc.constantFrom(
  { from: 'housing-company' as const, to: 'employment-service' as const },
  { from: 'employment-service' as const, to: 'housing-company' as const },
  { from: 'housing-company' as const, to: 'gateway' as const },
)

function typeArb(type: string, pattern: fc.Arbitrary<TypeChoice['pattern']>) {
  return fc
    .record({
      pattern,
      way,
      purposes: fc.subarray(PURPOSES, { minLength: 1 }),
      on: mostly,
      grouped: mostly.map(not => !not),
    })
    .map(({ way: ends, ...rest }): TypeChoice => ({ type, ...ends, ...rest }))
}

/** An element of any format. Some fields mean one thing only, wherever they are. */
function elementArb(field: string, types: string[]): fc.Arbitrary<ElementChoice> {
  const fixed = new Map<string, DataElement['format']>([
    ['referenceDate', 'date'],
    ['targetGroup', 'target-group'],
    ['found', 'count'],
  ]).get(field)
  return fc
    .record({
      format: fixed ? fc.constant(fixed) : fc.constantFrom(...FORMATS),
      codes: fc.subarray(['one', 'two', 'three'], { minLength: 1 }),
      place: fc.constantFrom('header' as const, 'item' as const),
      types: fc.subarray(types, { minLength: 1 }),
      purposes,
    })
    .map(one => ({ field, ...one, codes: one.format === 'code' ? one.codes : [] }))
}

/** Documents of any types and elements, for the general form. */
export const generalChoice: fc.Arbitrary<Choice> = fc
  .record({
    types: fc.subarray(TYPES, { minLength: 1, maxLength: 3 }),
    fields: fc.subarray([...FIELDS, 'referenceDate', 'targetGroup'], {
      minLength: 1,
      maxLength: 6,
    }),
    optional: fc.boolean(),
    ...{ granularity: fc.constantFrom('counts' as const, 'person' as const) },
    perMessage: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ types, fields, optional, ...rest }) =>
    fc.record({
      types: fc.tuple(...types.map(type => typeArb(type, fc.constantFrom(...PATTERNS)))),
      elements: fc.tuple(...fields.map(field => elementArb(field, types))),
      granularity: fc.constant(rest.granularity),
      perMessage: fc.constant(rest.perMessage),
      participation: fc.constant(
        optional ? { type: types[0]!, dateField: 'alpha', documentField: 'beta' } : undefined,
      ),
    }),
  )

/** Documents of the named operations: some of their fields, some of their codes, either way. */
export const namedChoice: fc.Arbitrary<Choice> = fc.record({
  types: fc.tuple(
    ...Object.keys(NAMED_FIELDS).map(type => typeArb(type, fc.constant('event' as const))),
  ),
  elements: fc
    .subarray(namedElements(), { minLength: 6 })
    .chain(elements => fc.tuple(...elements.map(one => fewerCodes(one)))),
  granularity: fc.constantFrom('counts' as const, 'person' as const),
  perMessage: fc.integer({ min: 1, max: 4 }),
  participation: fc.constant(undefined),
})

/** All fields that a named operation knows, and one that none does. */
function namedElements(): ElementChoice[] {
  const types = Object.keys(NAMED_FIELDS)
  const known = new Map<string, ElementChoice>()
  for (const type of types) {
    for (const [field, { place, format, codes }] of Object.entries(NAMED_FIELDS[type]!)) {
      const before = known.get(field)?.types ?? []
      known.set(field, { field, place, format, codes, types: [...before, type], purposes: [] })
    }
  }
  const alien = { field: 'alpha', format: 'boolean' as const, codes: [], place: 'item' as const }
  return [...known.values(), { ...alien, types, purposes: [] }]
}

function fewerCodes(element: ElementChoice): fc.Arbitrary<ElementChoice> {
  const { codes, types } = element
  return fc
    .record({
      codes: codes.length ? fc.subarray(codes, { minLength: 1 }) : fc.constant([] as string[]),
      alien: fc.boolean(),
      types: fc.oneof<fc.Arbitrary<string[]>[]>(
        fc.constant(types),
        fc.subarray(types, { minLength: 1 }),
      ),
      purposes,
    })
    .map(one => ({
      ...element,
      types: one.types,
      purposes: one.purposes,
      // A code that the wire does not know is not one that passes.
      codes: one.codes.length && one.alien ? [...one.codes, 'elsewhere'] : one.codes,
    }))
}

/** The shipped framework with other message types, elements, answers and ceilings. */
export function documentFor(choice: Choice): Agreement {
  const document = sampleFramework()
  document.messageTypes = choice.types.map(one => messageTypeFor(one, choice))
  document.dataElements = choice.elements.map(one => elementFor(one, choice))
  document.modalities.granularity = choice.granularity
  document.periodicity.ceilings.perMessage = choice.perMessage
  return document
}

function messageTypeFor(one: TypeChoice, { participation }: Choice): MessageType {
  const { type, pattern, from, to, purposes: serves, on, grouped } = one
  const { dateField, documentField } = participation ?? { dateField: '', documentField: '' }
  const withdrawnBy = 'participation.withdrawn'
  return {
    ...{ type, pattern, from, to, label: type, recipient: 'klantenbestand', enabled: on },
    purposes: serves as MessageType['purposes'],
    ...(grouped && { targetGroups: ['tenants-with-labour-potential'] }),
    ...(participation?.type === type && {
      preconditions: { participation: { dateField, documentField, withdrawnBy } },
    }),
  }
}

function elementFor(one: ElementChoice, { types }: Choice): DataElement {
  const { field, format, codes, place } = one
  const directions = types
    .filter(({ type }) => one.types.includes(type))
    .map(({ from, to }) => ({ from, to }))
  return {
    ...{ id: field.toLowerCase(), field, format, place, label: field, definition: field },
    ...(codes.length > 0 && { codes: codes.map(code => ({ code, label: code })) }),
    messageTypes: one.types as DataElement['messageTypes'],
    directions: directions as DataElement['directions'],
    purposes: one.purposes as DataElement['purposes'],
    ...{ reaches: 'recipient', class: 'ordinary', necessity: 'test', transformation: 'plain' },
    retention: { period: 'test', why: 'test' },
  }
}
