import { ERRORS } from '../../src/errors.ts'
import { type Decision, decide, type Question } from '../../src/protocol/decide.ts'
import { type Agreement, digestOf } from '../../src/protocol/document.ts'
import {
  type Changes,
  feedbackQuestion,
  folderOf,
  IN_FORCE,
  question,
  sampleFramework,
  sampleSet,
  setWith,
} from './sample.ts'

function ask(changes: Changes, changed: Partial<Question> = {}): Decision {
  return decide(setWith(changes), question(changed))
}

function expectRefusal(decision: Decision, code: string, rule: string, pointer: string): void {
  expect(decision).toMatchObject({ allow: false, code, rule, pointer })
  expect((decision as { remedy: string }).remedy.length).toBeGreaterThan(10)
}

describe('the shipped sample', () => {
  const set = sampleSet()

  test('lets a detection request through, and says by which article and to whom', () => {
    const decision = decide(set, question())
    expect(decision).toMatchObject({
      allow: true,
      protocol: 'wm-vdab',
      version: '1.0.0',
      purpose: 'detection',
      recipient: { kind: 'employment-service', function: 'client-file', party: 'vdab' },
      rule: 'wm-vdab 1.0.0, messageTypes[detection.request]',
      ceilings: { perMessage: 1000, perDay: 20000, perEpoch: 200000 },
      accession: { id: 'wm-vdab-woonboog', version: '1.0.0' },
    })
    if (!decision.allow) throw new Error('unreachable')
    expect(decision.modalities).toMatchObject({ granularity: 'counts', countsThreshold: 5 })
    expect(decision.digest).toBe(set.protocols.get('wm-vdab')?.digest)
    expect(decision.accession?.digest).toBe(set.protocols.get('wm-vdab-woonboog')?.digest)
  })

  test.each([
    ['woonboog', 'housing-company'],
    ['leefgoed', 'housing-company'],
    ['de-noorderkempen', 'housing-company'],
  ] as const)('%s takes part', (party, partyKind) => {
    expect(decide(set, question({ party, partyKind })).allow).toBe(true)
  })

  test('each message type goes its own way, and only that way', () => {
    const ways = [
      { type: 'detection.request', party: 'woonboog', fields: ['insz'], to: 'client-file' },
      { type: 'detection.answer', party: 'vdab', fields: ['found'], to: 'target-group-management' },
      { type: 'feedback.reachability', party: 'vdab', fields: ['tag'], to: 'sensitising' },
      { type: 'feedback.progress', party: 'woonboog', fields: ['on'], to: 'follow-up-register' },
      { type: 'tenancy.ended', party: 'woonboog', fields: ['endedOn'], to: 'client-file' },
    ]
    const { targetGroup } = question()
    for (const { type, party, fields, to } of ways) {
      const base = {
        protocol: 'wm-vdab',
        type,
        fields,
        items: 1,
        at: IN_FORCE,
        ...(targetGroup && { targetGroup }),
      }
      expect(decide(set, { ...base, party })).toMatchObject({
        allow: true,
        recipient: { function: to },
      })
      const other = party === 'vdab' ? 'woonboog' : 'vdab'
      expect(decide(set, { ...base, party: other })).toMatchObject({ code: 'HB-309' })
    }
  })

  test('the purpose is that of the type where the message names none', () => {
    expect(decide(set, feedbackQuestion())).toMatchObject({ allow: true, purpose: 'follow-up' })
  })
})

