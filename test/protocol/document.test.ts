import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { dayOf, digestOf, elementsOf, ruleAt } from '../../src/protocol/document.ts'
import { readSample, SAMPLE_FOLDERS, sampleFramework } from './sample.ts'

describe('the digest of a document', () => {
  test('is SHA-256 over RFC 8785 JSON, base64url (vector of RFC 8785 section 3.2.2)', () => {
    const input = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    )
    const canonical =
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    expect(digestOf(input)).toBe(createHash('sha256').update(canonical).digest('base64url'))
  })

  test('does not depend on the order of members or the way of writing', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, shuffled(part)]),
      )
    }
    const document = sampleFramework()
    expect(digestOf(shuffled(document) as object)).toBe(digestOf(document))
  })

  test('leaves out what says something about the digest: signatures, publication, contentHash', () => {
    const document = sampleFramework()
    const copy = { ...document, signatures: [], publication: [], contentHash: digestOf(document) }
    expect(digestOf(copy)).toBe(digestOf(document))
  })

  test('changes with any change of any other value', () => {
    const document = sampleFramework()
    const places = leaves(document)
    const digest = digestOf(document)
    fc.assert(
      fc.property(fc.constantFrom(...places), place => {
        const copy = structuredClone(document) as unknown as Record<string, unknown>
        const holder = place
          .slice(0, -1)
          .reduce<Record<string, unknown>>(
            (part, key) => part[key] as Record<string, unknown>,
            copy,
          )
        const last = place.at(-1) ?? ''
        holder[last] = `${holder[last]} `
        return digestOf(copy) !== digest
      }),
      { numRuns: 300 },
    )
  })

  test.each(SAMPLE_FOLDERS)('%s: the shipped publications are over it', folder => {
    const digest = digestOf(readSample(folder, 'protocol') as object)
    const record = readSample(folder, 'signatures') as {
      publication: { digest: string }[]
    }
    expect(record.publication.length).toBeGreaterThan(0)
    for (const one of record.publication) expect(one.digest).toBe(digest)
  })
})

function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]))
}

test('the elements of a type are those that list it, under a purpose those that serve it', () => {
  const document = sampleFramework()
  const fields = (type: string, purpose?: string) =>
    elementsOf(document, type, purpose).map(element => element.field)
  expect(fields('tenancy.ended')).toEqual(['tenantRef', 'endedOn'])
  expect(fields('detection.answer', 'refinement')).toEqual(['found'])
  expect(fields('detection.answer', 'stopping')).toEqual([])
  expect(fields('unknown')).toEqual([])
})

test('a rule names document, version and place; a day is a UTC day', () => {
  expect(ruleAt(sampleFramework(), 'modalities')).toBe('wm-vdab 1.0.0, modalities')
  expect(dayOf(new Date('2026-03-01T00:30:00+02:00'))).toBe('2026-02-28')
})
