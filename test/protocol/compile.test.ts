import fc from 'fast-check'
import { compileMessage } from '../../src/protocol/compile.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { readSchema } from '../../src/schemas.ts'
import { sampleFramework } from './sample.ts'

function example(id: string): Record<string, unknown> {
  return structuredClone(readSchema(id)['examples'][0])
}

function check(type: string, body: unknown, change?: (document: Agreement) => void) {
  const document = sampleFramework()
  change?.(document)
  return compileMessage(document, type)(body).map(({ code, pointer }) => `${code} ${pointer}`)
}

const NAMED = {
  'detection.request': 'detection-request',
  'detection.answer': 'detection-answer',
  'feedback.reachability': 'feedback-request',
  'feedback.progress': 'progress',
  'tenancy.ended': 'tenancies-ended',
}

describe('with the sample', () => {
  test.each(Object.entries(NAMED))('%s: the example of its wire schema passes', (type, schema) => {
    expect(check(type, example(schema))).toEqual([])
  })

  test.each(Object.entries(NAMED))('%s: no other type of body passes', (type, schema) => {
    for (const other of Object.values(NAMED)) {
      if (other !== schema) expect(check(type, example(other))).not.toEqual([])
    }
    for (const body of [null, [], 'text', 1, {}]) expect(check(type, body)).not.toEqual([])
  })

  test('a field that is not listed is HB-312 with its place, a wrong shape HB-202', () => {
    const body = example('detection-request')
    const tenants = body['tenants'] as Record<string, unknown>[]
    tenants.push({ ...tenants[0], income: 1200 }, { ...tenants[0], tenantGround: 'art-6.11' })
    expect(
      check('detection.request', { ...body, remark: 'x', referenceDate: '2026-02-30' }),
    ).toEqual([
      'HB-312 /remark',
      'HB-312 /tenants/1/income',
      'HB-202 /referenceDate',
      'HB-202 /tenants/2/tenantGround',
    ])
  })

  test('the rule is the article where the agreement decides, else the schema', () => {
    const reasons = compileMessage(
      sampleFramework(),
      'feedback.progress',
    )({ status: 'x', why: 'y' })
    expect(reasons.map(reason => reason.rule)).toEqual([
      'wm-vdab 1.0.0, dataElements',
      'progress.json#/required',
      'wm-vdab 1.0.0, dataElements[stand-opvolging].codes',
    ])
    expect(reasons[2]?.remedy).toBe('Use one of: taken-up, closed.')
  })
})

