import { ruleTitle } from '../../src/protocol/articles.ts'
import { decide } from '../../src/protocol/decide.ts'
import { readSchema } from '../../src/schemas.ts'
import { feedbackQuestion, question, sampleAccession, sampleFramework, setWith } from './sample.ts'

test.each([
  ['dataElements[grond-huurderschap]', 'artikel 6 (Gegevens): Grond van het huurderschap'],
  ['dataElements[bereikbaarheid].codes', 'artikel 6 (Gegevens): Bereikbaarheid, codelijst'],
  ['dataElements', 'artikel 6 (Gegevens)'],
  [
    'periodicity.ceilings.perMessage',
    'artikel 10 (Ritme en aantallen): hoogste aantal in een bericht',
  ],
  ['messageTypes[detection.request].from', 'artikel 7 (Berichten): Vraag om opsporing, afzender'],
  ['purposes[follow-up]', 'artikel 4 (Doeleinden): Opvolgen en sensibiliseren'],
  ['modalities.granularity', 'artikel 9 (Werkwijze): vorm van het antwoord'],
  ['duration.from', 'artikel 11 (Duur en opschorting): eerste dag'],
  ['suspensions', 'artikel 11 (Duur en opschorting)'],
  ['clauses[geen-sanctie]', 'artikel 19 (Bijkomende afspraken): Geen gebruik voor sancties'],
  ['dataElements[onbekend]', 'artikel 6 (Gegevens): onbekend'],
])('%s', (path, title) => {
  const document = sampleFramework()
  expect(ruleTitle(document, path)).toBe(title)
  expect(ruleTitle(document, `wm-vdab 1.0.0, ${path}`)).toBe(title)
})

test('what is no place in the document comes back as it is', () => {
  const document = sampleFramework()
  for (const rule of [
    'detection-request.json#/properties/nonce',
    'header Idempotency-Key',
    '',
    'toString',
  ]) {
    expect(ruleTitle(document, rule)).toBe(rule)
  }
  const elsewhere = 'wm-vdab-woonboog 1.0.0, signatures[woonboog]'
  expect(ruleTitle(document, elsewhere)).toBe(elsewhere)
})

test('an accession has its own articles, and names its parties', () => {
  const document = sampleAccession()
  expect(ruleTitle(document, 'wm-vdab-woonboog 1.0.0, signatures[woonboog]')).toBe(
    'artikel 11 (Ondertekening en bekendmaking): Woonboog',
  )
  expect(ruleTitle(document, 'functions[sensibilisering].name')).toContain(
    'Team sociale begeleiding',
  )
})

test('every section of a document has its article', () => {
  const defs = readSchema('protocol')['$defs']
  const named = ['protocolId', 'kind', 'language', 'sample', 'contentHash', 'supersedes']
  for (const [document, sections] of [
    [sampleFramework(), Object.keys(defs.agreement.properties)],
    [sampleAccession(), Object.keys(defs.accession.properties)],
  ] as const) {
    for (const section of sections.filter(one => !named.includes(one))) {
      expect([section, ruleTitle(document, section)]).toEqual([
        section,
        expect.stringMatching(/^artikel [0-9]+ \(/),
      ])
    }
  }
})

test('every rule that decide names has its article', () => {
  const set = setWith()
  const answers = [
    decide(set, question()),
    decide(set, question({ type: 'unknown' })),
    decide(set, question({ purpose: 'unknown' })),
    decide(set, question({ fields: ['unknown'] })),
    decide(set, question({ items: 5000 })),
    decide(set, question({ used: { day: 20_000 } })),
    decide(set, question({ party: 'unknown' })),
    decide(set, feedbackQuestion({ counterparty: 'vdab' })),
    decide(setWith({ frameworkRecord: record => record.signatures.splice(0) }), question()),
  ]
  for (const { rule } of answers) expect(ruleTitle(sampleFramework(), rule)).toMatch(/^artikel /)
})
