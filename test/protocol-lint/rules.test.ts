import { readFileSync } from 'node:fs'
import { protocolRules } from '../../scripts/generate/protocol-rules.ts'
import { findingTextNl, weighedTextNl } from '../../src/protocol/finding-texts.ts'
import { formOf } from '../../src/protocol/forms.ts'
import { KNOWN_TYPES } from '../../src/protocol/lint/patterns.ts'
import { RULES, type RuleCode } from '../../src/protocol/lint/rules.ts'
import { lint } from '../../src/protocol/lint.ts'
import { cleanAccession, cleanFramework, codesOf, found, message } from './base.ts'
import { OF_ACCESSIONS, PAIRS } from './cases.ts'

const CODES = Object.keys(RULES) as RuleCode[]

test('the documents that the pairs change have no finding of their own', () => {
  expect(lint(cleanFramework())).toEqual([])
  expect(lint(cleanAccession())).toEqual([])
})

test('every rule has a pair', () => {
  expect([...Object.keys(PAIRS), ...OF_ACCESSIONS].toSorted()).toEqual(CODES.toSorted())
})

describe.each(Object.entries(PAIRS))('%s', (code, [wrong, right]) => {
  test('is found where it is, with the weight and the source of its rule', () => {
    const document = cleanFramework()
    wrong(document)
    expect(codesOf(document)).toEqual([code])
    const { severity, source } = RULES[code as RuleCode]
    expect(lint(document)[0]).toMatchObject({ severity, source })
  })

  test('is not found right beside it', () => {
    const document = cleanFramework()
    right(document)
    expect(codesOf(document)).toEqual([])
  })
})

test('one-party-accedes: none, one, two', () => {
  const codesWith = (...roles: ('acceding' | 'sender')[]) => {
    const document = cleanAccession()
    document.parties.forEach((party, index) => {
      party.role = roles[index] ?? 'recipient'
    })
    return codesOf(document)
  }
  expect(codesWith('sender')).toEqual(['one-party-accedes'])
  expect(codesWith('acceding')).toEqual([])
  expect(codesWith('acceding', 'acceding')).toEqual(['one-party-accedes'])
})

test('an accession: advices of both sides, a number, who fills the functions and where they are', () => {
  const codesAfter = (change: (document: ReturnType<typeof cleanAccession>) => unknown) => {
    const document = cleanAccession()
    change(document)
    return lint(document).map(({ code, path }) => `${code} ${path}`)
  }
  expect(codesAfter(one => one.dpoAdvice.pop())).toEqual(['missing-advice dpoAdvice'])
  expect(codesAfter(one => one.dpoAdvice.splice(0))).toEqual([
    'missing-advice dpoAdvice',
    'missing-advice dpoAdvice',
  ])
  expect(codesAfter(one => Object.assign(found(one.estimates[0]), { estimatedNumber: 0 }))).toEqual(
    ['no-persons-estimated estimates[tenants-with-labour-potential]'],
  )
  expect(
    codesAfter(one => Object.assign(found(one.functions[1]), { contact: 'inspectie@w.example' })),
  ).toEqual(['recipient-is-supervisor functions[sensibilisering].contact'])
  expect(codesAfter(one => Object.assign(found(one.functions[1]), { name: 'OCMW' }))).toEqual([
    'recipient-is-supervisor functions[sensibilisering].name',
  ])
  expect(
    codesAfter(one => {
      Object.assign(found(one.parties[0]), { kind: 'welfare-office', name: 'OCMW Voorbeeldgem' })
      Object.assign(found(one.functions[1]), { name: 'Sociale dienst van het OCMW' })
    }),
  ).toEqual([])
})

test('counts may be told of a request besides its answer, and of nothing but a request', () => {
  const codesWith = (answers: string) => {
    const document = cleanFramework()
    Object.assign(message(document, 'steps.counts'), { answers })
    return codesOf(document)
  }
  expect(codesWith('detection.request')).toEqual([])
  expect(codesWith('feedback.reachability')).toEqual(['answer-without-request'])
})

test('the page of rules is the table', () => {
  const page = readFileSync(new URL('../../docs/protocol-rules.md', import.meta.url), 'utf8')
  expect(page).toBe(protocolRules())
  for (const code of CODES) expect(page.split(`| \`${code}\` |`)).toHaveLength(2)
})

test('every rule has a Dutch sentence of its own', () => {
  const texts = CODES.map(code => findingTextNl({ code }))
  expect(new Set(texts).size).toBe(CODES.length)
  for (const text of texts) expect(text).toMatch(/^[A-Z].*\.$/)
  expect(findingTextNl({ code: 'constructor' })).toBe('Hier klopt iets niet (constructor).')
  expect(weighedTextNl({ code: 'twice', severity: 'warning' })).toBe(
    'Let op: Deze naam staat er twee keer.',
  )
})

test('the message types that the lint knows by name are those with an operation', () => {
  for (const type of Object.keys(KNOWN_TYPES))
    expect(formOf(type).schema).not.toBe('message-request')
  expect(formOf('steps.counts').schema).toBe('message-request')
})
