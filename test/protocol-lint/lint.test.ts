import { deniedData, deniedRecipient } from '../../src/protocol/deny-list.ts'
import type { Accession, Agreement } from '../../src/protocol/document.ts'
import type { Remark } from '../../src/protocol/finding.ts'
import { KNOWN_CODES } from '../../src/protocol/lint/fields.ts'
import { isEnterpriseNumber } from '../../src/protocol/lint/parties.ts'
import { lint } from '../../src/protocol/lint.ts'
import { readSchema } from '../../src/schemas.ts'
import { readSample, sampleAccession, sampleFramework } from '../protocol/sample.ts'
import { SHIPPED } from './base.ts'

/** What the sample is warned of as it is shipped: no more than this. */
const BEFORE = new Set(lint(sampleFramework()).map(nameOf))

function nameOf({ code, path }: Remark): string {
  return `${code} ${path}`
}

/** What a change adds. */
function codesAfter(change: (document: Agreement) => void): string[] {
  const document = sampleFramework()
  change(document)
  return lint(document)
    .map(nameOf)
    .filter(name => !BEFORE.has(name))
}

function element(document: Agreement, field: string) {
  const found = document.dataElements.find(one => one.field === field)
  if (!found) throw new Error(`no element ${field}`)
  return found
}

function message(document: Agreement, type: string) {
  const found = document.messageTypes.find(one => one.type === type)
  if (!found) throw new Error(`no type ${type}`)
  return found
}

test.each(SHIPPED)('%s is warned of being a sample, and refused nothing', folder => {
  const remarks = lint(readSample(folder, 'protocol') as Agreement)
  const codes = new Set(remarks.map(({ code }) => code))
  expect(codes).toContain('sample-document')
  // Elements of a message type that is listed, but off.
  const expected = ['sample-document', 'fictional-ground', 'unused-element']
  expect([...codes].filter(code => !expected.includes(code))).toEqual([])
  expect(remarks.filter(({ severity }) => severity !== 'warning')).toEqual([])
})

describe('who may never receive', () => {
  test.each([
    ['id', 'toezichthouder'],
    ['kind', 'supervisor'],
    ['function', 'third-party'],
    ['name', 'Dienst Toezicht'],
    ['name', 'Wie de huurdersverplichting controleert: Controle'],
    ['name', 'Wie de huurdersverplichting opvolgt'],
    ['name', 'Buddywerking vzw'],
    ['name', 'CAW De Kempen'],
  ] as const)('%s: %s', (key, value) => {
    const codes = codesAfter(document => {
      const recipient = document.recipients[2]!
      recipient[key] = value
      message(document, 'feedback.reachability').recipient = recipient.id
    })
    expect(codes.some(code => code.startsWith('recipient-is-supervisor recipients['))).toBe(true)
  })

  test('nor in an accession', () => {
    const document: Accession = sampleAccession()
    document.functions[1]!.name = 'Team handhaving'
    expect(lint(document).map(nameOf)).toEqual([
      'recipient-is-supervisor functions[sensibilisering].name',
      'sample-document sample',
    ])
  })

  test('feedback goes to the function that sensitises, and to no other', () => {
    const codes = codesAfter(document => {
      message(document, 'feedback.reachability').recipient = 'doelgroepbeheer'
    })
    expect(codes).toEqual([
      'feedback-not-to-sensitising messageTypes[feedback.reachability].recipient',
    ])
  })

  test('an unknown function, a function at the wrong kind of party, onward transfer', () => {
    expect(
      codesAfter(one => Object.assign(one.recipients[2]!, { function: 'marketing' })),
    ).toContain('unknown-function recipients[sensibilisering]')
    expect(codesAfter(one => Object.assign(one.recipients[2]!, { kind: 'gateway' }))).toContain(
      'unknown-function recipients[sensibilisering]',
    )
    expect(
      codesAfter(one => {
        one.recipients[2]!.onward.allowed = true
      }),
    ).toEqual(['onward-transfer recipients[sensibilisering].onward'])
    expect(
      codesAfter(one => {
        message(one, 'detection.request').recipient = 'sensibilisering'
      }),
    ).toEqual(['recipient-elsewhere messageTypes[detection.request].recipient'])
    expect(
      codesAfter(one => {
        message(one, 'tenancy.ended').recipient = 'niemand'
      }),
    ).toEqual(['no-such-recipient messageTypes[tenancy.ended].recipient'])
  })
})

