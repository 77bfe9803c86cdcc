import type { Agreement } from '../../src/protocol/document.ts'
import { lint } from '../../src/protocol/lint.ts'
import { cleanFramework, element, found, message, withPreconditions } from './base.ts'

type Preconditions = ReturnType<typeof withPreconditions>

function after(change: (asked: Preconditions, document: Agreement) => unknown): string[] {
  const document = cleanFramework()
  change(withPreconditions(document), document)
  return lint(document).map(({ code, path }) => `${code} ${path}`)
}

const AT = 'messageTypes[detection.request].preconditions'

test('what they name is there, in the form that they need', () => {
  const participation = (values: object) =>
    after(asked => Object.assign(found(asked.participation), values))
  expect(participation({})).toEqual([])
  expect(participation({ dateField: 'signedDocument' })).toEqual([
    `precondition-field ${AT}.participation.dateField`,
  ])
  expect(participation({ dateField: 'referenceDate' })).toEqual([
    `precondition-field ${AT}.participation.dateField`,
  ])
  expect(participation({ documentField: 'signedOn' })).toEqual([
    `precondition-field ${AT}.participation.documentField`,
  ])
  expect(participation({ documentField: 'toString' })).toEqual([
    `precondition-field ${AT}.participation.documentField`,
  ])
  const announced = (announcedField: string) =>
    after(asked => Object.assign(found(asked.objectionWindow), { announcedField }))
  expect(announced('referenceDate')).toEqual([])
  for (const field of ['insz', 'endedOn', 'nowhere'])
    expect(announced(field)).toEqual([`precondition-field ${AT}.objectionWindow.announcedField`])
})

test('what ends them can be sent, by the same party, and does nothing else', () => {
  const withdrawn = `precondition-type ${AT}.participation.withdrawnBy`
  const objected = `precondition-type ${AT}.objectionWindow.objectedBy`
  for (const withdrawnBy of ['no.such', 'detection.request', 'tenancy.ended'])
    expect(after(asked => Object.assign(found(asked.participation), { withdrawnBy }))).toEqual([
      withdrawn,
    ])
  expect(
    after(asked => Object.assign(found(asked.participation), { withdrawnBy: 'tenant.objected' })),
  ).toEqual([withdrawn, objected])
  expect(
    after((_, document) => Object.assign(message(document, 'tenant.objected'), { enabled: false })),
  ).toEqual([objected])
  expect(
    after((_, document) =>
      Object.assign(message(document, 'participation.ended'), { from: 'welfare-office' }),
    ),
  ).toContain(withdrawn)
})

test('an event of VDAB, an answer, progress, counts or a withdrawal has none', () => {
  for (const type of ['feedback.reachability', 'detection.answer', 'steps.counts', 'tenancy.ended'])
    expect(
      after(({ objectionWindow }, document) => {
        const preconditions = { objectionWindow: found(objectionWindow) }
        message(document, type).preconditions = preconditions
        element(document, 'announcedOn').messageTypes.push(type as never)
      }),
    ).toContain(`precondition-unchecked messageTypes[${type}].preconditions`)
})

test('what they name serves every purpose of the type', () => {
  const servesLess = (field: string) =>
    after((_, document) => {
      const request = message(document, 'detection.request')
      request.purposes = ['detection', 'refinement']
      for (const one of document.dataElements)
        if (one.messageTypes.includes(request.type)) one.purposes.push('refinement' as never)
      if (field) element(document, field).purposes = ['detection']
    })
  expect(servesLess('')).toEqual([])
  expect(servesLess('tenantGround')).toEqual([])
  expect(servesLess('signedOn')).toEqual([`precondition-field ${AT}.participation.dateField`])
  expect(servesLess('announcedOn')).toEqual([
    `precondition-field ${AT}.objectionWindow.announcedField`,
  ])
  expect(servesLess('insz')).toEqual(['request-without-person messageTypes[detection.request]'])
})
