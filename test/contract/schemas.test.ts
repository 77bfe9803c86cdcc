import { ERRORS } from '../../src/errors.ts'
import { createAjv, readSchema, type SchemaId, schemaIds, validatorFor } from '../../src/schemas.ts'

type Node = Record<string, unknown>

/** The entry of the audit log is a format of its own, not a message: its part tests it. */
const ids = schemaIds().filter(id => id !== 'audit-entry')
const messages = ids.filter(id => id !== 'common') as SchemaId[]

/** Every object in a schema, with where it stands. */
function nodesOf(node: unknown, path = ''): [string, Node][] {
  if (typeof node !== 'object' || node === null) return []
  const children = Object.entries(node).flatMap(([key, part]) => {
    const data = key === 'examples' || key === 'enum' || key === 'const' || key === 'default'
    return data ? [] : nodesOf(part, `${path}/${key}`)
  })
  return Array.isArray(node) ? children : [[path, node as Node], ...children]
}

/** Every field of every object, with where it stands. */
function fieldsOf(schema: Node): [string, Node][] {
  return nodesOf(schema).flatMap(([path, node]) => {
    const properties = node['properties']
    if (typeof properties !== 'object' || path.endsWith('/properties')) return []
    return Object.entries(properties as Record<string, Node>).map(
      ([name, part]) => [`${path}/${name}`, part] as [string, Node],
    )
  })
}

/** What a field says of itself, its reference included. */
function resolved(part: Node, id: string): Node {
  if (typeof part['$ref'] !== 'string') return part
  const [file = '', pointer = ''] = part['$ref'].split('#')
  const target = readSchema(file ? file.replace('.json', '') : id) as Node
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<Node>((node, key) => node[key] as Node, target)
  return { ...resolved(found, file ? file.replace('.json', '') : id), ...part }
}

/** What is part of a document or log, not of a message to the gateway, says its examples elsewhere. */
const STRUCTURE = new Set(['object', 'array'])

const dialect = createAjv([])

test.each(schemaIds())('%s is a schema of its dialect, which the program takes for granted', id => {
  expect(dialect.validateSchema(readSchema(id))).toBe(true)
  expect(dialect.validateSchema({ ...readSchema(id), maxLength: 'many' })).toBe(false)
})

describe.each(ids)('%s', id => {
  const schema = readSchema(id) as Node

  test('is JSON Schema 2020-12 under its own name', () => {
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema['$id']).toBe(`https://huisbrug.example/schemas/${id}.json`)
    expect(schema['title']).toEqual(expect.any(String))
    expect(schema['description']).toEqual(expect.any(String))
  })

  test('lets no unlisted field through', () => {
    for (const [path, node] of nodesOf(schema)) {
      const isObject = node['type'] === 'object' && !('oneOf' in node)
      if (!isObject || path.endsWith('/properties')) continue
      // Open on purpose: what the protocol says of the general form, the items of every list; a message
      // that is asked about may be wrong in any way.
      const open = [
        'message-request /properties/items/items',
        'message-forward /properties/items/items',
        'event-message-overdue /properties/item',
        'event-message-received /properties/item',
        'event-message-answered /properties/results/items/properties/item',
        'event-message-answered /properties/results/items/properties/answer/anyOf/0',
        'event-message-counts /properties/items/items',
        'page /properties/items/items',
        'explain-request /properties/message',
      ]
      if (open.includes(`${id} ${path}`)) continue
      expect([path, node['additionalProperties']]).toEqual([path, false])
    }
  })

  test('describes every field, and shows an example of every value', () => {
    for (const [path, field] of fieldsOf(schema)) {
      if (path.endsWith('/type') && field['type'] === 'string' && Object.keys(field).length === 1)
        continue
      if (path.endsWith('/kind') && Object.keys(field).length === 1) continue
      const whole = resolved(field, id)
      expect([path, typeof whole['description']]).toEqual([path, 'string'])
      if (STRUCTURE.has(String(whole['type']))) continue
      if ('oneOf' in whole) continue
      expect([path, Array.isArray(whole['examples'])]).toEqual([path, true])
    }
  })
})

test.each(messages)('%s: its examples are valid, and it has some', id => {
  const examples = (readSchema(id)['examples'] ?? []) as unknown[]
  if (id !== 'protocol') expect(examples.length).toBeGreaterThan(0)
  for (const example of examples) expect(validatorFor(id)(example)).toEqual([])
})

test.each(messages)('%s: examples of fields are valid where they stand', id => {
  const { ajv, base } = compiler()
  for (const [path, field] of nodesOf(readSchema(id))) {
    const examples = field['examples']
    if (!Array.isArray(examples) || path.endsWith('/properties')) continue
    const pointer = path.split('/').map(encodeURIComponent).join('/')
    const check = ajv.compile({ $ref: `${base}${id}.json#${pointer}` })
    for (const example of examples)
      expect([path, check(example), check.errors]).toEqual([path, true, null])
  }
})

let shared: ReturnType<typeof createAjv> | undefined

function compiler() {
  shared ??= createAjv()
  return { ajv: shared, base: 'https://huisbrug.example/schemas/' }
}

test('every code of the error table is listed, with its title', () => {
  const listed = readSchema('error-code')['oneOf'] as { const: string; title: string }[]
  expect(Object.fromEntries(listed.map(one => [one.const, one.title]))).toEqual(
    Object.fromEntries(Object.entries(ERRORS).map(([code, [, title]]) => [code, title])),
  )
})

test('a schema that does not exist is an error, not an empty check', () => {
  expect(() => validatorFor('no-such-schema' as SchemaId)).toThrow(/no schema/)
})

test('a validator is compiled once', () => {
  expect(validatorFor('progress')).toBe(validatorFor('progress'))
})
