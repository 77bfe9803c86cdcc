import { compile, type JSONSchema } from 'json-schema-to-typescript'

/** A JSON schema as plain data. */
export type Schema = Record<string, unknown>

const BANNER = `// Generated from schemas/ by scripts/generate.ts: do not edit, run "npm run generate".
`

/**
 * TypeScript types of every schema, as one module: all schemas become definitions of one bundle, so
 * that each shared part is written once.
 */
export async function typesOf(schemas: Map<string, Schema>): Promise<string> {
  const definitions: Record<string, unknown> = {}
  for (const [id, schema] of schemas) {
    const { $defs, ...found } = forTypes(schema, id) as Schema
    if (id !== 'common') add(definitions, { [id]: { ...found, title: typeName(id) } })
    for (const [name, part] of Object.entries(($defs ?? {}) as Record<string, Schema>)) {
      const key = partName(id, name)
      add(definitions, { [key]: { ...part, title: typeName(key) } })
    }
  }
  const bundle = { title: 'Everything', type: 'object', additionalProperties: false, definitions }
  const source = await compile(bundle as JSONSchema, 'Everything', {
    bannerComment: BANNER,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 100 },
  })
  return `${withoutEverything(source)}\n${wireTypes([...schemas.keys()])}`
}

/** The name of a schema's type: the words of its id, each with a capital. */
export function typeName(id: string): string {
  return id.replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, __, letter: string) =>
    letter.toUpperCase(),
  )
}

function add(definitions: Schema, more: Schema): void {
  for (const [id, schema] of Object.entries(more)) {
    if (id in definitions) throw new Error(`two definitions are named ${id}`)
    definitions[id] = schema
  }
}

/** Keeps what matters for types, and points every reference into the bundle. */
function forTypes(node: unknown, id: string): unknown {
  if (Array.isArray(node)) return node.map(item => forTypes(item, id))
  if (typeof node !== 'object' || node === null) return node
  const dropped = new Set(['$schema', '$id', 'examples', 'x-codes', 'discriminator', 'pattern'])
  if ('oneOf' in node) return { oneOf: forTypes(node.oneOf, id), ...besidesOneOf(node, id) }
  // A reference with its own description would be inlined: the bare one keeps the type's name.
  const only = '$ref' in node ? new Set(['$ref']) : undefined
  const kept = Object.entries(node).filter(([key]) => !dropped.has(key) && (only?.has(key) ?? true))
  return Object.fromEntries(kept.map(([key, value]) => [key, valueForTypes(key, value, id)]))
}

function valueForTypes(key: string, value: unknown, id: string): unknown {
  if (key === '$ref') return bundled(String(value), id)
  if (key !== 'properties' && key !== '$defs') return forTypes(value, id)
  // Names of properties are not keywords, even where they look like one.
  const parts = Object.entries(value as Schema)
  return Object.fromEntries(parts.map(([name, part]) => [name, forTypes(part, id)]))
}

/** Shared parts keep their name; parts of one schema get its name in front. */
function partName(id: string, name: string): string {
  return id === 'common' ? name : `${id}-${name}`
}

function besidesOneOf(node: object, id: string): Schema {
  const { title, description, $defs } = node as Schema
  return {
    ...(title ? { title } : {}),
    ...(description ? { description } : {}),
    ...($defs ? { $defs: forTypes($defs, id) } : {}),
  }
}

function bundled(ref: string, id: string): string {
  const [file, pointer = ''] = ref.split('#')
  if (pointer.startsWith('/$defs/')) {
    const name = pointer.slice('/$defs/'.length)
    return `#/definitions/${partName(file ? file.replace(/\.json$/, '') : id, name)}`
  }
  return `#/definitions/${(file ?? '').replace(/\.json$/, '')}`
}

function withoutEverything(source: string): string {
  return source
    .replace(/export interface Everything \{\}\n/, '')
    .replace(/ \*\n \* This interface was referenced by .*\n \* via the `definition` .*\n/g, '')
}

function wireTypes(ids: string[]): string {
  const lines = ids.filter(id => id !== 'common').map(id => `  '${id}': ${typeName(id)}`)
  return `/** The type of each schema, by the name of its file. */\nexport interface WireTypes {\n${lines.join('\n')}\n}\n`
}
