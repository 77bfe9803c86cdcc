import { compileMessage } from '../../src/protocol/compile.ts'
import { decide } from '../../src/protocol/decide.ts'
import type { Agreement, DataElement, MessageType } from '../../src/protocol/document.ts'
import { question, sampleFramework } from '../protocol/sample.ts'
import { setInForce } from './sets.ts'
import { messageOf, TABLE, VALUES as VALUE } from './table.ts'

const BYTES16 = 'pZ0wq1Jb0yQmX3d7aK9sDg'
const around = { protocol: 'wm-vdab', type: 'help.asked', purpose: 'detection' }
const nonce = 'n'.repeat(43)

/** A framework with one type that carries these formats, each as a field of its own name. */
function documentWith(
  fields: Record<string, DataElement['format']>,
  pattern: MessageType['pattern'] = 'event',
): Agreement {
  const document = sampleFramework()
  const [message, element] = [document.messageTypes[0]!, document.dataElements[0]!]
  document.messageTypes = [{ ...message, type: 'help.asked', pattern }]
  document.dataElements = Object.entries(fields).map(([field, format]) => ({
    ...element,
    ...{ id: field, field, format, messageTypes: ['help.asked'] },
  }))
  return document
}

function judge(document: Agreement, item: object, more: object = {}): string[] {
  const body = { ...around, nonce, ...more, items: [item] }
  return compileMessage(document, 'help.asked')(body).map(one => `${one.code} ${one.pointer}`)
}

/** By format: values that are in order, and values that are not. */
const VALUES: [DataElement['format'], unknown[], unknown[]][] = [
  ['national-number', ['', 'x'.repeat(64)], ['x'.repeat(65), 85073003328, null, ['x']]],
  ['tenant-reference', ['A-1', 'x'.repeat(64)], ['', 'x'.repeat(65), 'A 1', 1]],
  ['document-reference', ['D_1'], ['', 'D/1', 1]],
  ['pseudonym', [BYTES16], [BYTES16.slice(1), `${BYTES16}A`, 'pZ0wq1Jb0yQmX3d7aK9sDh', 1]],
  ['row-id', [BYTES16], [BYTES16.slice(1), 1]],
  ['date', ['2024-02-29'], ['2025-02-29', '2026-2-1', '1899-12-31', 20260101]],
  ['month', ['2026-12'], ['2026-13', '2026-12-01', 202612]],
  ['count', [0, 100_000_000], [-1, 1.5, 100_000_001, '1', null]],
  ['boolean', [true, false], ['true', 1, null]],
  [
    'target-group',
    [{ id: 'a', version: '1' }],
    [{ id: 'a' }, 'a', { id: 'a', version: '1', b: 1 }],
  ],
]

