import { checkReply, openapi } from '../support/contract.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** A reply that is described, with an example of its body. */
interface Described {
  method: string
  path: string
  status: number
  type: string
  example: Json
}

/** Every JSON reply of the description that has a body, with an example of each refusal. */
function described(): Described[] {
  return Object.entries(openapi.paths).flatMap(([pattern, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).flatMap(([type, { schema, example, examples = {} }]) => {
          const path = pattern
            .replace('{level}', '0')
            .replace('{path}', '000')
            .replace(/\{\w+\}/g, 'x')
          const of = { method, path, status: Number(status), type }
          // What is JSON of another standard, such as JSON-LD, has no schema here.
          if (!type.includes('json') || !('$ref' in (schema ?? {}))) return []
          const all = Object.values(examples).map(one => exampleAt(one as { $ref: string }))
          return (all.length ? all : [example]).map(one => ({ ...of, example: one as Json }))
        }),
      ),
    ),
  )
}

function exampleAt({ $ref }: { $ref: string }): unknown {
  const { examples } = openapi.components as { examples: Record<string, { value: unknown }> }
  return examples[$ref.split('/').at(-1) ?? '']?.value
}

/** Open on purpose: counts of an entry, by whatever name. */
const OPEN = /^get \/v1\/audit\/entries(\/x)? 200 .*\/entry\/counts: one more$/

/** Each member and item of a value in turn: of another kind, and with one that is not described. */
function* mutationsOf(value: Json, at = ''): Generator<[string, Json]> {
  yield [`${at}: another kind`, typeof value === 'object' && value ? 7 : { x: 1 }]
  if (Array.isArray(value)) {
    const [first] = value
    if (first === undefined) return
    for (const [name, changed] of mutationsOf(first, `${at}/0`))
      yield [name, value.with(0, changed)]
  } else if (typeof value === 'object' && value !== null) {
    yield [`${at}: one more`, { ...value, unheardOf: 1 }]
    for (const [name, part] of Object.entries(value))
      for (const [what, changed] of mutationsOf(part, `${at}/${name}`))
        yield [what, { ...value, [name]: changed }]
  }
}

const check = ({ method, path, status, type }: Described, body: Json) =>
  checkReply(method, path, status, type, JSON.stringify(body))

test('every JSON reply has an example, which fits', () => {
  const all = described()
  expect(all.length).toBeGreaterThan(500)
  for (const one of all) {
    const { method, path, status } = one
    expect([method, path, status, one.example === undefined]).toEqual([method, path, status, false])
    expect(check(one, one.example)).toEqual([])
  }
})

test('an example of any reply does not fit any more once any part of it is changed', () => {
  const missed = new Set<string>()
  let tried = 0
  // All refusals have one shape: one of each operation and status is enough.
  const shapes = new Map(described().map(one => [`${one.method} ${one.path} ${one.status}`, one]))
  for (const one of shapes.values()) {
    for (const [what, body] of mutationsOf(one.example)) {
      tried += 1
      const name = `${one.method} ${one.path} ${one.status} ${what}`
      if (check(one, body).length === 0 && !OPEN.test(name)) missed.add(name)
    }
  }
  expect([...missed]).toEqual([])
  expect(tried).toBeGreaterThan(5_000)
})
