import fc from 'fast-check'
import type { Agreement, Protocol } from '../../src/protocol/document.ts'
import { type ChangedSection, diffDocuments } from '../../src/protocol/readable/diff.ts'
import { diffLines } from '../../src/protocol/readable/diff-text.ts'
import { sampleFramework } from '../protocol/sample.ts'
import { fullAccession, fullFramework, leavesOf, mutated } from './samples.ts'

function after(change: (document: Agreement) => void): ChangedSection[] {
  const document = sampleFramework()
  change(document)
  return diffDocuments(sampleFramework(), document)
}

describe.each([
  ['agreement', fullFramework()],
  ['accession', fullAccession()],
] as const)('of an %s', (_kind, document: Protocol) => {
  test('nothing changed: nothing to tell', () => {
    expect(diffDocuments(document, structuredClone(document))).toEqual([])
  })

  test('every single value that differs is told, in its section and in both directions', () => {
    for (const path of leavesOf(document)) {
      const other = mutated(document, path)
      for (const [a, b] of [
        [document, other],
        [other, document],
      ] as const) {
        const sections = diffDocuments(a, b)
        expect([path, sections.map(({ section }) => section)]).toEqual([path, [path[0]]])
        expect(sections[0]?.changes.length).toBeGreaterThan(0)
        for (const { before, after: now } of sections[0]?.changes ?? []) {
          expect(before === undefined || before !== now).toBe(true)
        }
      }
    }
  })
})

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    document,
  )
}

test('random edits: empty only where the documents are the same', () => {
  const base = sampleFramework()
  const leaves = leavesOf(base)
  const lists = ['dataElements', 'purposes', 'messageTypes', 'recipients', 'clauses'] as const
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('value' as const), at: fc.nat(leaves.length - 1) }),
    fc.record({ kind: fc.constantFrom('drop', 'swap', 'twice'), list: fc.constantFrom(...lists) }),
  )
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), edits => {
      let document = structuredClone(base)
      for (const one of edits) {
        if (one.kind === 'value' && 'at' in one) {
          const path = leaves[one.at] ?? []
          // An earlier edit may have taken the place away.
          if (valueAt(document, path) !== undefined) document = mutated(document, path)
        } else if ('list' in one) {
          const list = document[one.list] as unknown[]
          if (one.kind === 'drop') list.pop()
          if (one.kind === 'swap') list.reverse()
          if (one.kind === 'twice' && list[0]) list.push(structuredClone(list[0]))
        }
      }
      const same = JSON.stringify(document) === JSON.stringify(base)
      expect(diffDocuments(base, document).length === 0).toBe(same)
      expect(diffDocuments(document, base).length === 0).toBe(same)
    }),
    { numRuns: 300 },
  )
})

test('data elements first, then what people look at next, in a stable order', () => {
  const sections = after(document => {
    document.changeLog[0]!.change = 'Anders.'
    document.parties[0]!.seat = 'Elders'
    document.duration.noticeDays = 30
    document.periodicity.ceilings.perDay = 1
    document.modalities.countsThreshold = 10
    document.recipients[0]!.description = 'Anders.'
    document.messageTypes[0]!.enabled = false
    document.purposes[0]!.title = 'Anders'
    document.dataElements[0]!.necessity = 'Anders.'
    document.sanctions = 'Anders.'
  })
  expect(sections.map(({ section }) => section)).toEqual([
    'dataElements',
    'purposes',
    'messageTypes',
    'recipients',
    'modalities',
    'periodicity',
    'duration',
    'parties',
    'sanctions',
    'changeLog',
  ])
})

test('a data element that is added, one that is gone, and one that changed', () => {
  const [section] = after(document => {
    const [first] = document.dataElements.splice(3, 1)
    document.dataElements.push({ ...first!, id: 'inkomen', label: 'Inkomen' })
    document.dataElements[2]!.retention.period = '10 jaar'
  })
  expect(section?.changes.map(({ kind, what, part, path }) => [kind, what, part, path])).toEqual([
    ['added', 'Inkomen', '', 'dataElements[inkomen]'],
    ['removed', 'Peildatum', '', 'dataElements[peildatum]'],
    [
      'changed',
      'Grond van het huurderschap',
      'bewaren, bewaartermijn',
      'dataElements[grond-huurderschap].retention.period',
    ],
  ])
  expect(section?.changes[0]?.after).toContain('naam: Inkomen')
  expect(section?.changes[2]).toMatchObject({
    before: 'tot het antwoord, hoogstens 14 dagen',
    after: '10 jaar',
  })
})

test('values are told in words', () => {
  const [modalities, duration] = after(document => {
    document.modalities.granularity = 'person'
    document.duration.until = '2027-01-01'
  })
  expect(modalities?.changes[0]).toMatchObject({
    before: 'enkel aantallen, nooit per persoon',
    after: 'per persoon: gevonden of niet gevonden',
  })
  expect(duration?.changes[0]).toMatchObject({ before: 'geen', after: '1 januari 2027' })
})

test('another order is told as such, and a text that changed as before and after', () => {
  const [purposes, context] = after(document => {
    document.purposes.reverse()
    document.context.recitals[1] = 'Iets anders.'
  })
  expect(purposes?.changes).toEqual([{ kind: 'reordered', path: 'purposes', what: '', part: '' }])
  expect(context?.changes).toEqual([
    expect.objectContaining({ kind: 'changed', part: 'overwegingen', after: 'Iets anders.' }),
  ])
})

test('a list that comes or goes as a whole is told item by item', () => {
  const [section] = after(document => {
    delete document.dataSubjects[0]!.excluded
  })
  expect(section?.changes.map(({ kind }) => kind)).toEqual(['removed', 'removed', 'removed'])
})

test('as lines: what, before and after', () => {
  const sections = after(document => {
    document.dataElements[3]!.label = 'Dag'
    document.disputes = 'Anders.'
  })
  expect(diffLines(sections)).toEqual([
    'Gegevens',
    '  ~ Dag: naam (gewijzigd)',
    '      was:   Peildatum',
    '      wordt: Dag',
    '',
    'Geschillen',
    '  ~ Gewijzigd',
    `      was:   ${sampleFramework().disputes}`,
    '      wordt: Anders.',
  ])
  expect(diffLines([])).toEqual(['Er is niets veranderd.'])
})
