import fc from 'fast-check'
import { Refusal } from '../../src/errors.ts'
import { isPlainName, safePointer } from '../../src/schema-errors.ts'
import {
  assertShape,
  readSchema,
  type SchemaId,
  schemaIds,
  validatorFor,
} from '../../src/schemas.ts'
import { PATIENCE } from '../support/until.ts'

const SECRET = '85073003328'
const ids = schemaIds().filter(id => id !== 'common') as SchemaId[]

/** The secret in many coats: as it is, in other text, in base64, as a number. */
const secretArb = fc.constantFrom<string | number>(
  SECRET,
  '85.07.30-033.28',
  `x${SECRET}`,
  Buffer.from(SECRET).toString('base64'),
  Buffer.from(SECRET).toString('base64url'),
  Number(SECRET),
)

/** An example of a schema with the secret put in place of a random value or name, or added. */
function plant(value: unknown, secret: string | number, choose: (max: number) => number): unknown {
  if (Array.isArray(value) && value.length) {
    const index = choose(value.length - 1)
    return value.map((part, at) => (at === index ? plant(part, secret, choose) : part))
  }
  if (typeof value !== 'object' || value === null) return secret
  const entries = Object.entries(value)
  const pick = choose(entries.length + 1)
  if (pick >= entries.length)
    return { ...value, [String(secret)]: pick > entries.length ? 1 : secret }
  return Object.fromEntries(
    entries.map(([key, part], index) => [key, index === pick ? plant(part, secret, choose) : part]),
  )
}

test.each(ids)('%s: no reason repeats what was sent', id => {
  const examples = (readSchema(id)['examples'] ?? [{}]) as unknown[]
  let refused = 0
  fc.assert(
    fc.property(secretArb, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (secret, dice) => {
      let throwNumber = 0
      const choose = (max: number) => (dice[throwNumber++ % dice.length] ?? 0) % (max + 1)
      const body = plant(structuredClone(examples[choose(examples.length - 1)]), secret, choose)
      const reasons = validatorFor(id)(body)
      if (reasons.length) refused += 1
      expect(JSON.stringify(reasons)).not.toContain(String(secret))
      expect(JSON.stringify(reasons)).not.toContain(SECRET)
    }),
    { numRuns: 60, seed: 7 },
  )
  expect(refused).toBeGreaterThan(0)
})

test('a refusal carries every reason, and its message none of them', () => {
  const act = () => assertShape('progress', { status: SECRET, [SECRET]: SECRET })
  expect(act).toThrow(Refusal)
  try {
    act()
  } catch (error) {
    const refusal = error as Refusal
    expect(refusal.code).toBe('HB-202')
    expect(refusal.reasons.length).toBe(3)
    expect(`${refusal.message}${refusal.stack}${JSON.stringify(refusal)}`).not.toContain(SECRET)
  }
})

test('names are shown where they are plain, and nothing else', () => {
  const shown = ['income', 'tenantRef', 'access_token', 'A']
  const hidden = [
    '',
    SECRET,
    'a1',
    'a-b',
    'a b',
    'é',
    'a'.repeat(41),
    'MDAwMDAxMDAxNjY',
    'xMDAwMDAxMDAxNjY',
    'xxMDAwMDAxMDAxNjY',
  ]
  for (const name of shown) expect([name, isPlainName(name)]).toEqual([name, true])
  for (const name of hidden) expect([name, isPlainName(name)]).toEqual([name, false])
})

test('a pointer ends before the first part that is not plain', () => {
  expect(safePointer('/tenants/3/insz')).toBe('/tenants/3/insz')
  expect(safePointer(`/tenants/3/${SECRET}/insz`)).toBe('/tenants/3')
  expect(safePointer(`/${SECRET}`)).toBe('')
  expect(safePointer('')).toBe('')
})

test('a body with a hundred thousand faults gets at most a hundred reasons, soon', () => {
  const body = {
    ...readSchema('detection-request')['examples'][0],
    tenants: Array(100_000).fill(1),
  }
  const start = performance.now()
  expect(validatorFor('detection-request')(body).length).toBe(100)
  expect(performance.now() - start).toBeLessThan(PATIENCE * 2_000)
})
