import fc from 'fast-check'
import type { Protocol } from '../../src/protocol/document.ts'
import { lint } from '../../src/protocol/lint.ts'
import { validatorFor } from '../../src/schemas.ts'
import { readSample } from '../protocol/sample.ts'
import { cleanFramework, SHIPPED } from './base.ts'

type Path = readonly (string | number)[]

/** Members that are prose: what stands there refuses nothing, whatever it speaks of. */
const PROSE = new Set([
  ...['title', 'recitals', 'criterion', 'excluded', 'definition', 'statement', 'text', 'sample'],
  ...['trigger', 'sender', 'channel', 'gateway', 'designMeasures', 'restrictions', 'correction'],
  ...['errorChannel', 'residualRisk', 'sanctions', 'disputes', 'change', 'whyOff', 'how', 'where'],
  ...['compatibility', 'task', 'norm', 'article', 'seat', 'legalForm', 'instance', 'officer'],
])

/** Where a document holds prose: the text itself, or a list of texts. */
function prosePlaces(part: unknown, path: Path = []): Path[] {
  if (typeof part === 'string') {
    const names = path.filter(step => typeof step === 'string')
    // The task of a processor says who it is: that is judged.
    return PROSE.has(String(names.at(-1))) && !names.includes('processors') ? [path] : []
  }
  if (typeof part !== 'object' || part === null) return []
  const isList = Array.isArray(part)
  return Object.entries(part).flatMap(([key, value]) =>
    prosePlaces(value, [...path, isList ? Number(key) : key]),
  )
}

function edited<Document extends Protocol>(document: Document, path: Path, text: string): Document {
  const copy = structuredClone(document)
  let part = copy as unknown as Record<string | number, unknown>
  for (const step of path.slice(0, -1)) part = part[step] as Record<string | number, unknown>
  part[path.at(-1) as string | number] = text
  return copy
}

const words = fc.constantFrom(
  ...['huurder', 'schulden', 'toezichthouder', 'reden', 'VDAB', 'gezondheid', 'motivatie', 'OCMW'],
  ...['boete', 'controle', 'leefloon', 'vrije tekst', 'wordt', 'niet', 'gevolgd', 'n.v.t.', '-'],
)
const prose = fc.oneof(
  fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }),
  fc.array(words, { minLength: 1, maxLength: 12 }).map(list => list.join(' ')),
)

test.each(SHIPPED)('%s: any one edit of its prose refuses nothing', folder => {
  const document = readSample(folder, 'protocol') as Protocol
  const places = prosePlaces(document)
  expect(places.length).toBeGreaterThan(10)
  fc.assert(
    fc.property(fc.constantFrom(...places), prose, (path, text) => {
      const remarks = lint(edited(document, path, text))
      expect(remarks.filter(({ severity }) => severity !== 'warning')).toEqual([])
    }),
    { numRuns: 150, seed: 3 },
  )
})

test('denied words are refused wherever a name stands, in any case and with any separator', () => {
  const denied = fc.constantFrom(
    'schulden',
    'gezondheid',
    'inkomen',
    'reden',
    'motivatie',
    'income',
  )
  const names = ['aantal', 'datum', 'van', 'huurder', 'de', 'extra']
  const around = fc.array(fc.constantFrom(...names), { maxLength: 3 })
  const separator = fc.constantFrom(' ', '-', '_', '.', '/')
  const shape = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.toUpperCase(),
    (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`,
  )
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom('id', 'label', 'field'),
      fc.record({ before: around, word: denied, after: around, separator, shape }),
      (index, key, { before, word, after, separator, shape }) => {
        const document = cleanFramework()
        const list = document.dataElements
        const one = list[index % list.length]
        const name = [...before, shape(word), ...after].join(separator)
        if (one) Object.assign(one, { [key]: name })
        expect(lint(document).map(({ code }) => code)).toContain('denied-data')
      },
    ),
    { numRuns: 200, seed: 3 },
  )
})

test('the lint never throws, whatever a document of the right shape holds', () => {
  const validate = validatorFor('protocol')
  const document = cleanFramework()
  let shaped = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(document)),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.oneof(fc.string(), fc.constant([]), fc.constant('toString'), fc.constant('__proto__')),
      (section, steps, value) => {
        const changed = replaced(structuredClone(document), section, steps, value)
        if (validate(changed).length > 0) return
        shaped += 1
        expect(Array.isArray(lint(changed))).toBe(true)
      },
    ),
    { numRuns: 400, seed: 3 },
  )
  expect(shaped).toBeGreaterThan(30)
})

/** Walks down a section by numbers and puts a value where it ends. */
function replaced<Document extends Protocol>(
  document: Document,
  section: string,
  steps: readonly number[],
  value: unknown,
): Document {
  let part = document as unknown as Record<string, unknown>
  let key = section
  for (const step of steps) {
    const next = part[key]
    if (typeof next !== 'object' || next === null || Object.keys(next).length === 0) break
    const keys = Object.keys(next)
    part = next as Record<string, unknown>
    key = keys[step % keys.length] as string
  }
  part[key] = value
  return document
}
