import fc from 'fast-check'
import { compileMessage } from '../../src/protocol/compile.ts'
import { type Decision, decide, type Question } from '../../src/protocol/decide.ts'
import type { ProtocolSet } from '../../src/protocol/load.ts'
import { readSchema } from '../../src/schemas.ts'
import { IN_FORCE, question, setWith } from './sample.ts'

/*
 * What decide should say, told a second time: from the choices that make a document, not from the
 * document, and by listing everything that is wrong before picking the first. Nothing here is
 * shared with src/protocol.
 */

const WAYS = {
  'detection.request': {
    from: 'woonboog',
    purposes: ['detection'],
    fields: ['insz', 'tenantRef', 'tenantGround', 'referenceDate', 'targetGroup'],
  },
  'detection.answer': { from: 'vdab', purposes: ['detection', 'refinement'], fields: ['found'] },
  'steps.counts': { from: 'vdab', purposes: ['detection'], fields: ['step', 'persons'] },
  'feedback.reachability': {
    from: 'vdab',
    purposes: ['follow-up'],
    fields: ['tag', 'reachability', 'establishedOn'],
  },
  'feedback.progress': { from: 'woonboog', purposes: ['follow-up'], fields: ['status', 'on'] },
  'tenancy.ended': { from: 'woonboog', purposes: ['stopping'], fields: ['tenantRef', 'endedOn'] },
} as const satisfies Record<string, { from: string; purposes: string[]; fields: string[] }>

type Type = keyof typeof WAYS
const TYPES = Object.keys(WAYS) as Type[]
const FIELDS: string[] = [...new Set(TYPES.flatMap(type => [...WAYS[type].fields]))]
/** What patterns cannot do without. */
const CARRIED = ['insz', 'tenantRef', 'tag', 'found', 'status', 'on', 'persons']
/** Fields that may be left out of a document without another rule of it breaking. */
const DROPPABLE = FIELDS.filter(field => !CARRIED.includes(field))
const POOL = [...FIELDS, 'income', 'health', 'reason', 'barrier', 'tenantref', '']
const PURPOSES = ['detection', 'refinement', 'follow-up', 'stopping', 'marketing']

const MOSTLY = [true, true, true, true, true, true, true, true, true, false]

const choicesArb = fc.record({
  dropped: fc.subarray(DROPPABLE, { maxLength: 6 }),
  on: fc.subarray(TYPES),
  perMessage: fc.integer({ min: 1, max: 1000 }),
  perDay: fc.integer({ min: 1, max: 3000 }),
  decree: fc.constantFrom(...MOSTLY),
  signedByVdab: fc.constantFrom(...MOSTLY),
  accession: fc.constantFrom(
    'in force',
    'in force',
    'in force',
    'in force',
    'in force',
    'in force',
    'in force',
    'unsigned',
    'later',
    'ended',
    'none',
  ),
  suspended: fc.constantFrom(...MOSTLY).map(calm => !calm),
})
interface Choices {
  dropped: string[]
  on: Type[]
  perMessage: number
  perDay: number
  decree: boolean
  signedByVdab: boolean
  accession: string
  suspended: boolean
}

const askedArb = fc.record({
  type: fc.constantFrom(...TYPES, 'unknown.type'),
  sender: fc.constantFrom('right', 'right', 'right', 'right', 'woonboog', 'vdab', 'leefgoed'),
  purpose: fc.option(fc.constantFrom(...PURPOSES), { freq: 2, nil: undefined }),
  group: fc.constantFrom('right', 'right', 'other', 'none'),
  fields: fc.subarray(POOL),
  own: fc.boolean(),
  items: fc.integer({ min: 1, max: 1200 }),
  usedToday: fc.integer({ min: 0, max: 3000 }),
})
type Asked = typeof askedArb extends fc.Arbitrary<infer T> ? T : never

function partyOf({ sender, type }: Asked): string {
  if (sender !== 'right') return sender
  return type in WAYS ? WAYS[type as Type].from : 'woonboog'
}

