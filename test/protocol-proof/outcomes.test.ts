import { explain } from '../../src/errors.ts'
import { decide, type Question, type Refused } from '../../src/protocol/decide.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import {
  type Changes,
  feedbackQuestion,
  folderOf,
  question,
  sampleFramework,
  setWith,
} from '../protocol/sample.ts'
import { IN_FORCE, setInForce } from './sets.ts'

/** Everything that a refusal says but which version decided. */
type Told = Omit<Refused, 'allow' | 'protocol'>

function refusal(changes: Changes, changed: Partial<Question>, base = question()) {
  return decide(setWith(changes), { ...base, ...changed })
}

function told(code: Refused['code'], pointer: string, rule: string, remedy?: string): Told {
  return { code, pointer, rule, remedy: remedy ?? explain(code).remedy }
}

function with_(amend: (document: Agreement) => void): Agreement {
  const document = sampleFramework()
  amend(document)
  return document
}

const AT = 'wm-vdab 1.0.0, '
const since = '2026-11-21T11:59:59.000Z'
const suspension = { from: since, until: null, by: 'vdab', reason: 'test' }
const broken = (folder: string) => ({ folder, protocol: '{', signatures: undefined })
const other = with_(document => {
  Object.assign(document, { protocolId: 'elsewhere', kind: 'protocol' })
  document.parties[0]!.id = 'someone'
  document.parties.push({ ...document.parties[0]!, id: 'someone-else' })
})

