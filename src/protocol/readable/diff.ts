import { isDeepStrictEqual } from 'node:util'
import { articlesOf } from '../articles.ts'
import type { Protocol } from '../document.ts'
import { isOrderKept, type Named, namedItems } from './diff-items.ts'
import { labelOf, valueInWords } from './labels.ts'
import { upper } from './words.ts'

/** One thing that differs between two documents. */
export interface Change {
  kind: 'added' | 'removed' | 'changed' | 'reordered'
  /** Place in the document, such as `dataElements[peildatum].necessity`. */
  path: string
  /** What it is about: the name of an item; empty where the section is meant. */
  what: string
  /** Which part of it; empty where the whole is meant. */
  part: string
  before?: string
  after?: string
}

export interface ChangedSection {
  /** Property of the document, such as `dataElements`. */
  section: string
  title: string
  changes: readonly Change[]
}

/** What people look at first; what is not here follows in the order of the articles. */
const FIRST = [
  'dataElements',
  'purposes',
  'messageTypes',
  'recipients',
  'functions',
  'modalities',
  'periodicity',
  'estimates',
  'duration',
  'parties',
  'acceding',
]

interface Place {
  section: string
  path: string
  what: readonly string[]
  part: readonly string[]
  before: Protocol
  after: Protocol
}

type Json = Readonly<Record<string, unknown>>

/**
 * What changed from one document to another, in plain Dutch, by section: data elements first. Empty
 * only where both have the same digest (published copies: and the same signatures). Pure.
 */
export function diffDocuments(before: Protocol, after: Protocol): ChangedSection[] {
  return sectionsOf(before, after).flatMap(section => {
    const place = { section, path: section, what: [], part: [], before, after }
    const [old, now] = [before, after].map(one => (one as unknown as Json)[section])
    const changes = compare(place, section, old, now)
    return changes.length ? [{ section, title: upper(labelOf(section, section)), changes }] : []
  })
}

function sectionsOf(before: Protocol, after: Protocol): string[] {
  const inArticles = [after, before].flatMap(one => articlesOf(one).flatMap(([, all]) => all))
  const present = [...Object.keys(before), ...Object.keys(after)]
  const known = [...FIRST, ...inArticles].filter(section => present.includes(section))
  return [...new Set([...known, ...present.toSorted()])]
}

function compare(place: Place, key: string, old: unknown, now: unknown): Change[] {
  if (isDeepStrictEqual(old, now)) return []
  const [listed, listing] = [asList(old, now), asList(now, old)]
  if (listed && listing) return compareLists(place, key, listed, listing)
  if (old === undefined) return [changeAt(place, 'added', { after: describe(place, key, now) })]
  if (now === undefined) return [changeAt(place, 'removed', { before: describe(place, key, old) })]
  if (isObject(old) && isObject(now)) return compareObjects(place, old, now)
  return [changed(place, key, old, now)]
}

/** A list; where the other side has items and this side nothing, an empty one: each is told apart. */
function asList(value: unknown, other: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  const isMissing = value === undefined && Array.isArray(other) && other.length > 0
  return isMissing ? [] : undefined
}

function compareObjects(place: Place, old: Json, now: Json): Change[] {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(old)])]
  return keys.flatMap(key => {
    const path = `${place.path}.${key}`
    const part = [...place.part, labelOf(place.section, key)]
    return compare({ ...place, path, part }, key, old[key], now[key])
  })
}

function compareLists(
  place: Place,
  key: string,
  old: readonly unknown[],
  now: readonly unknown[],
): Change[] {
  const [before, after] = [namedItems(old, place.before), namedItems(now, place.after)]
  const gone = [...before.values()].filter(({ key: id }) => !after.has(id))
  const come = [...after.values()].filter(({ key: id }) => !before.has(id))
  const kept = [...after.values()].flatMap(one => {
    const other = before.get(one.key)
    return other ? compare(below(place, one), key, other.value, one.value) : []
  })
  const moved = isOrderKept([...before.keys()], [...after.keys()])
    ? []
    : [changeAt(place, 'reordered', {})]
  return [...addedOrRemoved(place, key, gone, come), ...kept, ...moved]
}

/** Texts that went and came in pairs are changes; items with a name of their own are not. */
function addedOrRemoved(
  place: Place,
  key: string,
  gone: readonly Named[],
  come: readonly Named[],
): Change[] {
  const texts = [...gone, ...come].every(({ value }) => !isObject(value))
  const pairs = texts && gone.length === come.length ? gone.length : 0
  const changes = gone
    .slice(0, pairs)
    .map((one, index) => changed(below(place, one), key, one.value, come[index]?.value))
  const added = come.slice(pairs).map(one => {
    const at = below(place, one)
    return changeAt(at, 'added', { after: describe(at, key, one.value) })
  })
  const removed = gone.slice(pairs).map(one => {
    const at = below(place, one)
    return changeAt(at, 'removed', { before: describe(at, key, one.value) })
  })
  return [...added, ...removed, ...changes]
}

/** An item deeper down is told after what it is in: `Peildatum` — `codelijst, naam`. */
function below(place: Place, { key, label }: Named): Place {
  if (label === undefined) return place
  const path = `${place.path}[${key}]`
  if (!place.part.length) return { ...place, path, what: [...place.what, label] }
  return { ...place, path, part: [...place.part, `“${label}”`] }
}

function changed(place: Place, key: string, old: unknown, now: unknown): Change {
  const [before, after] = [describe(place, key, old), describe(place, key, now)]
  if (before !== after) return changeAt(place, 'changed', { before, after })
  // Two terms with one word: show them as they are.
  return changeAt(place, 'changed', { before: JSON.stringify(old), after: JSON.stringify(now) })
}

function changeAt(
  { path, what, part }: Place,
  kind: Change['kind'],
  texts: { before?: string; after?: string },
): Change {
  return { kind, path, what: what.join(', '), part: part.join(', '), ...texts }
}

/** A whole value in words: every part of it with its name, each on a line of its own. */
function describe(place: Place, key: string, value: unknown, between = '\n'): string {
  if (Array.isArray(value)) {
    return value.length ? value.map(one => describe(place, key, one, '; ')).join(', ') : 'leeg'
  }
  if (!isObject(value)) return valueInWords(key, value)
  return Object.entries(value)
    .map(([name, one]) => `${labelOf(place.section, name)}: ${describe(place, name, one, '; ')}`)
    .join(between)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