function documentFor(choices: Choices): ProtocolSet {
  return setWith({
    alone: choices.accession === 'none',
    framework: document => {
      document.dataElements = document.dataElements.filter(
        one => !choices.dropped.includes(one.field),
      )
      for (const message of document.messageTypes) {
        message.enabled = choices.on.includes(message.type as Type)
      }
      Object.assign(document.periodicity.ceilings, {
        perMessage: choices.perMessage,
        perDay: choices.perDay,
      })
      if (!choices.decree) document.legalBasis[1]!.inForceFrom = '2027-01-01'
    },
    frameworkRecord: record => {
      if (!choices.signedByVdab) record.signatures = []
      const suspension = {
        from: '2026-11-01T00:00:00.000Z',
        until: null,
        by: 'vdab',
        reason: 'test',
      }
      if (choices.suspended) record.suspensions.push(suspension)
    },
    accession: document => {
      if (choices.accession === 'later') document.duration.from = '2027-01-01'
      if (choices.accession === 'ended') document.duration.until = '2026-01-01'
    },
    accessionRecord: record => {
      if (choices.accession === 'unsigned') record.signatures = []
    },
  })
}

/** The fields that the choices leave for a type. */
function listed(choices: Choices, type: string): string[] {
  const fields: readonly string[] = type in WAYS ? WAYS[type as Type].fields : []
  return fields.filter(field => !choices.dropped.includes(field))
}

function fieldsOf(asked: Asked, choices: Choices): string[] {
  return asked.own ? listed(choices, asked.type) : asked.fields
}

function questionFor(asked: Asked, choices: Choices): Question {
  const groups = {
    right: { id: 'tenants-with-labour-potential', version: '1.0' },
    other: { id: 'tenants-with-labour-potential', version: '1.1' },
    none: undefined,
  }
  const targetGroup = groups[asked.group]
  return {
    party: partyOf(asked),
    protocol: 'wm-vdab',
    type: asked.type,
    fields: fieldsOf(asked, choices),
    items: asked.items,
    at: IN_FORCE,
    used: { day: asked.usedToday },
    ...(asked.purpose !== undefined && { purpose: asked.purpose }),
    ...(targetGroup && { targetGroup }),
  }
}

function oracle(choices: Choices, asked: Asked): string {
  const way = asked.type in WAYS ? WAYS[asked.type as Type] : undefined
  const party = partyOf(asked)
  const joins = party === 'woonboog'
  const purposes: readonly string[] = way?.purposes ?? []
  const fields = listed(choices, asked.type)
  const wrong: [boolean, string][] = [
    [party === 'leefgoed' || (joins && choices.accession === 'none'), 'HB-302'],
    [!choices.decree, 'HB-303'],
    [!choices.signedByVdab, 'HB-304'],
    [choices.suspended, 'HB-307'],
    [joins && choices.accession === 'unsigned', 'HB-304'],
    [joins && choices.accession === 'later', 'HB-305'],
    [joins && choices.accession === 'ended', 'HB-306'],
    [!way, 'HB-310'],
    [!choices.on.includes(asked.type as Type), 'HB-310'],
    [way?.from !== party, 'HB-309'],
    [asked.purpose !== undefined && !purposes.includes(asked.purpose), 'HB-311'],
    [asked.type === 'detection.request' && asked.group !== 'right', 'HB-314'],
    [!servesPurpose(asked, fields, choices), 'HB-312'],
    [asked.items > choices.perMessage, 'HB-313'],
    [asked.usedToday + asked.items > choices.perDay, 'HB-604'],
  ]
  return wrong.find(([is]) => is)?.[1] ?? 'allowed'
}

function servesPurpose(asked: Asked, fields: string[], choices: Choices): boolean {
  return fieldsOf(asked, choices).every(field => fields.includes(field))
}

function outcome(decision: Decision): string {
  return decision.allow ? 'allowed' : decision.code
}

test('decide says what the oracle says, for any document and question', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(choicesArb, askedArb, (choices, asked) => {
      const said = outcome(decide(documentFor(choices), questionFor(asked, choices)))
      seen.set(said, (seen.get(said) ?? 0) + 1)
      expect(said).toBe(oracle(choices, asked))
    }),
    { numRuns: 800, seed: 20261121 },
  )
  // A property that never sees an outcome proves nothing about it.
  const codes = ['HB-302', 'HB-303', 'HB-304', 'HB-305', 'HB-306', 'HB-307', 'HB-309', 'HB-310']
  for (const code of [...codes, 'HB-311', 'HB-312', 'HB-313', 'HB-314', 'HB-604', 'allowed']) {
    expect([code, (seen.get(code) ?? 0) > 0]).toEqual([code, true])
  }
})