const REFUSALS: Record<string, [Changes, Partial<Question>, Told, base?: Question]> = {
  'no such protocol': [
    {},
    { protocol: 'unknown' },
    told('HB-301', '/protocol', 'GET /v1/protocols'),
  ],
  'an accession is not named': [
    {},
    { protocol: 'wm-vdab-woonboog' },
    told(
      'HB-301',
      '/protocol',
      'GET /v1/protocols',
      'Name the framework, wm-vdab; the accession follows from who you are.',
    ),
  ],
  'cannot be read': [
    { more: [broken('broken')] },
    { protocol: 'broken' },
    told('HB-317', '/protocol', 'schemas/protocol.json'),
  ],
  'phase 1': [{ alone: true }, {}, told('HB-302', '/protocol', `${AT}acceding`)],
  'phase 1, whatever else cannot be read': [
    { alone: true, more: [broken('wm-vdab-other'), broken('woonboog')] },
    {},
    told('HB-302', '/protocol', `${AT}acceding`),
  ],
  'the accession cannot be read': [
    { alone: true, more: [broken('wm-vdab-woonboog')] },
    {},
    told('HB-317', '/protocol', `${AT}acceding`),
  ],
  'a party of another protocol': [
    { more: [folderOf(other)] },
    { party: 'someone', partyKind: 'employment-service' },
    told('HB-308', '/protocol', `${AT}acceding`),
  ],
  'known as another kind': [
    {},
    { partyKind: 'welfare-office' },
    told(
      'HB-308',
      '/protocol',
      `${AT}parties`,
      'The gateway knows this party as another kind than the protocol does: ask the operator.',
    ),
  ],
  'the other end does not take part': [
    { alone: true },
    { counterparty: 'woonboog' },
    told('HB-302', '/protocol', `${AT}acceding`),
    feedbackQuestion(),
  ],
  'the framework is suspended': [
    { frameworkRecord: record => record.suspensions.push(suspension) },
    {},
    { ...told('HB-307', '/protocol', `${AT}suspensions`), retryAfter: 60 },
  ],
  'the accession is suspended': [
    { accessionRecord: record => record.suspensions.push(suspension) },
    {},
    { ...told('HB-307', '/protocol', 'wm-vdab-woonboog 1.0.0, suspensions'), retryAfter: 60 },
  ],
  'the accession of the other end is suspended': [
    { accessionRecord: record => record.suspensions.push(suspension) },
    { counterparty: 'woonboog' },
    { ...told('HB-307', '/protocol', 'wm-vdab-woonboog 1.0.0, suspensions'), retryAfter: 60 },
    feedbackQuestion(),
  ],
  'the accession is of another version': [
    {
      accession: document => {
        document.frameworkVersion = '0.9.0'
      },
    },
    {},
    told(
      'HB-304',
      '/protocol',
      'wm-vdab-woonboog 1.0.0, frameworkVersion',
      'Accede to version 1.0.0 of wm-vdab as it is now.',
    ),
  ],
  'type not listed': [{}, { type: 'no.such' }, told('HB-310', '/type', `${AT}messageTypes`)],
  'type off': [
    {},
    { type: 'steps.counts' },
    told(
      'HB-310',
      '/type',
      `${AT}messageTypes[steps.counts].enabled`,
      'The type is listed but off; only a new version of the protocol can turn it on.',
    ),
    feedbackQuestion(),
  ],
  'wrong sender': [
    {},
    { party: 'vdab', partyKind: 'employment-service' },
    told('HB-309', '/type', `${AT}messageTypes[detection.request].from`),
  ],
  'wrong other end': [
    {},
    { counterparty: 'vdab' },
    told('HB-309', '/type', `${AT}messageTypes[feedback.reachability].to`),
    feedbackQuestion(),
  ],
  'wrong purpose': [
    {},
    { purpose: 'follow-up', type: 'detection.answer' },
    told(
      'HB-311',
      '/purpose',
      `${AT}messageTypes[detection.answer].purposes`,
      'Name one of: detection, refinement.',
    ),
    feedbackQuestion(),
  ],
  'a field that is not listed, beside those that are': [
    {},
    { fields: ['insz', 'income'] },
    told(
      'HB-312',
      '',
      `${AT}dataElements`,
      'Leave out the field; the protocol lists: insz, tenantRef, tenantGround, referenceDate, targetGroup.',
    ),
  ],
  'one item too many in a message': [
    {},
    { items: 1001 },
    told(
      'HB-313',
      '',
      `${AT}periodicity.ceilings.perMessage`,
      'Send at most 1000 items in one message.',
    ),
  ],
  'one item too many in a day': [
    {},
    { items: 11, used: { day: 19_990 } },
    {
      ...told(
        'HB-604',
        '',
        `${AT}periodicity.ceilings.perDay`,
        'At most 20000 items a day; 10 are left until midnight UTC.',
      ),
      retryAfter: 12 * 3600,
    },
  ],
  'more than a day takes, a second before midnight': [
    {},
    { items: 1, used: { day: 20_100 }, at: new Date('2026-11-21T23:59:58.500Z') },
    {
      ...told(
        'HB-604',
        '',
        `${AT}periodicity.ceilings.perDay`,
        'At most 20000 items a day; 0 are left until midnight UTC.',
      ),
      retryAfter: 2,
    },
  ],
  'one item too many under a key epoch': [
    {},
    { items: 11, used: { epoch: 199_990 } },
    told(
      'HB-313',
      '',
      `${AT}periodicity.ceilings.perEpoch`,
      'At most 200000 items under one key epoch; 10 are left.',
    ),
  ],
  'more than a key epoch takes': [
    {},
    { items: 1, used: { day: 0, epoch: 200_100 } },
    told(
      'HB-313',
      '',
      `${AT}periodicity.ceilings.perEpoch`,
      'At most 200000 items under one key epoch; 0 are left.',
    ),
  ],
}

describe('every refusal says its code, place, article and remedy', () => {
  test.each(Object.entries(REFUSALS))('%s', (_, [changes, changed, expected, base]) => {
    const { protocol, ...rest } = refusal(changes, changed, base) as Refused
    expect(rest).toStrictEqual({ allow: false, ...expected })
    const decided = expected.rule.startsWith('wm-vdab')
    expect(protocol).toEqual(
      decided ? { id: 'wm-vdab', version: '1.0.0', digest: expect.any(String) } : undefined,
    )
  })

  test('of a protocol that nobody can join, the rule is the list of parties', () => {
    const document = with_(one => {
      Object.assign(one, { kind: 'protocol' })
    })
    const stranger = question({ party: 'stranger' })
    expect(decide(setInForce(document), stranger)).toMatchObject({
      code: 'HB-302',
      rule: `${AT}parties`,
    })
  })
})

