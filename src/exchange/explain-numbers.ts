import { refuse } from '../errors.ts'
import type { Agreement } from '../protocol/document.ts'
import { isAgreement } from '../protocol/document.ts'
import { isBlind } from '../protocol/forms.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { SECRET_BYTES, TAG_BYTES } from '../pseudonym/derive.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import { safePointer } from '../schema-errors.ts'

/** What stands in the place of every national number in a question for an explanation. */
export const SYNTHETIC = 'synthetic'

/** Fields that hold a national number on the wire whatever the protocol. */
export const ALWAYS: readonly string[] = ['insz']

/** What a blind sender has in the place of a number and tells nobody but the intake. */
const SECRET: readonly string[] = ['secret', 'subjectTag']

/**
 * Names of the fields that hold national numbers, or the secret pseudonyms in the place of one: under
 * the named protocol, or else under any.
 */
export function numberFields(set: ProtocolSet, protocol: unknown): ReadonlySet<string> {
  const named = typeof protocol === 'string' ? agreementOf(set, protocol) : undefined
  const documents = named ? [named] : [...set.protocols.values()].filter(isAgreement)
  const elements = documents.flatMap(({ document }) => document.dataElements)
  const free = SECRET.filter(name => !elements.some(({ field }) => field === name))
  return new Set([...ALWAYS, ...free, ...documents.flatMap(({ document }) => fieldsIn(document))])
}

function fieldsIn(document: Agreement): string[] {
  return document.dataElements
    .filter(({ format }) => format === 'national-number')
    .map(({ field }) => field)
}

/** No place is told deeper than this. */
const LONGEST_POINTER = 200

/**
 * Refuses a question that holds a national number anywhere, names of members included, or anything
 * but the word "synthetic" in the place of one. Nothing of the body is in the refusal but places.
 * @param fields names of the members that hold national numbers
 * @param day today, YYYY-MM-DD
 * @returns how many places hold "synthetic"
 * @throws Refusal HB-209
 */
export function assertNoNumbers(body: unknown, fields: ReadonlySet<string>, day: string): number {
  let synthetic = 0
  // A loop and no recursion: a body may be nested as deep as it is long.
  const left: [unknown, string][] = [[body, '']]
  for (let next = left.pop(); next; next = left.pop()) {
    const [value, pointer] = next
    if (typeof value === 'object' && value !== null) {
      for (const [name, part] of Object.entries(value)) {
        const place = placeOf(pointer, name)
        if (holdsNumber(name, day)) throw refused(pointer, 'no national number in a name')
        if (!fields.has(name)) left.push([part, place])
        else if (part === SYNTHETIC) synthetic += 1
        else throw refused(place, 'the word "synthetic" here')
      }
    } else if (holdsNumber(value, day)) throw refused(pointer, 'no national number anywhere')
  }
  return synthetic
}

function placeOf(pointer: string, name: string): string {
  return pointer.length > LONGEST_POINTER ? pointer : safePointer(`${pointer}/${name}`)
}

function refused(pointer: string, rule: string): Error {
  return refuse('HB-209', pointer, `POST /v1/explain: ${rule}`)
}

function holdsNumber(value: unknown, day: string): boolean {
  const text = typeof value === 'number' ? String(value).padStart(11, '0') : value
  return typeof text === 'string' && containsNationalNumber(text, day)
}

/**
 * The message with a valid number, another one each, for every "synthetic" in a field of its items,
 * so that the checks of the real intake can be made. No person has these numbers in a register.
 */
export function withStandIns(items: readonly object[], field: string): Record<string, unknown>[] {
  return items.map((item, index) => {
    const given = (item as Record<string, unknown>)[field]
    return { ...item, ...(given === SYNTHETIC && { [field]: standIn(index) }) }
  })
}

/**
 * The message of a blind sender with pseudonyms of the right form, others each, for every "synthetic"
 * in the place of one. Nobody has them.
 */
export function withPseudonyms(body: Record<string, unknown>): Record<string, unknown> {
  const lists = ['tenants', 'items'].filter(name => isBlind(body[name]))
  const made = lists.map(name => [name, (body[name] as unknown[]).map(pseudonymised)] as const)
  return { ...body, ...Object.fromEntries(made) }
}

function pseudonymised(item: unknown, index: number): unknown {
  if (typeof item !== 'object' || item === null) return item
  const parts = Object.entries(item).map(([name, value]) => {
    const bytes = value === SYNTHETIC ? BLIND_BYTES.get(name) : undefined
    return [name, bytes === undefined ? value : inBytes(bytes, index)]
  })
  return Object.fromEntries(parts)
}

const BLIND_BYTES = new Map([
  ['tag', TAG_BYTES],
  ['secret', SECRET_BYTES],
  ['subjectTag', TAG_BYTES],
])

function inBytes(length: number, index: number): string {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32BE(index)
  return bytes.toString('base64url')
}

const SERIALS = 998

// Births of 1950, one a serial number: 97 - (the first nine digits modulo 97).
function standIn(index: number): string {
  const nth = Math.floor(index / SERIALS)
  const [month, day] = [1 + Math.floor(nth / 28), 1 + (nth % 28)]
  const two = (part: number) => String(part).padStart(2, '0')
  const first = `50${two(month)}${two(day)}${String(1 + (index % SERIALS)).padStart(3, '0')}`
  return `${first}${two(97 - (Number(first) % 97))}`
}