describe('what may never be exchanged', () => {
  // The lists of the sources, in their own words, as a protocol could hold them.
  const denied = [
    ...['financiën', 'dagstructuur', 'huisvesting', 'gezinssituatie', 'mentale gezondheid'],
    ...['fysieke gezondheid', 'verslaving', 'netwerk', 'justitie', 'dagelijkse activiteiten'],
    ...['kinderopvang', 'taalniveau', 'attitude', 'houding', 'motivatie', 'competenties'],
    ...['leefsituatie', 'gezondheidsredenen', 'billijkheidsredenen', 'reden van vrijstelling'],
    ...['uitkering', 'inkomen', 'leefloon', 'profielsegment', 'score', 'opmerking', 'vrije tekst'],
    ...['mentalHealth', 'childcare', 'income', 'livingWage', 'selfEmployed', 'unfitForWork'],
    ...['olderThan65', 'reason', 'comment', 'freeText', 'skills', 'addiction', 'languageLevel'],
    ...['is arbeidsongeschikt, invalide of ernstig gehandicapt', 'ontvangt een leefloon', 'note'],
    ...['werkloosheidsuitkering', 'vervangingsinkomen', 'afwezigheidsreden', 'woonsituatie'],
    ...['registratiecategorie', 'thuistaal', 'brutoLoon', 'daily activities', 'housingProblems'],
    ...['werkt of is zelfstandige', 'registrationCategory', 'Psychische kwetsbaarheid', 'debts'],
  ]

  test.each(denied)('%s', name => {
    expect(deniedData(name)).toBeDefined()
    const codes = codesAfter(document => {
      element(document, 'tenantGround').label = name
    })
    expect(codes).toEqual(['denied-data dataElements[grond-huurderschap]'])
  })

  test('also as a field, an id, or a value of a code list', () => {
    expect(codesAfter(one => Object.assign(element(one, 'on'), { field: 'reason' }))).toContain(
      'denied-data dataElements[datum-opvolging]',
    )
    expect(
      codesAfter(one => {
        element(one, 'step').codes?.push({ code: 'other', label: 'Schulden' })
      }),
    ).toEqual(['denied-data dataElements[stap]'])
  })

  test('the sample and ordinary names pass', () => {
    const names = sampleFramework().dataElements.flatMap(one => [one.id, one.field, one.label])
    const more = [
      'totaal',
      'datum',
      'aantal',
      'huurder',
      'contactdatum',
      'followUpOn',
      'begeleider',
    ]
    for (const name of [...names, ...more])
      expect([name, deniedData(name)]).toEqual([name, undefined])
    for (const { name } of sampleFramework().recipients)
      expect(deniedRecipient(name)).toBeUndefined()
  })

  test('free text', () => {
    const codes = codesAfter(one => Object.assign(element(one, 'on'), { format: 'text' }))
    expect(codes).toContain('free-text dataElements[datum-opvolging].format')
  })

  test('what points at a person, unless as a pseudonym; a reference beyond the gateway', () => {
    for (const field of ['insz', 'tag']) {
      const codes = codesAfter(one =>
        Object.assign(element(one, field), { transformation: 'plain' }),
      )
      expect(codes).toEqual([expect.stringMatching(/^not-pseudonymised .*transformation$/)])
    }
    expect(
      codesAfter(one => Object.assign(element(one, 'tenantRef'), { reaches: 'recipient' })),
    ).toEqual(['reference-leaves dataElements[eigen-kenmerk].reaches'])
  })

  test('a known field in another form, with unknown codes, or a name that the gateway uses', () => {
    expect(codesAfter(one => Object.assign(element(one, 'endedOn'), { format: 'month' }))).toEqual([
      'field-form dataElements[einddatum-huur].format',
    ])
    expect(
      codesAfter(one => {
        element(one, 'reachability').codes?.push({ code: 'moved', label: 'verhuisd' })
      }),
    ).toEqual(['unknown-code dataElements[bereikbaarheid].codes'])
    const ofEveryObject = ['constructor', 'isPrototypeOf', 'toLocaleString', 'propertyIsEnumerable']
    for (const field of ['nonce', 'items', ...ofEveryObject, 'prototype', '__proto__', 'then']) {
      expect(codesAfter(one => Object.assign(element(one, 'step'), { field }))).toContain(
        'field-taken dataElements[stap].field',
      )
    }
    for (const field of ['noncense', 'prototypes', 'locale', 'thence']) {
      expect(codesAfter(one => Object.assign(element(one, 'step'), { field }))).toEqual([])
    }
  })

  test('a code without a list, and a list without a code', () => {
    expect(
      codesAfter(one => {
        delete element(one, 'step').codes
      }),
    ).toEqual(['code-list dataElements[stap].codes'])
    expect(
      codesAfter(one => {
        element(one, 'endedOn').codes = [{ code: 'x', label: 'y' }]
      }),
    ).toEqual(['code-list dataElements[einddatum-huur].codes'])
  })

  test('the codes that the gateway knows are those of the wire', () => {
    const defs = readSchema('common')['$defs']
    expect(KNOWN_CODES).toEqual({
      tenantGround: defs.tenantGround.enum,
      reachability: defs.reachability.enum,
      status: defs.progressStatus.enum,
    })
  })
})