describe('narrowed by the agreement', () => {
  test('an element that is taken out is refused, and needed no longer', () => {
    const without = (document: Agreement) => {
      document.dataElements = document.dataElements.filter(one => one.field !== 'tenantGround')
    }
    const body = example('detection-request')
    expect(check('detection.request', body, without)).toEqual(['HB-312 /tenants/0/tenantGround'])
    const tenants = (body['tenants'] as Record<string, unknown>[]).map(
      ({ tenantGround: _, ...rest }) => rest,
    )
    expect(check('detection.request', { ...body, tenants }, without)).toEqual([])
  })

  test('an element of the header likewise', () => {
    const without = (document: Agreement) => {
      document.dataElements = document.dataElements.filter(one => one.field !== 'referenceDate')
    }
    expect(check('detection.request', example('detection-request'), without)).toEqual([
      'HB-312 /referenceDate',
    ])
  })

  test('a code that the agreement leaves out is refused', () => {
    const fewer = (document: Agreement) => {
      const element = document.dataElements.find(one => one.field === 'reachability')
      element!.codes = element!.codes!.filter(one => one.code === 'not-reached')
    }
    const body = example('feedback-request')
    expect(check('feedback.reachability', body)).toEqual([])
    expect(check('feedback.reachability', body, fewer)).toEqual(['HB-202 /items/0/reachability'])
  })

  test('answers as counts or per person, as granted: HB-315', () => {
    const body = example('detection-answer')
    const rows = { ...body, found: ['3q2-7wABAgMEBQYHCAkKCw'] }
    const person = (document: Agreement) => {
      document.modalities.granularity = 'person'
    }
    expect(check('detection.answer', body)).toEqual([])
    expect(check('detection.answer', rows)).toEqual(['HB-315 /found'])
    expect(check('detection.answer', rows, person)).toEqual([])
    expect(check('detection.answer', body, person)).toEqual(['HB-315 /found'])
    expect(check('detection.answer', { ...body, found: 'many' })).toEqual(['HB-202 /found'])
    const [reason] = compileMessage(sampleFramework(), 'detection.answer')({ ...body, found: -1 })
    expect(reason?.rule).toMatch(/^detection-answer\.json#\//)
  })
})

describe('the general form of POST /v1/messages', () => {
  const general = (type: string, body: unknown) =>
    compileMessage(
      sampleFramework(),
      type,
      true,
    )(body).map(({ code, pointer }) => `${code} ${pointer}`)
  const envelope = { protocol: 'wm-vdab', purpose: 'stopping', nonce: 'n'.repeat(43) }

  test('takes the elements of the type in its items, and nothing else', () => {
    const body = { ...envelope, type: 'tenancy.ended' }
    const item = { tenantRef: 'A-1', endedOn: '2026-10-31' }
    expect(general('tenancy.ended', { ...body, items: [item] })).toEqual([])
    expect(general('tenancy.ended', { ...body, items: [{ ...item, status: 'closed' }] })).toEqual([
      'HB-312 /items/0/status',
    ])
    expect(general('tenancy.ended', { ...body, items: [{ tenantRef: 'A-1' }] })).toEqual([
      'HB-202 /items/0/endedOn',
    ])
    expect(
      general('tenancy.ended', { ...body, referenceDate: '2026-10-31', items: [item] }),
    ).toEqual(['HB-312 /referenceDate'])
  })

  test('knows the form of every element by its format, also without a named operation', () => {
    const about = {
      inReplyTo: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
      requestDigest: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    }
    const body = { ...envelope, ...about, type: 'steps.counts' }
    expect(general('steps.counts', { ...body, items: [{ step: 'work', persons: 40 }] })).toEqual([])
    const wrong = [
      { step: 'prison', persons: -1 },
      { step: 'work', persons: 2.5 },
    ]
    expect(general('steps.counts', { ...body, items: wrong })).toEqual([
      'HB-202 /items/0/step',
      'HB-202 /items/0/persons',
      'HB-202 /items/1/persons',
    ])
  })
})

test('is compiled once per digest, and apart for each document and type', () => {
  const document = sampleFramework()
  const first = compileMessage(document, 'tenancy.ended')
  expect(compileMessage(document, 'tenancy.ended')).toBe(first)
  expect(compileMessage(sampleFramework(), 'tenancy.ended')).toBe(first)
  expect(compileMessage(document, 'feedback.progress')).not.toBe(first)
  const other = sampleFramework()
  other.context.title = 'Andere titel'
  expect(compileMessage(other, 'tenancy.ended')).not.toBe(first)
  expect(compileMessage(document, 'tenancy.ended')).toBe(first)
  // A document in use is not changed: its digest is taken once.
  document.context.title = 'Andere titel'
  expect(compileMessage(document, 'tenancy.ended')).toBe(first)
})

test('a type that is not listed has no validator', () => {
  expect(() => compileMessage(sampleFramework(), 'no.such')).toThrow('does not list')
})

test('goes on working after more documents than it keeps: 200', () => {
  const first = sampleFramework()
  let kept = compileMessage(first, 'feedback.progress')
  const forgottenAt: number[] = []
  for (let number = 0; forgottenAt.length < 2; number += 1) {
    const document = sampleFramework()
    document.context.title = `Titel ${number}`
    const validator = compileMessage(document, 'feedback.progress')
    expect(validator(example('progress'))).toEqual([])
    const now = compileMessage(first, 'feedback.progress')
    if (now !== kept) forgottenAt.push(number)
    kept = now
    expect(number).toBeLessThan(500)
  }
  // The one after which all was let go, the first document again, and those that fill it up.
  expect(forgottenAt[1]! - forgottenAt[0]!).toBe(199)
}, 120_000)

test('no reason repeats a value, wherever a national number hides', () => {
  const number = '85073003328'
  const validator = compileMessage(sampleFramework(), 'detection.request')
  const hide = fc.constantFrom(
    number,
    `n${number}`,
    `${number}/x`,
    Buffer.from(number).toString('base64'),
  )
  const place = fc.constantFrom(
    'header',
    'headerValue',
    'item',
    'itemValue',
    'ref',
    'ground',
    'array',
  )
  fc.assert(
    fc.property(hide, place, (secret, where) => {
      const body = example('detection-request')
      const [tenant] = body['tenants'] as Record<string, unknown>[]
      if (where === 'header') body[secret] = 1
      if (where === 'headerValue') body['referenceDate'] = secret
      if (where === 'item') tenant![secret] = secret
      if (where === 'itemValue') tenant!['unknown'] = secret
      if (where === 'ref') tenant!['tenantRef'] = `${secret} x`
      if (where === 'ground') tenant!['tenantGround'] = secret
      if (where === 'array') body['tenants'] = { [secret]: tenant }
      const text = JSON.stringify(validator(body))
      return text !== '[]' && !text.includes(number) && !text.includes(secret)
    }),
    { numRuns: 200 },
  )
})