test('what is allowed is listed: nothing passes decide and validator that the choices left out', () => {
  const item = fc.dictionary(
    fc.constantFrom(...POOL),
    fc.constantFrom('A-1', '2026-10-31', 'closed', 1),
    { maxKeys: 5 },
  )
  const body = fc.record({
    extra: fc.dictionary(fc.constantFrom(...POOL), fc.constantFrom('2026-10-31', 1), {
      maxKeys: 2,
    }),
    items: fc.array(item, { minLength: 1, maxLength: 3 }),
    own: fc.boolean(),
  })
  const calm = choicesArb.map(choices => ({
    ...choices,
    decree: true,
    signedByVdab: true,
    suspended: false,
    accession: 'in force',
    on: TYPES,
  }))
  let passed = 0
  fc.assert(
    fc.property(calm, body, (choices, { extra, items, own }) => {
      const message = {
        protocol: 'wm-vdab',
        nonce: 'n'.repeat(43),
        ...extra,
        items: own
          ? [
              Object.fromEntries(
                Object.entries({ tenantRef: 'A-1', endedOn: '2026-10-31' }).filter(
                  ([name]) => !choices.dropped.includes(name),
                ),
              ),
            ]
          : items,
      }
      const fields = [...Object.keys(extra), ...message.items.flatMap(one => Object.keys(one))]
      const decision = decide(
        documentFor(choices),
        question({ type: 'tenancy.ended', purpose: 'stopping', fields }),
      )
      if (!decision.allow) return
      if (compileMessage(decision.document, 'tenancy.ended')(message).length) return
      passed += 1
      for (const field of fields) expect(listed(choices, 'tenancy.ended')).toContain(field)
    }),
    { numRuns: 400, seed: 20261121 },
  )
  expect(passed).toBeGreaterThan(20)
})

describe('the validator agrees with decide about fields', () => {
  const SCHEMAS = {
    'detection.request': 'detection-request',
    'feedback.reachability': 'feedback-request',
    'feedback.progress': 'progress',
    'tenancy.ended': 'tenancies-ended',
  } as const

  test.each(Object.entries(SCHEMAS))('%s: element by element', (type, schema) => {
    const example = readSchema(schema)['examples'][0]
    for (const field of WAYS[type as Type].fields) {
      const choices = {
        dropped: [field],
        on: TYPES,
        perMessage: 1000,
        perDay: 3000,
        decree: true,
        signedByVdab: true,
        accession: 'in force',
        suspended: false,
      }
      const set = documentFor(choices)
      const document = set.protocols.get('wm-vdab')?.document
      if (document?.kind !== 'framework') throw new Error('no framework')
      const reasons = compileMessage(document, type)(example)
      expect(reasons.map(reason => reason.code)).toEqual(['HB-312'])
      expect(reasons[0]?.pointer.endsWith(`/${field}`)).toBe(true)
    }
  })
})

test('matrix: every data element x message type x direction', () => {
  const set = setWith({
    framework: document => {
      for (const message of document.messageTypes) message.enabled = true
    },
  })
  let allowed = 0
  for (const type of TYPES) {
    for (const field of FIELDS) {
      for (const party of ['woonboog', 'vdab']) {
        const { purpose: _, ...base } = question()
        const decision = decide(set, {
          ...base,
          party,
          partyKind: party === 'vdab' ? 'employment-service' : 'housing-company',
          type,
          fields: [field],
        })
        const way = WAYS[type]
        const mine = (way.fields as readonly string[]).includes(field)
        const expected = way.from !== party ? 'HB-309' : mine ? 'allowed' : 'HB-312'
        expect([type, field, party, outcome(decision)]).toEqual([type, field, party, expected])
        if (decision.allow) allowed += 1
      }
    }
  }
  expect(allowed).toBe(15)
})
