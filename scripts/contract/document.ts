// The contract as data, without what only people read: what is said of it may always be said better.

export type Schema = { [name: string]: unknown }

/** Who writes what a schema describes: a caller (`in`) or the gateway (`out`). */
export type Direction = 'in' | 'out'

export interface Contract {
  version: string
  openapi: Schema
  /** schemas/, by file name without its ending: of formats that are exchanged outside the interface too. */
  schemas: Record<string, Schema>
}

/** Formats that are written or read elsewhere than at an operation, and by whom. */
export const FORMATS: Record<string, Direction> = {
  protocol: 'in',
  signatures: 'in',
  receipt: 'out',
  'evidence-bundle': 'out',
}

const FOR_PEOPLE = new Set([
  'description',
  'summary',
  'title',
  'example',
  'examples',
  'tags',
  '$comment',
  'default',
])
const NAMED = new Set([
  'properties',
  'schemas',
  'paths',
  'webhooks',
  'responses',
  'headers',
  '$defs',
])

/** A part of the contract without words and examples. */
export function bare(part: unknown, isNames = false): unknown {
  if (Array.isArray(part)) return part.map(it => bare(it))
  if (!isSchema(part)) return part
  const kept = Object.entries(part).filter(([name]) => isNames || !FOR_PEOPLE.has(name))
  const entries = kept.map(([name, it]) => {
    // A member that may be anything, or may not be, has a schema like others.
    if (isNames && typeof it === 'boolean') return [name, it ? {} : { not: {} }]
    return [name, bare(it, !isNames && NAMED.has(name))]
  })
  return Object.fromEntries(entries)
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A schema with the document that its references are in. */
export interface Place {
  schema: Schema
  /** The file of schemas/ it is in; undefined in the description. */
  file: string | undefined
}

/** Follows the reference of a schema, if it is one; members beside it count too. */
export function follow(contract: Contract, { schema, file }: Place): Place {
  const { $ref, ...beside } = schema
  if (typeof $ref !== 'string') return { schema, file }
  const [other = '', pointer = ''] = $ref.split('#')
  const next = other ? other.replace(/\.json$/, '') : file
  const root = next === undefined ? contract.openapi : contract.schemas[next]
  const target = pointer
    .split('/')
    .slice(1)
    .map(name => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((part, name) => (part as Schema | undefined)?.[name], root)
  if (!isSchema(target)) throw new Error(`${$ref} leads nowhere`)
  const found = follow(contract, { schema: target, file: next })
  return { schema: { ...found.schema, ...beside }, file: found.file }
}
