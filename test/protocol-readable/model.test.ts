import { ruleTitle } from '../../src/protocol/articles.ts'
import type { Protocol, Signatures } from '../../src/protocol/document.ts'
import { LABELS } from '../../src/protocol/readable/labels.ts'
import { readableOf } from '../../src/protocol/readable/model.ts'
import { readSchema } from '../../src/schemas.ts'
import { IN_FORCE, sampleFramework, setWith } from '../protocol/sample.ts'
import {
  fullAccession,
  fullFramework,
  fullRecord,
  leavesOf,
  loadedAs,
  mutated,
  readableText,
  setOf,
} from './samples.ts'

const HEAD = ['protocolId', 'kind', 'language', 'sample', 'contentHash', 'supersedes']

describe.each([
  ['agreement', fullFramework()],
  ['accession', fullAccession()],
] as const)('the readable %s', (kind, document: Protocol) => {
  const protocol = loadedAs(document)
  const readable = readableOf(setOf(loadedAs(sampleFramework()), protocol), protocol, IN_FORCE)

  test('has an article for every section of the schema, in text', () => {
    const sections = Object.keys(readSchema('protocol')['$defs'][kind].properties)
    const told = readable.articles.flatMap(article => article.sections)
    expect(sections.filter(one => !told.includes(one) && !HEAD.includes(one))).toEqual([])
    expect(readable.articles.filter(({ blocks }) => !blocks.length)).toEqual([])
  })

  test('numbers its articles as refusals name them', () => {
    for (const { number, title, sections } of readable.articles) {
      for (const section of sections) {
        expect(ruleTitle(document, section)).toBe(`${number.toLowerCase()} (${title})`)
      }
    }
    expect(new Set(readable.articles.map(({ anchor }) => anchor)).size).toBe(
      readable.articles.length,
    )
  })

  test('forgets no value of the document: each one that differs makes another text', () => {
    const text = readableText(document)
    // What an accession is cannot differ without being another kind of document.
    const leaves = leavesOf(document).filter(path => kind === 'agreement' || path.join() !== 'kind')
    expect(leaves.length).toBeGreaterThan(40)
    const forgotten = leaves.filter(path => readableText(mutated(document, path)) === text)
    expect(forgotten.map(path => path.join('.'))).toEqual([])
  })

  test('forgets nothing of signatures, publications and suspensions', () => {
    const record = fullRecord(document)
    const text = readableText(document, record)
    // Whose record it is, the loader checks; of a signature it is told that it is there.
    const known = ['protocolId', 'version', 'signatures.0.jws']
    const forgotten = leavesOf(record)
      .filter(path => !known.includes(path.join('.')))
      .filter(path => readableText(document, mutated(record, path)) === text)
    expect(forgotten.map(path => path.join('.'))).toEqual([])
    const unsigned: Signatures = { ...record, signatures: [] }
    expect(readableText(document, unsigned)).toContain('Nog geen nagekeken handtekening van')
  })
})

test('the full sample holds every property of the schema', () => {
  const present = new Set(
    [fullFramework(), fullAccession()]
      .flatMap(one => leavesOf(one))
      .flatMap(path => path.map(String)),
  )
  const { signature, publication, suspension, ...defs } = readSchema('protocol')['$defs']
  const missing = propertiesOf(defs).filter(name => !present.has(name))
  expect(missing.toSorted()).toEqual(['contentHash', 'publication', 'signatures'])
})

test('every property of the schema has a Dutch name', () => {
  const unnamed = propertiesOf(readSchema('protocol')['$defs']).filter(name => !LABELS[name])
  expect(unnamed).toEqual([])
})

function propertiesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = (schema as { properties?: object }).properties
  const names = own && !('type' in own && typeof own.type === 'string') ? Object.keys(own) : []
  return [...new Set([...names, ...Object.values(schema).flatMap(propertiesOf)])]
}

describe('the table of data', () => {
  const article = (document: Protocol, title: string) => {
    const protocol = loadedAs(document)
    return readableOf(setOf(protocol), protocol, IN_FORCE).articles.find(one => one.title === title)
  }

  test('tells per message type what goes, why, and how long it is kept', () => {
    const document = sampleFramework()
    const blocks = article(document, 'Gegevens')?.blocks ?? []
    const tables = blocks.filter(block => block.kind === 'table')
    expect(tables.map(({ columns }) => columns)).toEqual(
      document.messageTypes.map(() => ['Gegeven', 'Verantwoording', 'Bewaartermijn']),
    )
    const listed = tables.map(({ rows }) => rows.map(cells => cells.map(({ text }) => text)))
    expect(listed).toEqual(
      document.messageTypes.map(({ type }) =>
        document.dataElements
          .filter(({ messageTypes }) => messageTypes.includes(type))
          .map(({ label, necessity, retention }) => [label, necessity, retention.period]),
      ),
    )
  })

  test('keeps an element that no message carries', () => {
    const document = sampleFramework()
    document.dataElements[0]!.messageTypes = ['nowhere']
    const text = JSON.stringify(article(document, 'Gegevens'))
    expect(text).toContain('In geen enkel bericht')
    expect(text).toContain(document.dataElements[0]!.label)
  })
})

