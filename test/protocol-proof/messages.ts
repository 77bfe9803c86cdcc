import fc from 'fast-check'
import type { Choice, ElementChoice } from './choices.ts'
import { NAMED_FIELDS, type Sent } from './oracle.ts'

type Members = Record<string, unknown>

/** One thing done to a message that was in order. */
interface Change {
  what: 'add' | 'set' | 'drop' | 'list' | 'whole' | 'item'
  inItem: boolean
  pick: number
  name: string
  value: unknown
}

/** How a message is made: of which type, by whom, how many items, and what is done to it. */
export interface Recipe {
  type: number
  rightSender: boolean
  purpose: number
  items: number
  seed: number
  changes: Change[]
}

const BYTES16 = 'pZ0wq1Jb0yQmX3d7aK9sDg'
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'income', 'reason'],
  ...['insz', 'insz ', 'ınsz', 'tenantref', 'tenantRef', '', 'items', 'tenants', 'domain', 'type'],
  ...['inReplyTo', 'feedbackId', 'referenceDate', 'targetGroup', 'alpha', 'x'.repeat(100), '🙂'],
]
const group = { id: 'tenants-with-labour-potential', version: '1.0' }
const VALUES: unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 1e308, 2 ** 53, 1000, 1001, 100_000_001, '', 'one', 'two'],
  ...['three', 'elsewhere', 'taken-up', 'hard-to-reach', 'art-6.1-1-b', 'art-6.11', '2026-02-30'],
  ...['2026-02-28', '2026-13', '2026-11', '1899-12-31', 'é', '🙂'.repeat(64), '🙂'.repeat(65)],
  ...['x'.repeat(64), 'x'.repeat(65), `${BYTES16}x`, BYTES16, `${BYTES16}\n`, 'A-1\u0000'],
  ...['detection', 'help.asked', 'wm-vdab', 'constructor', '__proto__', [], {}, [[]], [{}]],
  ...[[BYTES16], [BYTES16, BYTES16], group, { ...group, version: '1.1' }, { ...group, more: 1 }],
]

const changeArb: fc.Arbitrary<Change> = fc.record({
  what: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('add' as const, 'set' as const, 'drop' as const) },
    { weight: 1, arbitrary: fc.constantFrom('list' as const, 'whole' as const, 'item' as const) },
  ),
  inItem: fc.boolean(),
  pick: fc.nat(20),
  name: fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 8, unit: 'binary' })),
  value: fc.oneof(fc.constantFrom(...VALUES), fc.jsonValue({ maxDepth: 2 })),
})

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  type: fc.nat(10),
  rightSender: fc.constantFrom(true, true, true, true, true, true, true, false),
  purpose: fc.nat(3),
  items: fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 5, 0),
  seed: fc.nat(1000),
  changes: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Change[]>([]) },
    { weight: 3, arbitrary: fc.array(changeArb, { minLength: 1, maxLength: 2 }) },
  ),
})

/** Two values of each format that are in order. */
const RIGHT: Record<ElementChoice['format'], unknown[]> = {
  'national-number': ['85.07.30-033.28', 'anything short'],
  'tenant-reference': ['WB-1', 'x'.repeat(64)],
  'document-reference': ['D_1', '0'],
  pseudonym: [BYTES16, '3q2-7wABAgMEBQYHCAkKCw'],
  'row-id': ['3q2-7wABAgMEBQYHCAkKCw', BYTES16],
  date: ['2024-02-29', '1999-12-31'],
  month: ['2026-12', '2026-01'],
  code: [],
  count: [0, 214],
  boolean: [true, false],
  'target-group': [group],
  text: ['free text'],
}

/** Makes the message of a recipe: well formed under the choices, then changed. */
export function makeMessage(choice: Choice, how: Recipe, general: boolean): Sent {
  const type = choice.types[how.type % choice.types.length]!
  const purposes = [...type.purposes, type.purposes[0]!, 'marketing']
  const named = purposes[how.purpose % purposes.length]!
  const other = type.from === 'housing-company' ? 'employment-service' : 'housing-company'
  const own = general || type.type === 'detection.request' ? named : type.purposes[0]!
  // Once in a while also what serves another purpose only.
  const listed = choice.elements
    .filter(one => one.types.includes(type.type))
    .filter(one => one.purposes.includes(own) || how.seed % 5 === 0)
  const body = general
    ? generalBody(choice, how, { ...type, purpose: named }, listed)
    : namedBody(choice, how, { ...type, purpose: named }, listed)
  const changed = how.changes.reduce<unknown>(change, body)
  return {
    from: how.rightSender ? type.from : other,
    type: type.type,
    purpose: type.purposes[0]!,
    // As it comes over the wire: also a member named __proto__ is one of its own.
    body: JSON.parse(JSON.stringify(changed)) as unknown,
    general,
  }
}

