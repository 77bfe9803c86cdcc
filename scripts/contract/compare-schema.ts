import {
  type Contract,
  type Direction,
  follow,
  isSchema,
  type Place,
  type Schema,
} from './document.ts'

/** A difference, in words; breaking where what worked with the former may not with the new. */
export interface Change {
  place: string
  words: string
  breaking: boolean
}

export interface Pair {
  before: Contract
  after: Contract
  changes: Change[]
  /** Pairs that were compared, by place of both and direction: references go round. */
  seen: Set<string>
}

/** Said to grow, so that receivers must bear what they do not know: kinds of events, and of entries. */
const GROWING = new Set(['EventType', 'eventType', 'Envelope'])
const KIND_OF_ENTRY = '/entry/action'

// By which rule a bigger number allows more, or less.
const LIMITS: Record<string, 'most' | 'least'> = {
  ...{ maxLength: 'most', maxItems: 'most', maximum: 'most', maxProperties: 'most' },
  ...{ exclusiveMaximum: 'most', minLength: 'least', minItems: 'least', minimum: 'least' },
  ...{ exclusiveMinimum: 'least', minProperties: 'least' },
}
const COMPARED = new Set([
  ...['$ref', '$id', '$schema', '$defs', 'type', 'enum', 'const', 'properties', 'required'],
  ...['additionalProperties', 'items', 'oneOf', 'anyOf', ...Object.keys(LIMITS)],
])

/**
 * Compares two schemas of one place. What a caller writes may not be held to more than before, and what the
 * gateway writes may not be more than receivers were told.
 */
export function compareSchemas(
  pair: Pair,
  [old, now]: [Place, Place],
  direction: Direction,
  place: string,
): void {
  const names = [old, now].map(({ schema, file }) => `${file}${schema['$ref'] ?? ''}`)
  if (old.schema['$ref'] !== undefined) {
    const key = [...names, direction].join(' ')
    if (pair.seen.has(key)) return
    pair.seen.add(key)
  }
  const before = follow(pair.before, old)
  const after = follow(pair.after, now)
  const both = [before.schema, after.schema] as const
  const note = (breaking: boolean, words: string) => pair.changes.push({ place, words, breaking })
  const name =
    String(old.schema['$ref'] ?? '')
      .split('/')
      .at(-1) ?? ''
  const grows = GROWING.has(name) || place.endsWith(KIND_OF_ENTRY)
  compareTypes(both, direction, note)
  compareValues(both, direction, grows, note)
  compareLimits(both, direction, note)
  compareOthers(both, note)
  compareMembers(pair, [before, after], direction, place)
  compareItems(pair, [before, after], direction, place)
  compareBranches(pair, [before, after], { direction, place, grows })
}

type Note = (breaking: boolean, words: string) => void
type Both = readonly [Schema, Schema]

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function compareTypes([old, now]: Both, direction: Direction, note: Note): void {
  if (old['type'] === undefined && now['type'] === undefined) return
  const before = old['type'] === undefined ? undefined : listOf(old['type'])
  const after = now['type'] === undefined ? undefined : listOf(now['type'])
  const allows = (types: unknown[] | undefined, one: unknown) =>
    !types || types.includes(one) || (one === 'integer' && types.includes('number'))
  const gone = after ? (before ?? ['any other']).filter(one => !allows(after, one)) : []
  const come = before ? (after ?? ['any other']).filter(one => !allows(before, one)) : []
  if (gone.length > 0) note(direction === 'in', `type narrowed: no longer ${gone.join(', ')}`)
  if (come.length > 0) note(direction === 'out', `type widened: also ${come.join(', ')}`)
}

function valuesOf(schema: Schema): unknown[] | undefined {
  if ('const' in schema) return [schema['const']]
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined
}

function compareValues([old, now]: Both, direction: Direction, grows: boolean, note: Note): void {
  const before = valuesOf(old)
  const after = valuesOf(now)
  if (!before && !after) return
  if (!before) note(direction === 'in', 'only listed values are left')
  if (!after) note(direction === 'out' && !grows, 'any value, where values were listed')
  if (!before || !after) return
  const gone = before.filter(one => !after.includes(one))
  const come = after.filter(one => !before.includes(one))
  if (gone.length > 0) note(direction === 'in', `value removed: ${gone.join(', ')}`)
  if (come.length > 0) note(direction === 'out' && !grows, `value added: ${come.join(', ')}`)
}