describe('how answers are given, in words', () => {
  test('as counts: rounded, and hidden where they are small', () => {
    const text = readableText(sampleFramework())
    expect(text).toContain('ruis met schaal 5')
    expect(text).toContain('kleiner is dan 10 personen')
    expect(text).toContain('rondt Huisbrug af op een veelvoud van 5')
  })

  test('per person', () => {
    const document = sampleFramework()
    document.modalities.granularity = 'person'
    const text = readableText(document)
    expect(text).toContain('per persoon een antwoord: gevonden of niet gevonden')
    expect(text).not.toContain('veelvoud')
  })
})

describe('where it stands today', () => {
  const statusOf = (set: ReturnType<typeof setWith>, id: string, at = IN_FORCE) =>
    readableOf(set, set.protocols.get(id)!, at).status

  test('in force', () => {
    const { inForce, why, sentence } = statusOf(setWith(), 'wm-vdab')
    expect([inForce, why, sentence]).toEqual([
      true,
      '',
      'Op 21 november 2026 is dit document in werking.',
    ])
  })

  test.each([
    [
      'not signed',
      { frameworkRecord: (record: Signatures) => record.signatures.splice(0) },
      /heeft deze versie niet geldig ondertekend/,
    ],
    [
      'suspended',
      {
        frameworkRecord: (record: Signatures) =>
          record.suspensions.push({
            from: '2026-11-01T00:00:00.000Z',
            until: null,
            by: 'vdab',
            reason: 'Vermoeden.',
          }),
      },
      /opgeschort/,
    ],
    ['not begun', { framework: begin('2027-01-01') }, /begint op 1 januari 2027/],
    ['ended', { framework: end('2026-10-31') }, /liep tot en met 31 oktober 2026/],
    ['without a decree', { framework: noDecree }, /decretale grond is nog niet in werking/],
    ['wrong', { framework: wrongNumber }, /Het document bevat een fout/],
    ['revoked', { frameworkRecord: revoke }, /heeft de handtekening ingetrokken/],
  ] as const)('%s', (_name, changes, why) => {
    const status = statusOf(setWith(changes as Parameters<typeof setWith>[0]), 'wm-vdab')
    expect(status.inForce).toBe(false)
    expect(status.why).toMatch(why)
    expect(status.sentence).toContain('niet in werking')
  })

  test('an accession to another version of the framework says so', () => {
    const set = setWith({
      accession: document => {
        document.frameworkVersion = '0.9.0'
      },
    })
    expect(statusOf(set, 'wm-vdab-woonboog').why).toMatch(/andere versie.*1\.0\.0/)
  })

  test('errors are named by article', () => {
    const { faults } = statusOf(setWith({ framework: wrongNumber }), 'wm-vdab')
    expect(faults).toEqual([expect.stringMatching(/^artikel 1 \(Partijen\).*kbo-check-number/)])
  })
})

type Framework = ReturnType<typeof sampleFramework>

function begin(day: string) {
  return (document: Framework) => {
    document.duration.from = day
  }
}

function end(day: string) {
  return (document: Framework) => {
    document.duration.until = day
  }
}

function noDecree(document: Framework) {
  document.legalBasis[0]!.inForceFrom = null
}

function wrongNumber(document: Framework) {
  document.parties[0]!.kbo = '0999000130'
}

function revoke(record: Signatures) {
  record.signatures.push({ ...record.signatures[0]!, statement: 'revoke', date: '2026-01-01' })
}

describe('annexes', () => {
  test('an accession brings what its framework allows', () => {
    const set = setWith()
    const { annexes } = readableOf(set, set.protocols.get('wm-vdab-woonboog')!, IN_FORCE)
    const text = JSON.stringify(annexes)
    for (const { necessity } of sampleFramework().dataElements) expect(text).toContain(necessity)
    expect(text).toContain(set.protocols.get('wm-vdab')!.digest)
  })

  test('a framework lists who acceded', () => {
    const set = setWith()
    const { annexes } = readableOf(set, set.protocols.get('wm-vdab')!, IN_FORCE)
    expect(JSON.stringify(annexes)).toContain('Woonboog')
  })
})