const AROUND: Members = {
  protocol: 'wm-vdab',
  nonce: 'n'.repeat(43),
  domain: 'wm-vdab/1/1',
  inReplyTo: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
  requestDigest: `${'d'.repeat(42)}A`,
}

type Kind = { type: string; pattern: string; purpose: string }

function generalBody(choice: Choice, how: Recipe, kind: Kind, listed: ElementChoice[]): Members {
  const answers = ['answer', 'counts'].includes(kind.pattern)
  const tagged = listed.some(one => one.format === 'pseudonym')
  const once = ['referenceDate', 'targetGroup']
  const progress = kind.pattern === 'progress' && { feedbackId: 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3' }
  const item = (index: number) => ({
    ...progress,
    ...valuesOf(choice, how.seed + index, listed, one => !once.includes(one.field)),
  })
  return {
    ...pick(['protocol', 'nonce', ...(tagged ? ['domain'] : [])]),
    ...pick(answers ? ['inReplyTo', 'requestDigest'] : []),
    ...{ type: kind.type, purpose: kind.purpose },
    ...valuesOf(choice, how.seed, listed, one => once.includes(one.field)),
    items: Array.from({ length: how.items }, (_, index) => item(index)),
  }
}

const NAMED_AROUND: Record<string, { around: string[]; list?: string }> = {
  'detection.request': { around: ['protocol', 'nonce'], list: 'tenants' },
  'detection.answer': { around: ['nonce', 'requestDigest'] },
  'feedback.reachability': { around: ['protocol', 'domain', 'nonce'], list: 'items' },
  'feedback.progress': { around: ['nonce'] },
  'tenancy.ended': { around: ['protocol', 'nonce'], list: 'items' },
}

function namedBody(choice: Choice, how: Recipe, kind: Kind, listed: ElementChoice[]): Members {
  const { around, list } = NAMED_AROUND[kind.type]!
  const known = listed.filter(one => Object.hasOwn(NAMED_FIELDS[kind.type]!, one.field))
  const item = (index: number) =>
    valuesOf(choice, how.seed + index, known, one => one.place === 'item')
  return {
    ...pick(around),
    ...(kind.type === 'detection.request' && { purpose: kind.purpose }),
    ...valuesOf(choice, how.seed, known, one => one.place === 'header', false),
    ...(list && { [list]: Array.from({ length: how.items }, (_, index) => item(index)) }),
  }
}

function pick(names: string[]): Members {
  return Object.fromEntries(names.map(name => [name, AROUND[name]]))
}

/** A value that is in order for each of the fields that are chosen. Free text has none. */
function valuesOf(
  { granularity }: Choice,
  seed: number,
  listed: ElementChoice[],
  chosen: (one: ElementChoice) => boolean,
  general = true,
): Members {
  const entries = listed
    .filter(one => chosen(one) && one.format !== 'text')
    .map(one => {
      const perPerson = granularity === 'person' && one.field === 'found' && !one.codes.length
      if (perPerson) return [one.field, general ? BYTES16 : [BYTES16]]
      const counted = one.field === 'found' && !one.codes.length
      const right = one.codes.length ? one.codes : RIGHT[counted ? 'count' : one.format]
      return [one.field, right[seed % right.length]]
    })
  return Object.fromEntries(entries)
}

function change(body: unknown, { what, inItem, pick: at, name, value }: Change): unknown {
  if (what === 'whole') return value
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const list = Object.entries(body).find(([, member]) => Array.isArray(member))
  if (what === 'list') return list ? { ...body, [list[0]]: value } : body
  const items = (list?.[1] ?? []) as unknown[]
  const index = at % Math.max(items.length, 1)
  if (!inItem && what !== 'item') return changeMembers(body, { what, pick: at, name, value })
  if (!list) return body
  const next = items.map((one, place) =>
    place === index ? changeItem(one, { what, pick: at, name, value }) : one,
  )
  return { ...body, [list[0]]: next }
}

type Small = Omit<Change, 'inItem'>

function changeItem(item: unknown, small: Small): unknown {
  if (small.what === 'item' || typeof item !== 'object' || item === null) return small.value
  return changeMembers(item, small)
}

function changeMembers(members: object, { what, pick: at, name, value }: Small): object {
  const names = Object.keys(members)
  const chosen = what === 'add' ? name : (names[at % Math.max(names.length, 1)] ?? name)
  const kept = Object.entries(members).filter(([one]) => one !== chosen)
  const entries = what === 'drop' ? kept : [...kept, [chosen, value] as const]
  return Object.fromEntries(entries)
}
