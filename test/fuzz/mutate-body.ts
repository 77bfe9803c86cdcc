import type { Dice } from './dice.ts'
import { type Draft, toJson } from './draft.ts'
import { plantedNumber, plantedText } from './secrets.ts'

const LENGTHS = [
  0, 1, 21, 22, 23, 42, 43, 44, 63, 64, 65, 255, 256, 257, 1_000, 1_024, 1_025, 8_193, 100_000,
]
const COUNTS = [0, 2, 999, 1_000, 1_001, 5_001]
const NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  1,
  999,
  1_000,
  1_001,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e21,
  1e308,
  -1e308,
]
const TEXTS = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\udc00x',
    '\u202e',
    '\ufeff',
    '🏠',
    'ﬀ',
    'e\u0301',
    '\r\n',
    '\u2028',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'true',
    'NaN',
    '-0',
    '1e400',
    '0x10',
  ],
  ...[
    '../..',
    '/etc/passwd',
    'file:///etc/passwd',
    'http://169.254.169.254/',
    'http://[::ffff:10.0.0.1]/',
  ],
  ...[
    "' OR 1=1 --",
    '"; DROP TABLE message; --',
    '$(id)',
    '`id`',
    '%00',
    '%s%n',
    '{{7*7}}',
    '<script>alert(1)</script>',
  ],
  ...[
    '0000-01-01',
    '1900-01-01',
    '2026-02-30',
    '2199-12-31',
    '2026-13',
    '9999-12-31T23:59:59.999Z',
    '2026-11-21T00:00:00+99:00',
  ],
]
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'length',
  '',
  '/~0',
  '$ref',
  'insz',
  'items',
  'domain',
  'inReplyTo',
  'approval',
]

/** A value that does not belong where it is put. */
export function oddValue(dice: Dice): unknown {
  const kind = dice.below(10)
  if (kind < 3) return plantedText(dice)
  if (kind < 5) return plantedNumber(dice)
  if (kind < 7) return dice.pick(TEXTS)
  if (kind === 7) return dice.pick(NUMBERS)
  if (kind === 8) return dice.pick([null, true, false, [], {}, [[]], [null], { length: 9 }])
  return { [oddName(dice)]: plantedText(dice), [plantedText(dice)]: [plantedNumber(dice)] }
}

function oddName(dice: Dice): string {
  return dice.chance(0.3) ? plantedText(dice) : dice.pick(NAMES)
}

type Holder = Record<string, unknown> | unknown[]
interface Place {
  holder: Holder
  key: string | number
  value: unknown
}

function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return places
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value)
  for (const [key, member] of entries) {
    places.push({ holder: value as Holder, key, value: member })
    placesIn(member, places)
  }
  return places
}

function put({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    ...{ enumerable: true, writable: true, configurable: true },
  })
}

/** What can be done to the value of a body, by name. */
export const TREE_MUTATIONS: Record<string, (place: Place, dice: Dice) => void> = {
  odd: (place, dice) => put(place, oddValue(dice)),
  type: (place, dice) => put(place, otherType(place.value, dice)),
  missing: ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
  },
  extra: ({ holder }, dice) => {
    if (Array.isArray(holder)) holder.push(oddValue(dice))
    else put({ holder, key: oddName(dice), value: undefined }, oddValue(dice))
  },
  length: (place, dice) => put(place, otherLength(place.value, dice)),
  number: (place, dice) => {
    const { value } = place
    put(
      place,
      typeof value === 'number' && dice.chance(0.5)
        ? value + dice.pick([-1, 1])
        : dice.pick(NUMBERS),
    )
  },
  unicode: (place, dice) => put(place, `${textOf(place.value)}${dice.pick(TEXTS)}`),
  twice: ({ holder }) => {
    if (Array.isArray(holder)) holder.push(...holder.slice(0, 3))
  },
  swapped: (place, dice) => {
    // The name of a domain stands in the log, and would be looked for there as a nonce.
    const names = Object.keys(place.holder).filter(name => name !== 'domain')
    const other = names[dice.below(names.length)]
    if (other !== undefined) put(place, (place.holder as Record<string, unknown>)[other])
  },
}

function otherType(value: unknown, dice: Dice): unknown {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string')
    return dice.pick<unknown>([[value], { value }, Number(value) || 7, null])
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? { ...value } : [value]
}

function otherLength(value: unknown, dice: Dice): unknown {
  if (Array.isArray(value)) {
    const [first = oddValue(dice)] = value
    return Array.from({ length: dice.pick(COUNTS) }, () => first)
  }
  const text = textOf(value)
  if (dice.chance(0.3)) return text.slice(0, -1)
  return dice.chance(0.3)
    ? `${text}A`
    : (text || 'x').repeat(dice.pick(LENGTHS)).slice(0, dice.pick(LENGTHS))
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : toJson(value))

/** What can be done to the text of a body, by name. */
export const TEXT_MUTATIONS: Record<string, (json: string, dice: Dice) => string | Buffer> = {
  'name-twice': (json, dice) => json.replace(/^\{("\w+"):/, `{$1:${toJson(oddValue(dice))},$1:`),
  nested: (_, dice) => {
    const depth = dice.pick([30, 65, 1_000, 100_000])
    const [open, close] = dice.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const)
    return open.repeat(depth) + (dice.chance(0.5) ? `1${close.repeat(depth)}` : '')
  },
  cut: (json, dice) => json.slice(0, dice.below(json.length)),
  tail: (json, dice) => `${json}${dice.pick(['{}', ',', '\u0000', ' x', '//'])}`,
  mark: json => `\ufeff${json}`,
  bytes: (json, dice) =>
    Buffer.concat([Buffer.from(json.slice(0, -2)), dice.bytes(8), Buffer.from('"}')]),
  wide: json => Buffer.from(json, 'utf16le'),
  huge: (json, dice) => `${json.slice(0, -1)},"x":"${'y'.repeat(dice.pick([16_384, 1_048_577]))}"}`,
  many: (json, dice) => {
    const names = Array.from({ length: dice.pick([33, 2_000]) }, (_, at) => `"k${at}":1`)
    return `${json.slice(0, -1)},${names.join()}}`
  },
  empty: () => '',
  overflow: json => json.replace(/\d+/, '1e400'),
  other: (_, dice) => toJson(oddValue(dice)),
  random: (_, dice) => dice.bytes(dice.pick([1, 16, 300])),
}

/** Changes the body in one way. */
export function mutateBody(draft: Draft, dice: Dice): void {
  const places = placesIn(draft.tree)
  if (places.length > 0 && dice.chance(0.8)) {
    const name = dice.pick(Object.keys(TREE_MUTATIONS))
    TREE_MUTATIONS[name]?.(dice.pick(places), dice)
    draft.made.push(name)
    return
  }
  const name = dice.pick(Object.keys(TEXT_MUTATIONS))
  const text = typeof draft.tree === 'string' ? draft.tree : toJson(draft.tree ?? {})
  draft.raw = TEXT_MUTATIONS[name]?.(text, dice) ?? ''
  draft.made.push(name)
}
