import { type Schema, typeName } from './types.ts'

/** Every schema as an OpenAPI component: references rewritten, what OpenAPI does not know left out. */
export function componentsOf(schemas: Map<string, Schema>): Record<string, Schema> {
  const components: Record<string, Schema> = {}
  for (const [id, schema] of schemas) {
    const { $defs, ...own } = toComponent(schema, id) as Schema
    if (id !== 'common') components[typeName(id)] = own
    for (const [name, part] of Object.entries(($defs ?? {}) as Record<string, Schema>)) {
      components[partName(id, name)] = part
    }
  }
  return Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A reference to the component of a schema file. */
export function componentRef(id: string): Schema {
  return { $ref: `#/components/schemas/${typeName(id)}` }
}

function partName(id: string, name: string): string {
  return id === 'common' ? typeName(name) : typeName(`${id}-${name}`)
}

const LEFT_OUT = new Set(['$schema', '$id', 'discriminator', 'x-codes'])

function toComponent(node: unknown, id: string): unknown {
  if (Array.isArray(node)) return node.map(item => toComponent(item, id))
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([key]) => !LEFT_OUT.has(key))
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? rewrite(value, id) : toComponent(value, id),
    ]),
  )
}

function rewrite(ref: string, id: string): string {
  const [file = '', pointer = ''] = ref.split('#')
  const target = file ? file.replace(/\.json$/, '') : id
  const name = pointer.startsWith('/$defs/')
    ? partName(target, pointer.slice('/$defs/'.length))
    : typeName(target)
  return `#/components/schemas/${name}`
}