describe('refusals, each with its own code', () => {
  test('HB-301: there is no such protocol', () => {
    expectRefusal(ask({}, { protocol: 'unknown' }), 'HB-301', 'GET /v1/protocols', '/protocol')
  })

  test('HB-301: an accession is not what a message names; the remedy names the framework', () => {
    const decision = ask({}, { protocol: 'wm-vdab-woonboog' })
    expectRefusal(decision, 'HB-301', 'GET /v1/protocols', '/protocol')
    expect(decision).toMatchObject({ remedy: expect.stringContaining('wm-vdab;') })
  })

  test('HB-302: phase 1, no protocol for this party', () => {
    expectRefusal(ask({ alone: true }), 'HB-302', 'wm-vdab 1.0.0, acceding', '/protocol')
  })

  test('HB-302 for a party that nobody knows', () => {
    const decision = ask({}, { party: 'other', partyKind: 'welfare-office' })
    expectRefusal(decision, 'HB-302', 'wm-vdab 1.0.0, acceding', '/protocol')
  })

  test('HB-303: a ground is not in force', () => {
    const later = (document: Agreement) => {
      document.legalBasis[1]!.inForceFrom = '2026-11-22'
    }
    const rule = 'wm-vdab 1.0.0, legalBasis[mededeling].inForceFrom'
    expectRefusal(ask({ framework: later }), 'HB-303', rule, '/protocol')
    const never = (document: Agreement) => {
      document.legalBasis[1]!.inForceFrom = null
    }
    expectRefusal(ask({ framework: never }), 'HB-303', rule, '/protocol')
  })

  test('HB-304: the framework is not signed', () => {
    const decision = ask({ frameworkRecord: record => record.signatures.splice(0) })
    expectRefusal(decision, 'HB-304', 'wm-vdab 1.0.0, signatures[vdab]', '/protocol')
  })

  test('HB-304: one party of the accession did not sign, and the rule names that document', () => {
    const decision = ask({ accessionRecord: record => record.signatures.splice(0, 1) })
    expectRefusal(decision, 'HB-304', 'wm-vdab-woonboog 1.0.0, signatures[woonboog]', '/protocol')
  })

  test('HB-304: the accession joins another version of the framework', () => {
    const decision = ask({
      accession: document => {
        document.frameworkVersion = '0.9.0'
      },
    })
    expectRefusal(decision, 'HB-304', 'wm-vdab-woonboog 1.0.0, frameworkVersion', '/protocol')
  })

  test('HB-304: the framework is another text under the same version, signed by VDAB alone', () => {
    const decision = ask({
      accession: document => {
        document.frameworkDigest = digestOf({ ...sampleFramework(), disputes: 'Een andere tekst.' })
      },
    })
    expectRefusal(decision, 'HB-304', 'wm-vdab-woonboog 1.0.0, frameworkDigest', '/protocol')
  })

  test('an accession that names no text is bound by the version', () => {
    const decision = ask({ accession: document => void delete document.frameworkDigest })
    expect(decision.allow).toBe(true)
  })

  test('HB-305: not yet', () => {
    const decision = ask({
      framework: document => {
        document.duration.from = '2026-11-22'
      },
    })
    expectRefusal(decision, 'HB-305', 'wm-vdab 1.0.0, duration.from', '/protocol')
  })

  test('HB-306: ended', () => {
    const decision = ask({
      accession: document => {
        document.duration.until = '2026-11-20'
      },
    })
    expectRefusal(decision, 'HB-306', 'wm-vdab-woonboog 1.0.0, duration.until', '/protocol')
  })

  test('HB-307: suspended, with the time after which to try again', () => {
    const suspend = { from: '2026-11-21T11:59:59.000Z', until: null, by: 'vdab', reason: 'test' }
    const decision = ask({ frameworkRecord: record => record.suspensions.push(suspend) })
    expectRefusal(decision, 'HB-307', 'wm-vdab 1.0.0, suspensions', '/protocol')
    expect(decision).toMatchObject({ retryAfter: 60 })
  })

  test('HB-307 stays with the housing company whose accession is suspended', () => {
    const suspend = {
      from: '2026-11-21T11:59:59.000Z',
      until: null,
      by: 'woonboog',
      reason: 'test',
    }
    const set = setWith({ accessionRecord: record => record.suspensions.push(suspend) })
    expectRefusal(
      decide(set, question()),
      'HB-307',
      'wm-vdab-woonboog 1.0.0, suspensions',
      '/protocol',
    )
    expect(decide(set, feedbackQuestion()).allow).toBe(true)
    expect(decide(set, feedbackQuestion({ counterparty: 'woonboog' }))).toMatchObject({
      code: 'HB-307',
    })
  })

  test('HB-308: a party of another protocol only', () => {
    const other = sampleFramework()
    Object.assign(other, { protocolId: 'elsewhere', kind: 'protocol' })
    other.modalities.domain = 'elsewhere/1'
    other.parties[0]!.id = 'someone'
    other.modalities.evaluation = []
    const decision = ask({ more: [folderOf(other)] }, { party: 'someone' })
    expectRefusal(decision, 'HB-308', 'wm-vdab 1.0.0, acceding', '/protocol')
  })

  test('HB-308: the gateway knows the party as another kind than the document', () => {
    const decision = ask({}, { partyKind: 'welfare-office' })
    expectRefusal(decision, 'HB-308', 'wm-vdab 1.0.0, parties', '/protocol')
  })

  test('HB-309: VDAB sends what a housing company should', () => {
    const decision = ask({}, { party: 'vdab', partyKind: 'employment-service' })
    const rule = 'wm-vdab 1.0.0, messageTypes[detection.request].from'
    expectRefusal(decision, 'HB-309', rule, '/type')
  })

  test('HB-309: the other end is of the wrong kind', () => {
    const decision = decide(setWith(), feedbackQuestion({ counterparty: 'vdab' }))
    const rule = 'wm-vdab 1.0.0, messageTypes[feedback.reachability].to'
    expectRefusal(decision, 'HB-309', rule, '/type')
  })

  test('HB-310: not listed, and listed but off', () => {
    expectRefusal(
      ask({}, { type: 'report.annex-1' }),
      'HB-310',
      'wm-vdab 1.0.0, messageTypes',
      '/type',
    )
    const off = decide(setWith(), feedbackQuestion({ type: 'steps.counts', fields: [] }))
    expectRefusal(off, 'HB-310', 'wm-vdab 1.0.0, messageTypes[steps.counts].enabled', '/type')
  })

  test('HB-311: a purpose of another message type', () => {
    const rule = 'wm-vdab 1.0.0, messageTypes[detection.request].purposes'
    expectRefusal(ask({}, { purpose: 'follow-up' }), 'HB-311', rule, '/purpose')
    expectRefusal(ask({}, { purpose: 'marketing' }), 'HB-311', rule, '/purpose')
  })

  test('HB-312: a field that is not listed, or for another type or purpose', () => {
    const rule = 'wm-vdab 1.0.0, dataElements'
    expectRefusal(ask({}, { fields: ['insz', 'income'] }), 'HB-312', rule, '')
    expectRefusal(ask({}, { fields: ['endedOn'] }), 'HB-312', rule, '')
    const narrower = (document: Agreement) => {
      const element = document.dataElements.find(({ field }) => field === 'tenantGround')
      element!.purposes = ['follow-up']
    }
    expectRefusal(ask({ framework: narrower }), 'HB-312', rule, '')
  })

  test('HB-313: more items than the ceiling, to the item', () => {
    expect(ask({}, { items: 1000 }).allow).toBe(true)
    const rule = 'wm-vdab 1.0.0, periodicity.ceilings.perMessage'
    expectRefusal(ask({}, { items: 1001 }), 'HB-313', rule, '')
  })

  test('HB-604 for the day and HB-313 for the key epoch, to the item', () => {
    expect(ask({}, { items: 10, used: { day: 19_990, epoch: 199_990 } }).allow).toBe(true)
    const day = ask({}, { items: 11, used: { day: 19_990 } })
    expectRefusal(day, 'HB-604', 'wm-vdab 1.0.0, periodicity.ceilings.perDay', '')
    expect(day).toMatchObject({ retryAfter: 12 * 3600 })
    const epoch = ask({}, { items: 11, used: { epoch: 199_990 } })
    expectRefusal(epoch, 'HB-313', 'wm-vdab 1.0.0, periodicity.ceilings.perEpoch', '')
  })

  test('HB-314: another target group, another version of it, or none', () => {
    const rule = 'wm-vdab 1.0.0, messageTypes[detection.request].targetGroups'
    const { targetGroup: _, ...without } = question()
    const others = [
      { id: 'everyone', version: '1.0' },
      { id: 'tenants-with-labour-potential', version: '2.0' },
    ]
    for (const targetGroup of others) {
      expectRefusal(ask({}, { targetGroup }), 'HB-314', rule, '/targetGroup')
    }
    expectRefusal(decide(setWith(), without), 'HB-314', rule, '/targetGroup')
  })

  test('HB-317: the document breaks a hard rule, or cannot be read', () => {
    const decision = ask({
      framework: document => {
        document.recipients[0]!.name = 'Toezichthouder'
      },
    })
    expectRefusal(decision, 'HB-317', 'wm-vdab 1.0.0, recipients[klantenbestand]', '/protocol')
    const broken = { folder: 'broken', protocol: '{', signatures: undefined }
    const unreadable = ask({ more: [broken] }, { protocol: 'broken' })
    expectRefusal(unreadable, 'HB-317', 'schemas/protocol.json', '/protocol')
  })

  test('HB-317: an accession that cannot be read is not phase 1', () => {
    const broken = { folder: 'wm-vdab-woonboog', protocol: '{', signatures: undefined }
    const decision = ask({ alone: true, more: [broken] })
    expectRefusal(decision, 'HB-317', 'wm-vdab 1.0.0, acceding', '/protocol')
  })
})

test('a decision does not depend on anything but its arguments', () => {
  const set = setWith()
  const before = JSON.stringify([...set.protocols])
  const first = decide(set, question())
  expect(decide(set, question())).toEqual(first)
  expect(JSON.stringify([...set.protocols])).toBe(before)
})

test('every code that decide gives is in the table, with a status of refusal', () => {
  for (const code of [
    'HB-301',
    'HB-302',
    'HB-303',
    'HB-304',
    'HB-305',
    'HB-306',
    'HB-307',
  ] as const) {
    expect(ERRORS[code][0]).toBeGreaterThanOrEqual(400)
  }
  expect(ERRORS['HB-307'][0]).toBe(503)
})