describe('the general form, by format', () => {
  test.each(VALUES)('%s', (format, right, wrong) => {
    const document = documentWith({ alpha: format })
    const more = format === 'pseudonym' ? { domain: 'wm-vdab/1/1' } : {}
    for (const alpha of right)
      expect([alpha, judge(document, { alpha }, more)]).toEqual([alpha, []])
    for (const alpha of wrong) {
      const codes = new Set(judge(document, { alpha }, more).map(told => told.slice(0, 6)))
      expect([alpha, codes.has('HB-202') || codes.has('HB-312')]).toEqual([alpha, true])
    }
    expect(judge(document, {}, more)).toEqual(['HB-202 /items/0/alpha'])
  })

  test('codes are texts of the list', () => {
    const document = documentWith({ alpha: 'code', beta: 'boolean' })
    document.dataElements[0]!.codes = [{ code: 'one', label: 'een' }]
    expect(judge(document, { alpha: 'one', beta: true })).toEqual([])
    expect(judge(document, { alpha: 'two', beta: true })).toEqual(['HB-202 /items/0/alpha'])
    const [reason] = compileMessage(
      document,
      'help.asked',
    )({
      ...{ ...around, nonce },
      items: [{ alpha: 'two', beta: true }],
    })
    expect(reason?.rule).toBe('wm-vdab 1.0.0, dataElements[alpha].codes')
  })

  test('free text has no form: neither with it nor without it is it a field', () => {
    const document = documentWith({ alpha: 'text', beta: 'boolean' })
    expect(judge(document, { alpha: 'x', beta: true })).toEqual(['HB-312 /items/0/alpha'])
    expect(judge(document, { beta: true })).toEqual([])
  })

  test('a domain stands beside tags, and nowhere else', () => {
    const domain = { domain: 'wm-vdab/1/1' }
    const tagged = documentWith({ alpha: 'pseudonym' })
    expect(judge(tagged, { alpha: BYTES16 }, domain)).toEqual([])
    expect(judge(tagged, { alpha: BYTES16 })).toEqual(['HB-202 /domain'])
    expect(judge(documentWith({ alpha: 'date' }), { alpha: '2026-11-21' }, domain)).toEqual([
      'HB-312 /domain',
    ])
  })

  const answers = {
    inReplyTo: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
    requestDigest: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  }
  const item = { alpha: true }

  test.each(['request', 'event', 'withdrawal'] as const)('%s names no other message', pattern => {
    const document = documentWith({ alpha: 'boolean' }, pattern)
    expect(judge(document, item)).toEqual([])
    expect(judge(document, item, answers).toSorted()).toEqual([
      'HB-312 /inReplyTo',
      'HB-312 /requestDigest',
    ])
    expect(judge(document, { ...item, feedbackId: 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3' })).toEqual([
      'HB-312 /items/0/feedbackId',
    ])
  })

  test.each(['answer', 'counts'] as const)('%s names what it answers', pattern => {
    const document = documentWith({ alpha: 'boolean' }, pattern)
    expect(judge(document, item, answers)).toEqual([])
    expect(judge(document, item)).toEqual(['HB-202 /inReplyTo', 'HB-202 /requestDigest'])
    const none = compileMessage(document, 'help.asked')({ ...around, nonce, ...answers, items: [] })
    expect(none.map(({ pointer }) => pointer)).toEqual(pattern === 'answer' ? [] : ['/items'])
  })

  test('progress names its feedback in each item', () => {
    const document = documentWith({ alpha: 'boolean' }, 'progress')
    const feedbackId = 'fb_01KAJ5K2E8QH4N6R0S1TVWXYZ3'
    expect(judge(document, { ...item, feedbackId })).toEqual([])
    expect(judge(document, item)).toEqual(['HB-202 /items/0/feedbackId'])
    expect(judge(document, { ...item, feedbackId: 'fb_1' })).toEqual(['HB-202 /items/0/feedbackId'])
  })

  test('what a precondition needs of a person may be absent: that refuses the item, later', () => {
    const document = documentWith({ alpha: 'date', beta: 'document-reference', gamma: 'boolean' })
    const participation = { dateField: 'alpha', documentField: 'beta', withdrawnBy: 'help.ended' }
    document.messageTypes[0]!.preconditions = { participation }
    expect(judge(document, { gamma: true })).toEqual([])
    expect(judge(document, { gamma: true, alpha: '2026-11-21', beta: 'D-1' })).toEqual([])
    expect(judge(document, { alpha: '2026-11-21', beta: 'D-1' })).toEqual(['HB-202 /items/0/gamma'])
    expect(judge(document, { gamma: true, alpha: 'x' })[0]).toBe('HB-202 /items/0/alpha')
  })

  test('what was found is told in the form that is granted: HB-315', () => {
    const counts = documentWith({ found: 'count' }, 'answer')
    const person = documentWith({ found: 'row-id' }, 'answer')
    person.modalities.granularity = 'person'
    expect(judge(counts, { found: 3 }, answers)).toEqual([])
    expect(judge(counts, { found: BYTES16 }, answers)).toEqual(['HB-315 /items/0/found'])
    expect(judge(counts, { found: -1 }, answers)).toEqual(['HB-202 /items/0/found'])
    expect(judge(person, { found: BYTES16 }, answers)).toEqual([])
    expect(judge(person, { found: 3 }, answers)[0]).toBe('HB-315 /items/0/found')
    expect(judge(person, { found: 'x' }, answers)).toEqual(['HB-202 /items/0/found'])
    const [reason] = compileMessage(
      counts,
      'help.asked',
    )({
      ...{ ...around, nonce, ...answers },
      items: [{ found: BYTES16 }],
    })
    expect(reason?.rule).toBe('wm-vdab 1.0.0, modalities.granularity')
  })

  test('an item is an object, and a message is one', () => {
    const document = documentWith({ alpha: 'boolean' })
    for (const one of [null, 1, 'x', [], [true]]) {
      expect(judge(document, one as object)).not.toEqual([])
    }
  })
})

test('a code without its list has no form', () => {
  const document = documentWith({ alpha: 'code', beta: 'boolean' })
  expect(judge(document, { alpha: 'one', beta: true })).toEqual(['HB-312 /items/0/alpha'])
})

test('in a named operation a field passes only where the document places it', () => {
  const body = messageOf('detection.request', TABLE['detection.request']!.fields, false)
  const judged = (field: string, place: 'header' | 'item') => {
    const document = sampleFramework()
    document.dataElements.find(element => element.field === field)!.place = place
    return compileMessage(document, 'detection.request')(body).map(one => one.pointer)
  }
  expect(judged('tenantRef', 'item')).toEqual([])
  expect(judged('tenantRef', 'header')).toEqual(['/tenants/0/tenantRef'])
  expect(judged('referenceDate', 'item')).toEqual(['/referenceDate'])
})

test('in a named operation a code passes only where both the document and the wire know it', () => {
  const judged = (type: string, field: string, code: string) => {
    const document = sampleFramework()
    const element = document.dataElements.find(one => one.field === field)!
    element.codes = [...(element.codes ?? []), { code: 'elsewhere', label: 'elders' }]
    const text = JSON.stringify(messageOf(type, TABLE[type]!.fields, false))
    const body = JSON.parse(text.replace(JSON.stringify(VALUE[field]), JSON.stringify(code)))
    return compileMessage(document, type)(body).map(one => `${one.code} ${one.pointer}`)
  }
  const refused = ['HB-202 /items/0/reachability']
  expect(judged('feedback.reachability', 'reachability', 'not-reached')).toEqual([])
  expect(judged('feedback.reachability', 'reachability', 'elsewhere')).toEqual(refused)
  // The wire has no list for this one.
  expect(judged('detection.request', 'insz', 'elsewhere')).toEqual([])
  expect(judged('detection.request', 'insz', 'other')).toEqual(['HB-202 /tenants/0/insz'])
})

test('a document that does not compile leaves the others alone', () => {
  const impossible = documentWith(Object.fromEntries([['constructor', 'boolean']]))
  expect(() => compileMessage(impossible, 'help.asked')).toThrow()
  expect(judge(documentWith({ alpha: 'boolean' }), { alpha: true })).toEqual([])
  expect(() => compileMessage(impossible, 'help.asked')).toThrow()
})

test('without a count of the day, the ceiling of the day is not what refuses', () => {
  const document = sampleFramework()
  document.periodicity.ceilings.perDay = 5
  expect(decide(setInForce(document), question({ items: 10 })).allow).toBe(true)
  expect(decide(setInForce(document), question({ items: 10, used: { day: 0 } }))).toMatchObject({
    code: 'HB-604',
  })
})
