import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { kindsOf, sampleEntry } from '../../scripts/generate/evidence.ts'
import { saltedDigest, subjectRoot } from '../../src/audit/commitment.ts'
import { columnsOf, MAX_ENTRY_BYTES, parseEntry, sealEntry } from '../../src/audit/entry.ts'
import type { AuditErrorCode } from '../../src/audit/errors.ts'
import { assertNoNationalNumber } from '../../src/audit/national-number-guard.ts'
import { type AuditEntry, ENTRY_ACTIONS, type EntryDraft } from '../../src/audit/types.ts'
import type { AuditEntry as SchemaEntry } from '../../src/schemas.generated.ts'
import { createAjv } from '../../src/schemas.ts'
import { acceptedDraft, naiveRoot, sha256 } from './support.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/audit-entry.json', import.meta.url), 'utf8'),
)
const fits = createAjv().getSchema<AuditEntry>(schema.$id)!
// The two descriptions of an entry are the same to the type checker, in both directions.
const asSchema = (entry: AuditEntry): SchemaEntry => entry
const asEntry = (entry: SchemaEntry): AuditEntry => entry as AuditEntry

function codeOf(work: () => unknown): AuditErrorCode | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as { code: AuditErrorCode }).code
  }
}

/** A source of bytes that are known: 1, 2, 3 and on. */
function countingRandom() {
  let next = 0
  return (size: number) => Buffer.from(Array.from({ length: size }, () => ++next % 256))
}

describe('the bytes of an entry', () => {
  test('are canonical JSON, byte for byte', () => {
    const draft: EntryDraft = {
      action: 'message.refused',
      at: new Date('2026-11-21T10:30:00.5+01:00'),
      actor: { role: 'housing-company', party: 'woonboog' },
      code: 'HB-304',
      counts: { refused: 2, accepted: 0 },
      rule: 'artikel 3, § 2, 1°',
    }
    const { bytes, leaf, id } = sealEntry(draft, countingRandom())
    expect(bytes.toString('utf8')).toBe(
      '{"action":"message.refused","actor":{"party":"woonboog","role":"housing-company"},' +
        '"at":"2026-11-21T09:30:00.500Z","code":"HB-304","counts":{"accepted":0,"refused":2},' +
        '"id":"AQIDBAUGBwgJCgsMDQ4PEA","rule":"artikel 3, § 2, 1°","schema":1}',
    )
    expect(id).toEqual(Buffer.from(Array.from({ length: 16 }, (_, i) => i + 1)))
    expect(leaf).toEqual(sha256(Buffer.of(0), bytes))
  })

  test('fit the schema, for every kind of entry, and read back as the same', () => {
    for (const kind of kindsOf(schema)) {
      const { schema: _, id: __, at, details, subjects, ...said } = sampleEntry(kind, schema)
      const draft: EntryDraft = {
        ...said,
        at: new Date(at),
        ...(details && { details: { any: ['thing'] } }),
        ...(subjects && { subjects: [randomBytes(16)] }),
      }
      const { bytes, entry } = sealEntry(draft, randomBytes)
      expect([kind.action, fits(JSON.parse(bytes.toString()))]).toEqual([kind.action, true])
      expect(parseEntry(bytes)).toEqual(entry)
    }
    const [example] = schema.examples
    expect(asSchema(asEntry(example))).toBe(example)
  })

  test('the schema lists exactly the kinds that there are', () => {
    expect(schema.properties.action.enum).toEqual([...ENTRY_ACTIONS])
  })

  test('two entries of the same draft differ in their id, so nothing can be guessed from a hash', () => {
    const [one, two] = [
      sealEntry(acceptedDraft(), randomBytes),
      sealEntry(acceptedDraft(), randomBytes),
    ]
    expect(one.leaf).not.toEqual(two.leaf)
    expect(one.entry.id).not.toBe(two.entry.id)
  })

  test('may be 65,535 and not one more', () => {
    const empty = sealEntry(acceptedDraft(0, { reason: '' }), randomBytes).bytes.length
    const longest = 'x'.repeat(MAX_ENTRY_BYTES - empty)
    expect(sealEntry(acceptedDraft(0, { reason: longest }), randomBytes).bytes).toHaveLength(65_535)
    const tooLong = acceptedDraft(0, { reason: `${longest}x` })
    expect(codeOf(() => sealEntry(tooLong, randomBytes))).toBe('entry-too-large')
    // Letters outside ASCII count as the bytes they take.
    const wide = acceptedDraft(0, { reason: 'é'.repeat(MAX_ENTRY_BYTES / 2) })
    expect(codeOf(() => sealEntry(wide, randomBytes))).toBe('entry-too-large')
  })

  test('are refused where the draft is not JSON', () => {
    for (const spoilt of [{ counts: { accepted: Number.NaN } }, { reason: 'half \ud800' }])
      expect(codeOf(() => sealEntry(acceptedDraft(0, spoilt), randomBytes))).toBe('entry-malformed')
  })

  test.each(['', 'x', '[]', 'null', '{"schema":2,"actor":{"role":"x"}}', '{"schema":1}'])(
    '%j is not an entry',
    text => {
      expect(codeOf(() => parseEntry(Buffer.from(text)))).toBe('entry-malformed')
    },
  )
})

