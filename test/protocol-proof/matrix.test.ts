import { compileMessage } from '../../src/protocol/compile.ts'
import { type Decision, decide } from '../../src/protocol/decide.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { stateAt } from '../../src/protocol/lifecycle.ts'
import { agreementOf } from '../../src/protocol/lookup.ts'
import { IN_FORCE, sampleFramework, setWith } from '../protocol/sample.ts'
import { SITUATIONS, type Situation, secondCompany } from './states.ts'
import { type Kind, messageOf, TABLE, VALUES } from './table.ts'

const DOCUMENT = sampleFramework()
const TYPES = DOCUMENT.messageTypes.map(message => message.type)
const FIELDS = DOCUMENT.dataElements.map(element => element.field)

/** A party of each kind, and another of the same kind for the other end. No office takes part. */
const PARTIES: Record<Kind, [string, string]> = {
  'housing-company': ['woonboog', 'leefgoed'],
  'employment-service': ['vdab', 'vdab'],
  'welfare-office': ['ocmw', 'ocmw'],
}
const KINDS = Object.keys(PARTIES) as Kind[]
/** Every ordered pair; a message that goes no further than the gateway has no other end. */
const DIRECTIONS = KINDS.flatMap(from => [...KINDS, 'gateway' as const].map(to => ({ from, to })))
type Direction = (typeof DIRECTIONS)[number]

/** What the table says of a cell, before and apart from the product. */
function expectedDecision(
  situation: Situation,
  type: string,
  field: string,
  { from, to }: Direction,
): string {
  const row = TABLE[type]!
  const joins = from === 'housing-company' || to === 'housing-company'
  // Of two housing companies the sender's accession decides; no message goes between them.
  const own = from === 'housing-company' || to === 'housing-company' ? situation.joined : undefined
  const wrongEnd = to !== 'gateway' && to !== row.to
  if (from === 'welfare-office' || to === 'welfare-office') return 'HB-302'
  if (joins && own === 'HB-302') return 'HB-302'
  if (situation.code) return situation.code
  if (own) return own
  if (!row.on) return 'HB-310'
  if (row.from !== from || wrongEnd) return 'HB-309'
  return row.fields.includes(field) ? 'allowed' : 'HB-312'
}

function outcome(decision: Decision): string {
  return decision.allow ? 'allowed' : decision.code
}

/** The fields of the type, and the one that the cell is about. */
function fieldsWith(type: string, field: string): string[] {
  return [...new Set([...TABLE[type]!.fields, field])]
}

test('the table has every message type and every field of the shipped document, and no other', () => {
  expect(Object.keys(TABLE).toSorted()).toEqual(TYPES.toSorted())
  expect(Object.keys(VALUES).toSorted()).toEqual(FIELDS.toSorted())
  expect(new Set(Object.values(TABLE).flatMap(row => row.fields))).toEqual(new Set(FIELDS))
})

describe(`${FIELDS.length} data elements x ${TYPES.length} types x ${DIRECTIONS.length} directions`, () => {
  test.each(Object.entries(SITUATIONS))('%s', (_, situation) => {
    const { make } = situation
    const set = setWith({ ...make, more: [secondCompany(), ...(make.more ?? [])] })
    const framework = agreementOf(set, 'wm-vdab')!
    const accession = set.protocols.get('wm-vdab-woonboog')
    const { document } = framework
    expect(stateAt(framework, IN_FORCE)).toBe(situation.framework)
    if (situation.accession) {
      expect(stateAt(accession!, IN_FORCE, document)).toBe(situation.accession)
    }
    const wrong: unknown[] = []
    let cells = 0
    for (const type of TYPES) {
      for (const field of FIELDS) {
        const valid = validity(document, type, field)
        for (const direction of DIRECTIONS) {
          cells += 1
          const said = outcome(decide(set, questionOf(type, field, direction)))
          const expected = expectedDecision(situation, type, field, direction)
          if (said !== expected) wrong.push({ type, field, ...direction, said, expected })
        }
        const listed = TABLE[type]!.fields.includes(field)
        const unlike = valid.filter(codes => (listed ? codes !== '' : codes !== 'HB-312'))
        if (unlike.length) wrong.push({ type, field, listed, valid })
      }
    }
    expect(wrong).toEqual([])
    expect(cells).toBe(14 * 6 * 12)
  })
})

function questionOf(type: string, field: string, { from, to }: Direction) {
  return {
    party: PARTIES[from][0],
    partyKind: from,
    protocol: 'wm-vdab',
    type,
    targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
    fields: fieldsWith(type, field),
    items: 1,
    at: IN_FORCE,
    ...(to !== 'gateway' && { counterparty: PARTIES[to][from === to ? 1 : 0] }),
  }
}

/** What the validator says of a real message with the field, in each form that the type has. */
function validity(document: Agreement, type: string, field: string): string[] {
  return [false, true].flatMap(general => {
    const body = messageOf(type, fieldsWith(type, field), general)
    if (!body) return []
    const reasons = compileMessage(document, type, general)(body)
    return [...new Set(reasons.map(reason => reason.code))].join()
  })
}

test('a cell passes where a listed field goes the listed way, and in no other', () => {
  const passing = TYPES.flatMap(type =>
    FIELDS.flatMap(field =>
      DIRECTIONS.filter(
        way => expectedDecision(SITUATIONS['all in force']!, type, field, way) === 'allowed',
      ),
    ),
  )
  // Thirteen pairs of field and type that are on, each to its other end or with none named;
  // progress goes to the gateway only.
  expect(passing).toHaveLength(2 * (5 + 1 + 3 + 2) + 2)
})
