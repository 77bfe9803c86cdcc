import {
  annex1Category,
  deniedData,
  deniedInProse,
  hidesCharacters,
} from '../../src/protocol/deny-list.ts'
import { addElement, cleanFramework, codesOf, found, message } from './base.ts'

const DENIED: Readonly<Record<string, readonly string[]>> = {
  finances: ['schuld', 'schulden', 'Schuldenlast', 'debt', 'debts', 'hasDebts', 'budgetbeheer'],
  'finances, otherwise': [
    'huurachterstand',
    'afbetalingsplan',
    'financiële moeilijkheden',
    'arrears',
  ],
  'day structure': ['dagstructuur', 'dag-structuur', 'dayStructure', 'dagritme', 'dailyActivities'],
  housing: [
    'huisvesting',
    'woonproblemen',
    'housingProblem',
    'dakloos',
    'homeless',
    'uithuiszetting',
  ],
  'domestic relations': [
    'gezinssituatie',
    'relatie',
    'echtscheiding',
    'familyStatus',
    'mantelzorg',
  ],
  'mental health': ['mentale gezondheid', 'mentalHealth', 'psychisch', 'depressie', 'burn-out'],
  'physical health': [
    'gezondheid',
    'healthStatus',
    'ziekte',
    'zieken',
    'medisch attest',
    'diagnose',
  ],
  disability: ['handicap', 'arbeidsbeperking', 'invaliditeit', 'werkonbekwaam', 'disabilities'],
  addiction: ['verslaving', 'addicted', 'middelengebruik', 'alcoholgebruik', 'drugs', 'gokken'],
  network: ['netwerk', 'supportNetwork', 'eenzaamheid', 'sociaal isolement'],
  justice: ['justitie', 'gerechtelijk', 'strafblad', 'detentie', 'probation', 'in de gevangenis'],
  childcare: ['kinderopvang', 'child-care', 'childcare', 'aantal kinderen'],
  language: ['taalniveau', 'taal', 'talen', 'NT2', 'languageLevel', 'anderstalig', 'laaggeletterd'],
  attitude: ['attitude', 'houding', 'motivatie', 'ongemotiveerd', 'motief', 'weigert', 'refusal'],
  unwillingness: ['onwil', 'werkonwillig', 'unwilling', 'noShow', 'no-show', 'gemiste afspraken'],
  competences: [
    'competenties',
    'vaardigheden',
    'skillLevel',
    'diploma',
    'rijbewijs',
    'opleidingsniveau',
  ],
  situations: ['leefsituatie', 'situation', 'context'],
  exemptions: [
    'vrijstelling',
    'vrijgesteld',
    'exempted',
    'billijkheidsredenen',
    'gezondheidsredenen',
  ],
  reasons: ['reden', 'redenen', 'reasonCode', 'oorzaak', 'waarom', 'rootCause', 'excuse'],
  benefits: [
    'uitkering',
    'uitkeringen',
    'benefitType',
    'IGU',
    'rva',
    'RIZIV',
    'bijstand',
    'pensioen',
  ],
  income: [
    'inkomen',
    'inkomsten',
    'netto loon',
    'nettoloon',
    'wages',
    'salaris',
    'leefloon',
    'equivalent leefloon',
  ],
  'Annex 1': [
    'zelfstandige',
    'selfEmployed',
    'ouder dan 65',
    'olderThan65',
    'unfitForWork',
    'arbeidsongeschikt',
  ],
  profiles: [
    'profiel',
    'profielsegment',
    'riskScore',
    'rating',
    'afstand tot de arbeidsmarkt',
    'inzetbaarheid',
  ],
  sanctions: ['sanctie', 'boete', 'penalty', 'huurdersverplichting'],
  'free text': [
    'opmerking',
    'opmerkingen',
    'freeText',
    'vrije tekst',
    'vrij-veld',
    'toelichting',
    'memo',
    'note',
  ],
  'accents and case': ['GEZONDHEID', 'Gezóndheid', 'ﬁnancieel', 'Inkömen'],
  'digits for letters': ['g3zondheid', 'h3alth', 'r3den', '1nk0men', 'v3r5lav1ng'],
  'cut in pieces': ['ge-zon-d', 'hea lth', 's-c-h-u-l-d', 'inko-men', 'lee_fl_oon', 'r e d e n'],
  'glued to others': [
    'huurderschulden',
    'isZiek',
    'codeReden',
    'tenantIncomeClass',
    'extraInkomen',
  ],
}