describe('what contradicts itself', () => {
  test.each([
    [
      'purposes',
      (one: Agreement) => one.purposes[0]!.legalBasis.push('geen'),
      'purposes[detection].legalBasis',
    ],
    [
      'types',
      (one: Agreement) => message(one, 'tenancy.ended').purposes.push('geen'),
      'messageTypes[tenancy.ended].purposes',
    ],
    [
      'groups',
      (one: Agreement) => message(one, 'detection.request').targetGroups?.push('geen'),
      'messageTypes[detection.request].targetGroups',
    ],
    [
      'answers',
      (one: Agreement) => Object.assign(message(one, 'detection.answer'), { answers: 'no.such' }),
      'messageTypes[detection.answer].answers',
    ],
    [
      'elements',
      (one: Agreement) => element(one, 'found').purposes.push('geen'),
      'dataElements[aantal-gevonden].purposes',
    ],
    [
      'quota',
      (one: Agreement) => Object.assign(one.modalities.evaluation[0]!, { party: 'geen' }),
      'modalities.evaluation',
    ],
  ])('a reference to nothing: %s', (_, change, path) => {
    expect(codesAfter(change)).toEqual([`no-such-part ${path}`])
  })

  test('an id twice, a field twice in one message type', () => {
    expect(codesAfter(one => one.purposes.push({ ...one.purposes[0]! }))).toEqual([
      'twice purposes',
    ])
    const codes = codesAfter(one => {
      one.dataElements.push({ ...element(one, 'endedOn'), id: 'nog-een' })
    })
    expect(codes).toEqual(['field-twice messageTypes[tenancy.ended]'])
  })

  test('a direction that is not that of the message types', () => {
    expect(
      codesAfter(one => {
        element(one, 'endedOn').directions = [{ from: 'employment-service', to: 'housing-company' }]
      }),
    ).toEqual(['directions dataElements[einddatum-huur].directions'])
  })

  test('a pseudonym domain of another protocol or version', () => {
    for (const domain of ['other/1', 'wm-vdab/2']) {
      expect(codesAfter(one => Object.assign(one.modalities, { domain }))).toEqual([
        'domain-name modalities.domain',
      ])
    }
  })

  test('a framework that nobody may join, a deliberation that is not named', () => {
    expect(
      codesAfter(one => {
        delete one.acceding
      }),
    ).toEqual(['missing-section acceding'])
    expect(codesAfter(one => Object.assign(one, { kind: 'deliberation-backed' }))).toEqual([
      'missing-section deliberation',
      'section-elsewhere acceding',
      'too-few-parties parties',
      'advice-of-stranger dpoAdvice[woonmaatschappijen]',
    ])
  })

  test('an accession with no acceding party, or two', () => {
    const document = sampleAccession()
    document.parties[0]!.role = 'sender'
    expect(lint(document)).toMatchObject([
      { code: 'one-party-accedes' },
      { code: 'sample-document' },
    ])
    document.parties = [
      { ...document.parties[0]!, role: 'acceding' },
      { ...document.parties[1]!, role: 'acceding' },
    ]
    expect(lint(document)).toMatchObject([
      { code: 'one-party-accedes' },
      { code: 'sample-document' },
    ])
  })
})

test('an accession that names no text of its framework is bound by a number only', () => {
  const document = sampleAccession()
  expect(lint(document).map(({ code }) => code)).toEqual(['sample-document'])
  delete document.frameworkDigest
  expect(lint(document)).toMatchObject([
    { code: 'framework-unbound', severity: 'warning', path: 'frameworkDigest' },
    { code: 'sample-document' },
  ])
})

test('a document may ask for signed messages', () => {
  expect(codesAfter(one => Object.assign(one.modalities, { signature: true }))).toEqual([])
})

test('enterprise numbers: published examples, wrong ones, and in a document', () => {
  for (const kbo of ['0316380841', '0414299866', '0566988259'])
    expect(isEnterpriseNumber(kbo)).toBe(true)
  for (const kbo of ['0316380842', '2199303566', '316380841', ''])
    expect(isEnterpriseNumber(kbo)).toBe(false)
  expect(
    codesAfter(one => {
      one.parties[0]!.kbo = '0999000128'
    }),
  ).toEqual(['kbo-check-number parties[vdab].kbo'])
})

test('every remark says what, where and why', () => {
  const document = sampleFramework()
  for (const one of document.dataElements) Object.assign(one, { format: 'text', label: 'inkomen' })
  document.recipients[0]!.name = 'Toezicht'
  const remarks = lint(document)
  expect(remarks.length).toBeGreaterThan(20)
  for (const remark of remarks) {
    expect(remark.code).toMatch(/^[a-z-]+$/)
    for (const part of [remark.path, remark.text, remark.source])
      expect(part.length).toBeGreaterThan(3)
  }
})
