import type { DataElement } from '../../src/protocol/document.ts'
import { formOf } from '../../src/protocol/forms.ts'
import { profileOf } from '../../src/protocol/profile.ts'
import { sampleFramework } from './sample.ts'

type Format = DataElement['format']

/** The framework with one type of these elements only, all told to the recipient. */
function documentOf(...elements: [field: string, Format, Partial<DataElement>?][]) {
  const document = sampleFramework()
  const [first] = document.dataElements
  document.dataElements = elements.map(([field, format, more]) => ({
    ...first!,
    ...{ id: field, field, format, place: 'item', reaches: 'recipient' },
    messageTypes: ['detection.request'],
    ...more,
  }))
  return document
}

function read(...elements: Parameters<typeof documentOf>) {
  return profileOf(documentOf(...elements), 'detection.request')
}

const NOTHING = {
  ...{ number: undefined, reference: undefined, tag: undefined, row: undefined, count: undefined },
  ...{ told: [], toldOnce: [], dates: [] },
}

test('of the shipped detection request and its feedback', () => {
  const document = sampleFramework()
  const message = (type: string) => document.messageTypes.find(one => one.type === type)
  expect(profileOf(document, 'detection.request')).toMatchObject({
    ...NOTHING,
    message: message('detection.request'),
    ...{ number: 'insz', reference: 'tenantRef', told: ['tenantGround'] },
    toldOnce: ['referenceDate'],
  })
  expect(profileOf(document, 'feedback.reachability')).toMatchObject({
    ...NOTHING,
    message: message('feedback.reachability'),
    ...{ tag: 'tag', told: ['reachability', 'establishedOn'], dates: ['establishedOn'] },
  })
})

test('of a type that is not listed there is none, whatever elements name it', () => {
  const document = documentOf(['alpha', 'date', { messageTypes: ['no.such'] as never }])
  expect(profileOf(document, 'no.such')).toBeUndefined()
})

test('only the elements of the type', () => {
  expect(read(['alpha', 'date', { messageTypes: ['tenancy.ended'] }])).toMatchObject(NOTHING)
})

test.each<[Format, object]>([
  ['national-number', { number: 'alpha' }],
  ['tenant-reference', { reference: 'alpha' }],
  ['document-reference', {}],
  ['pseudonym', { tag: 'alpha' }],
  ['row-id', { row: 'alpha' }],
  ['target-group', {}],
  ['count', { count: 'alpha', told: ['alpha'] }],
  ['date', { told: ['alpha'], dates: ['alpha'] }],
  ['month', { told: ['alpha'] }],
  ['code', { told: ['alpha'] }],
  ['boolean', { told: ['alpha'] }],
])('%s: what it stands for, and whether it is told as it is', (format, expected) => {
  expect(read(['alpha', format])).toMatchObject({ ...NOTHING, ...expected })
})

test('told is what reaches the recipient, in the order of the document, by place', () => {
  const profile = read(
    ['beta', 'date'],
    ['gamma', 'date', { reaches: 'gateway' }],
    ['alpha', 'month', { place: 'header' }],
    ['delta', 'date', { place: 'header' }],
    ['epsilon', 'code'],
  )
  expect(profile).toMatchObject({
    ...{ told: ['beta', 'epsilon'], toldOnce: ['alpha', 'delta'], dates: ['beta'] },
  })
})

test('the form of a type: that of its named operation unless the general one is asked for', () => {
  expect(formOf('tenancy.ended')).toEqual({ schema: 'tenancies-ended', items: 'items' })
  expect(formOf('feedback.progress')).toEqual({ schema: 'progress', items: undefined })
  const general = { schema: 'message-request', items: 'items' }
  expect(formOf('tenancy.ended', true)).toEqual(general)
  expect(formOf('help.asked')).toEqual(general)
  expect(formOf('constructor')).toEqual(general)
})

test('values: of told fields of an item, those of a list and of a boolean', () => {
  const codes = ['one', 'two'].map(code => ({ code, label: code }))
  const profile = read(
    ['alpha', 'code', { codes }],
    ['beta', 'boolean'],
    ['gamma', 'date'],
    ['delta', 'code', { codes, reaches: 'gateway' }],
    ['epsilon', 'boolean', { place: 'header' }],
  )
  expect([...profile!.values]).toEqual([
    ['alpha', ['one', 'two']],
    ['beta', [false, true]],
  ])
})