function compareLimits([old, now]: Both, direction: Direction, note: Note): void {
  for (const [rule, side] of Object.entries(LIMITS)) {
    const none = side === 'most' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    const before = (old[rule] as number | undefined) ?? none
    const after = (now[rule] as number | undefined) ?? none
    if (before === after) continue
    const tighter = side === 'most' ? after < before : after > before
    const words = `${rule} ${tighter ? 'tightened' : 'loosened'} from ${before} to ${after}`
    note(tighter === (direction === 'in'), words)
  }
}

/** Rules whose effect is not weighed here: any change of one is breaking, but for one that is only dropped. */
function compareOthers([old, now]: Both, note: Note): void {
  const rules = new Set([...Object.keys(old), ...Object.keys(now)])
  for (const rule of rules) {
    if (COMPARED.has(rule) || rule.startsWith('x-') || same(old[rule], now[rule])) continue
    note(true, `rule ${rule} changed`)
  }
}

const membersOf = ({ schema }: Place) => (schema['properties'] ?? {}) as Record<string, Schema>
const requiredOf = ({ schema }: Place) => listOf(schema['required'] ?? []) as string[]

function compareMembers(
  pair: Pair,
  [old, now]: [Place, Place],
  direction: Direction,
  place: string,
): void {
  const before = membersOf(old)
  const after = membersOf(now)
  const note = (breaking: boolean, words: string) => pair.changes.push({ place, words, breaking })
  for (const [name, schema] of Object.entries(before)) {
    const other = after[name]
    if (!other) note(true, `member removed: ${name}`)
    else {
      const places: [Place, Place] = [
        { schema, file: old.file },
        { schema: other, file: now.file },
      ]
      compareSchemas(pair, places, direction, `${place}/${name}`)
    }
  }
  const asked = requiredOf(now).filter(name => !requiredOf(old).includes(name))
  const left = requiredOf(old).filter(name => !requiredOf(now).includes(name))
  for (const name of Object.keys(after).filter(name => !(name in before)))
    if (!asked.includes(name)) note(false, `member added: ${name}`)
  for (const name of asked) note(direction === 'in', `member required now: ${name}`)
  for (const name of left.filter(name => name in after))
    note(direction === 'out', `member no longer always there: ${name}`)
  const [open, isOpen] = [old, now].map(it => it.schema['additionalProperties'] !== false)
  if (open && !isOpen) note(direction === 'in', 'other members are refused now')
  if (!open && isOpen) note(direction === 'out', 'other members may come now')
}

function compareItems(
  pair: Pair,
  [old, now]: [Place, Place],
  direction: Direction,
  place: string,
): void {
  for (const rule of ['items', 'additionalProperties']) {
    const before = old.schema[rule]
    const after = now.schema[rule]
    if (isSchema(before) && isSchema(after)) {
      const places: [Place, Place] = [
        { schema: before, file: old.file },
        { schema: after, file: now.file },
      ]
      compareSchemas(pair, places, direction, `${place}/*`)
    } else if (rule === 'items' && !same(before, after)) {
      pair.changes.push({ place, words: 'rule items changed', breaking: true })
    }
  }
}

function compareBranches(
  pair: Pair,
  [old, now]: [Place, Place],
  { direction, place, grows }: { direction: Direction; place: string; grows: boolean },
): void {
  for (const rule of ['oneOf', 'anyOf']) {
    const before = branchesOf(pair.before, old, rule)
    const after = branchesOf(pair.after, now, rule)
    for (const [key, branch] of before) {
      const other = after.get(key)
      if (other) compareSchemas(pair, [branch, other], direction, `${place}/${rule}(${key})`)
      else pair.changes.push({ place, words: `form removed: ${key}`, breaking: direction === 'in' })
    }
    for (const key of [...after.keys()].filter(key => !before.has(key))) {
      const breaking = direction === 'out' && !grows
      pair.changes.push({ place, words: `form added: ${key}`, breaking })
    }
  }
}

/** The branches of a choice by what tells them apart: a reference, a constant, or their place in the list. */
function branchesOf(contract: Contract, { schema, file }: Place, rule: string): Map<string, Place> {
  const list = schema[rule]
  if (!Array.isArray(list)) return new Map()
  return new Map(
    list.map((one: Schema, index) => {
      const whole = follow(contract, { schema: one, file }).schema
      const members = Object.entries((whole['properties'] ?? {}) as Record<string, Schema>)
      const fixed = members
        .filter(([, it]) => 'const' in it)
        .map(([name, it]) => `${name} ${it['const']}`)
      const key = one['$ref'] ?? whole['const'] ?? (fixed.join(', ') || `${index + 1}`)
      return [String(key), { schema: one, file }]
    }),
  )
}