const HARMLESS = [
  ...['totaal', 'totaalaantal', 'betaaldatum', 'datum', 'aantal', 'huurder', 'contactdatum'],
  ...['followUpOn', 'begeleider', 'tevredenheid', 'optredend', 'overtreden', 'because'],
  ...['relatienummer', 'correlationId', 'experimental', 'kiesgerechtigd', 'operatingOn'],
  ...['patroon', 'beloonde', 'Stage', 'page', 'Bestandsnaam', 'rechtsgrond', 'medewerker'],
  ...[
    'peildatum',
    'Einde van de huur',
    'Wie begeleidt de cliënt',
    'welfare-office',
    'OCMW',
    'VDAB',
  ],
  ...['begeleiding gestart', 'opleiding gestart', 'Opvolging nodig', 'contact.follow-up-needed'],
  ...['moeilijk bereikbaar', 'niet bereikt', 'opgenomen', 'afgesloten', 'dateSigned', 'client'],
]

describe('data on the deny list, however it is written', () => {
  test.each(Object.entries(DENIED))('%s', (_, names) => {
    const missed = names.filter(name => deniedData(name) === undefined)
    expect(missed).toEqual([])
  })

  test('ordinary names pass', () => {
    expect(HARMLESS.filter(name => deniedData(name) !== undefined)).toEqual([])
  })

  test('letters of another script and characters that do not show are seen as such', () => {
    for (const name of ['gezоndheid', 'in\u200bkomen', 'sch\u00aduld', 'red\u202een', 'ζ'])
      expect([name, hidesCharacters(name)]).toEqual([name, true])
    for (const name of ['Écoles 18–65 (art. 6.1, 1°)', 'naïef', '€ 5', 'één']) {
      expect([name, hidesCharacters(name)]).toEqual([name, false])
    }
  })

  test('sentences may say that something is not there', () => {
    expect(deniedInProse('Of VDAB hem bereikt. Zonder reden.')).toBeUndefined()
    expect(deniedInProse('Waarom de persoon huurder is.')).toBeUndefined()
    expect(deniedInProse('Niets over werk. Wel over schulden.')).toBe('schuld')
  })

  test.each([
    ['a code', 'schulden', 'andere'],
    ['the label of a code', 'x1', 'Heeft schulden'],
  ])('also as %s', (_, code, label) => {
    const document = cleanFramework()
    addElement(document, { format: 'code', codes: [{ code, label }] })
    expect(codesOf(document)).toEqual(['denied-data'])
  })

  test('a message type cannot say it instead, nor can the group that a request names', () => {
    const document = cleanFramework()
    message(document, 'steps.counts').label = 'Aantal vrijstellingen'
    expect(codesOf(document)).toEqual(['denied-data'])
    for (const [label, code] of [
      ['Huurders met schulden', 'denied-data'],
      ['Huurders die een leefloon krijgen', 'annex-1-category'],
      ['Huurders ouder dan 65', 'annex-1-category'],
      ['Huurders die niet ingeschreven zijn', 'annex-1-category'],
    ] as const) {
      const other = cleanFramework()
      found(other.dataSubjects[0]).targetGroup.label = label
      expect([label, ...codesOf(other)]).toEqual([label, code])
    }
  })
})

test('the living wage names the clients of a welfare office, and nothing of a tenant', () => {
  const codesFor = (from: 'housing-company' | 'welfare-office', label: string) => {
    const document = cleanFramework()
    message(document, 'detection.request').from = from
    found(document.dataSubjects[0]).targetGroup.label = label
    return codesOf(document).filter(code => code === 'annex-1-category' || code === 'denied-data')
  }
  expect(codesFor('welfare-office', 'Leefloongerechtigden')).toEqual([])
  expect(codesFor('welfare-office', 'living-wage clients')).toEqual([])
  expect(codesFor('housing-company', 'Leefloongerechtigden')).toEqual(['annex-1-category'])
  expect(codesFor('welfare-office', 'Leefloongerechtigden met schulden')).toEqual(['denied-data'])
})

test('categories of Annex 1', () => {
  for (const name of [
    'werkt of is zelfstandige',
    'is ingeschreven bij VDAB',
    'isRegistered',
    'is ouder dan 65',
    '65plus',
    'unemployed',
    'aan het werk',
    'voldoet aan de verplichting',
    'ontvangt een leefloon',
    'living wage',
    'arbeidsongeschikt',
  ])
    expect([name, annex1Category(name) !== undefined]).toEqual([name, true])
  for (const name of ['rijksregisternummer', 'Datum', 'werkdag', 'huurder', 'peildatum'])
    expect([name, annex1Category(name)]).toEqual([name, undefined])
})
