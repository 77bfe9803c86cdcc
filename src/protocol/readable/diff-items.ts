import type { Protocol } from '../document.ts'
import { nameOf } from './shared.ts'
import { word } from './words.ts'

/** An item of a list: what it is known by, what people call it, and the item itself. */
export interface Named {
  key: string
  /** Absent for a mere text. */
  label: string | undefined
  value: unknown
}

/** Properties that tell one item of a list from another, in this order. */
const KEYS = [
  'id',
  'type',
  'code',
  'targetGroup',
  'party',
  'recipient',
  'number',
  'version',
  'name',
]
/** Properties that people know an item by, in this order. */
const NAMES = ['label', 'title', 'category', 'norm', 'name', 'body', 'targetGroup']

/** The items of a list by key, in their order; a second of the same key is `key#2`. */
export function namedItems(items: readonly unknown[], document: Protocol): Map<string, Named> {
  const seen = new Map<string, number>()
  return new Map(
    items.map(value => {
      const own = keyOf(value)
      const count = (seen.get(own) ?? 0) + 1
      seen.set(own, count)
      const key = count === 1 ? own : `${own}#${count}`
      return [key, { key, label: labelOf(value, document), value }]
    }),
  )
}

function keyOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item)
  const own = item as Record<string, unknown>
  if ('from' in own && 'to' in own && !('type' in own)) return `${own['from']}>${own['to']}`
  const name = KEYS.find(key => key in own)
  return name === undefined ? 'item' : textOf(own[name])
}

/** A target group is named by its id, in one place as an object. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'id' in value
    ? String(value.id)
    : String(value)
}

function labelOf(item: unknown, document: Protocol): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const own = item as Record<string, unknown>
  if (typeof own['party'] === 'string') return nameOf(document, own['party'])
  if ('change' in own) return `versie ${own['version']}`
  const name = NAMES.find(key => key in own)
  if (name !== undefined) return textOf(own[name])
  const kind = (key: string) => word('partyKind', String(own[key]))
  return `van ${kind('from')} naar ${kind('to')}`
}

/** Whether what both lists have is in the same order in both. */
export function isOrderKept(before: readonly string[], after: readonly string[]): boolean {
  const stayed = before.filter(key => after.includes(key))
  const kept = after.filter(key => before.includes(key))
  return stayed.every((key, index) => kept[index] === key)
}