describe('target groups', () => {
  const document = with_(one => {
    const first = one.dataSubjects[0]!
    const group = (id: string, version: string) => ({
      ...first,
      targetGroup: { ...first.targetGroup, id, version },
    })
    one.dataSubjects = [group('tenants', '1.0'), group('others', '2.0'), group('no', '3.0')]
    const message = one.messageTypes.find(({ type }) => type === 'detection.request')!
    message.targetGroups = ['tenants', 'others']
  })
  const ask = (targetGroup: { id: string; version: string } | undefined) => {
    const { targetGroup: _, ...base } = question()
    return decide(setInForce(document), { ...base, ...(targetGroup && { targetGroup }) })
  }

  test('each that the type lists, in its version', () => {
    expect(ask({ id: 'tenants', version: '1.0' }).allow).toBe(true)
    expect(ask({ id: 'others', version: '2.0' }).allow).toBe(true)
  })

  test.each([
    [{ id: 'tenants', version: '2.0' }],
    [{ id: 'others', version: '1.0' }],
    [{ id: 'no', version: '3.0' }],
    [undefined],
  ])('%j is refused, and those listed are named', group => {
    expect(ask(group)).toMatchObject({
      allow: false,
      ...told(
        'HB-314',
        '/targetGroup',
        `${AT}messageTypes[detection.request].targetGroups`,
        'Name one of: tenants 1.0, others 2.0.',
      ),
    })
  })
})

describe('what is allowed', () => {
  test('says all that decided it', () => {
    const set = setWith()
    const framework = set.protocols.get('wm-vdab')!
    const { document, digest } = framework
    if (document.kind === 'accession') throw new Error('an accession')
    const accession = set.protocols.get('wm-vdab-woonboog')!
    expect(decide(set, question())).toEqual({
      allow: true,
      protocol: 'wm-vdab',
      version: '1.0.0',
      digest,
      document,
      accession: { id: 'wm-vdab-woonboog', version: '1.0.0', digest: accession.digest },
      messageType: document.messageTypes[0],
      purpose: 'detection',
      recipient: { kind: 'employment-service', function: 'client-file', party: 'vdab' },
      modalities: document.modalities,
      ceilings: document.periodicity.ceilings,
      rule: `${AT}messageTypes[detection.request]`,
    })
  })

  test('to several: no party, and no accession until one is named', () => {
    const set = setWith()
    const decision = decide(set, feedbackQuestion())
    expect(decision).toMatchObject({ recipient: { kind: 'housing-company' } })
    expect(Object.keys(decision)).not.toContain('accession')
    expect((decision as { recipient: object }).recipient).toStrictEqual({
      kind: 'housing-company',
      function: 'sensitising',
    })
    expect(decide(set, feedbackQuestion({ counterparty: 'woonboog' }))).toMatchObject({
      accession: { id: 'wm-vdab-woonboog' },
      recipient: { party: 'woonboog' },
    })
  })

  test('of two parties of the kind neither is meant; a recipient that is not there has no function', () => {
    const document = with_(one => {
      // Signed like the first, since it has the same id.
      one.parties.push({ ...one.parties[0]! })
      one.messageTypes[0]!.recipient = 'nowhere'
    })
    const decision = decide(setInForce(document), question())
    expect((decision as { recipient: object }).recipient).toStrictEqual({
      kind: 'employment-service',
      function: '',
    })
  })

  test('to whoever accedes, wherever it stands among the parties of its accession', () => {
    const set = setWith({
      accession: document => {
        document.parties.reverse()
      },
    })
    expect(decide(set, question()).allow).toBe(true)
  })

  test.each<Partial<Question>>([
    { items: 1000 },
    { items: 10, used: { day: 19_990 } },
    { items: 10, used: { epoch: 199_990 } },
    { items: 10, used: {} },
    { purpose: 'detection', fields: [] },
    { at: IN_FORCE },
  ])('up to the last item: %j', changed => {
    expect(decide(setWith(), question(changed)).allow).toBe(true)
  })

  test('without a purpose it is the first of the type, and the fields are those of that one', () => {
    const document = with_(one => {
      one.messageTypes[0]!.purposes = ['follow-up', 'detection']
    })
    const { purpose: _, ...base } = question({ fields: ['tenantRef'] })
    expect(decide(setInForce(document), base)).toMatchObject({ allow: true, purpose: 'follow-up' })
    const fields = { ...base, fields: ['insz'] }
    expect(decide(setInForce(document), fields)).toMatchObject({ code: 'HB-312' })
    expect(decide(setInForce(document), { ...fields, purpose: 'detection' }).allow).toBe(true)
  })
})