describe('what stays beside the log', () => {
  test('details: only their salted digest is in the entry', () => {
    const { entry, detail, bytes } = sealEntry(
      acceptedDraft(0, { details: { b: 1, a: 'secret' } }),
      randomBytes,
    )
    expect(detail!.details).toBe('{"a":"secret","b":1}')
    expect(detail!.salt).toHaveLength(32)
    expect(entry.details).toBe(
      sha256(detail!.salt, Buffer.from('{"a":"secret","b":1}')).toString('base64url'),
    )
    expect(bytes.includes('secret')).toBe(false)
  })

  test('subjects: only their number and the root over salted commitments are in the entry', () => {
    const tags = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(tags, subjects => {
        const {
          entry,
          subjects: kept,
          bytes,
        } = sealEntry(acceptedDraft(0, { subjects }), randomBytes)
        expect(kept.map(({ tag }) => tag)).toEqual(subjects)
        const commitments = kept.map(({ salt, tag }) => sha256(salt, tag))
        expect(entry.subjects).toEqual({
          count: subjects.length,
          root: naiveRoot(commitments).toString('base64url'),
        })
        expect(subjectRoot(commitments)).toEqual(naiveRoot(commitments))
        for (const tag of subjects)
          expect(bytes.includes(Buffer.from(tag).toString('base64url'))).toBe(false)
      }),
    )
  })

  test('the same person has another commitment in every entry', () => {
    const tag = randomBytes(16)
    const { subjects } = sealEntry(acceptedDraft(0, { subjects: [tag, tag] }), randomBytes)
    const [one, two] = subjects.map(({ salt, tag }) => saltedDigest(salt, tag))
    expect(one).not.toEqual(two)
  })

  test('a subject tag of another length is refused', () => {
    const draft = acceptedDraft(0, { subjects: [randomBytes(15)] })
    expect(codeOf(() => sealEntry(draft, randomBytes))).toBe('entry-malformed')
  })

  test('an entry without them has neither', () => {
    const sealed = sealEntry(acceptedDraft(0, { subjects: [] }), randomBytes)
    expect(sealed.detail).toBeUndefined()
    expect(sealed.subjects).toEqual([])
    expect(sealed.entry).not.toHaveProperty('subjects')
    expect(sealed.entry).not.toHaveProperty('details')
  })
})

describe('the columns beside an entry', () => {
  test('are taken from it', () => {
    const { entry } = sealEntry(acceptedDraft(3, { code: 'HB-304' }), randomBytes)
    expect(columnsOf(entry)).toEqual({
      at: '2026-11-21T09:00:03.000Z',
      action: 'message.accepted',
      actor: 'housing-company',
      party: 'woonboog',
      messageId: entry.message!.id,
      protocol: 'wm-vdab',
      type: 'detection.request',
      decision: 'allowed',
      code: 'HB-304',
      recipient: 'vdab',
    })
  })

  test('are empty where it says nothing', () => {
    const { entry } = sealEntry(
      { action: 'program.started', at: new Date(0), actor: { role: 'gateway' } },
      randomBytes,
    )
    const { at, action, actor, ...rest } = columnsOf(entry)
    expect([at, action, actor]).toEqual(['1970-01-01T00:00:00.000Z', 'program.started', 'gateway'])
    expect(Object.values(rest)).toEqual(new Array(7).fill(null))
  })
})

describe('the last guard against national numbers', () => {
  const vectors: { valid: string[] } = {
    valid: [
      '85073003328',
      '17073003384',
      '98472899765',
      '01490700185',
      '85070000187',
      '85000000138',
      '00000100166',
    ],
  }

  test.each(vectors.valid)('%s is refused wherever it is in a draft', number => {
    const dotted = number.replace(/(..)(..)(..)(...)(..)/, '$1.$2.$3-$4.$5')
    for (const text of [number, `tenant ${number}!`, `${number},`, dotted, `(${dotted})`]) {
      for (const draft of [{ reason: text }, { details: { deep: [{ text }] } }, { fields: [text] }])
        expect(codeOf(() => sealEntry(acceptedDraft(0, draft), randomBytes))).toBe(
          'entry-holds-national-number',
        )
    }
    expect(
      codeOf(() => sealEntry(acceptedDraft(0, { details: { n: Number(number) } }), randomBytes)),
    ).toBe(number.startsWith('0') ? undefined : 'entry-holds-national-number')
  })

  test.each([
    '85073003329',
    '850730033281',
    '8507300332',
    'a85073003328',
    '85073003328b',
    '0316380841',
  ])('%s is none', text => {
    expect(() => assertNoNationalNumber(`"${text}"`)).not.toThrow()
  })

  test('does not stop entries of every day', () => {
    for (let i = 0; i < 2_000; i++)
      expect(() =>
        sealEntry(acceptedDraft(i % 1_000, { subjects: [randomBytes(16)] }), randomBytes),
      ).not.toThrow()
  })
})
