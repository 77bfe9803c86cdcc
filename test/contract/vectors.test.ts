import { readFileSync } from 'node:fs'
import { readSchema, type SchemaId, validatorFor } from '../../src/schemas.ts'

interface Vector {
  schema: SchemaId
  name: string
  body?: unknown
  set?: Record<string, unknown>
  remove?: string[]
  repeat?: Record<string, number>
  expect?: { pointer: string; code: string }[]
}

function read(file: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`vectors/${file}.json`, import.meta.url), 'utf8'))
}

const named = (vectors: Vector[]) =>
  vectors.map(vector => [`${vector.schema}: ${vector.name}`, vector] as const)

/** The holder of the member that a pointer names, and its name there. */
function holderOf(body: unknown, pointer: string): [Record<string, unknown>, string] {
  const keys = pointer.split('/').slice(1)
  const holder = keys
    .slice(0, -1)
    .reduce<Record<string, unknown>>(
      (part, key) => part[key] as Record<string, unknown>,
      body as never,
    )
  return [holder, keys.at(-1) ?? '']
}

function bodyOf(vector: Vector): unknown {
  if ('body' in vector) return vector.body
  const body = structuredClone(readSchema(vector.schema)['examples'][0])
  for (const [pointer, value] of Object.entries(vector.set ?? {})) {
    const [holder, key] = holderOf(body, pointer)
    holder[key] = value
  }
  for (const pointer of vector.remove ?? []) {
    const [holder, key] = holderOf(body, pointer)
    expect(holder).toHaveProperty([key])
    delete holder[key]
  }
  for (const [pointer, count] of Object.entries(vector.repeat ?? {})) {
    const [holder, key] = holderOf(body, pointer)
    holder[key] = Array(count).fill((holder[key] as unknown[])[0])
  }
  return body
}

test.each(named(read('valid')))('fits: %s', (_, vector) => {
  expect(validatorFor(vector.schema)(bodyOf(vector))).toEqual([])
})

test.each(named(read('invalid')))('does not fit: %s', (_, vector) => {
  const reasons = validatorFor(vector.schema)(bodyOf(vector))
  const found = reasons.map(({ pointer, code }) => ({ pointer, code }))
  for (const expected of vector.expect ?? []) expect(found).toContainEqual(expected)
  for (const reason of reasons) {
    expect(reason.rule).toMatch(/^[a-z0-9-]+\.json#\//)
    expect(reason.remedy.length).toBeGreaterThan(4)
  }
})

test('the rules and remedies themselves fit the schema of a refusal', () => {
  for (const vector of read('invalid')) {
    const errors = validatorFor(vector.schema)(bodyOf(vector))
    const example = readSchema('problem')['examples'][0]
    expect(validatorFor('problem')({ ...example, errors })).toEqual([])
  }
})
