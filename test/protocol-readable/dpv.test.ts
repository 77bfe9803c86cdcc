import jsonld from 'jsonld'
import { loadProtocols } from '../../src/protocol/load.ts'
import { dpvOf } from '../../src/protocol/readable/dpv.ts'
import { CONTEXT, gdprTerm } from '../../src/protocol/readable/dpv-terms.ts'
import { IN_FORCE, SAMPLE_DIR } from '../protocol/sample.ts'
import { fullFramework, loadedAs, setOf } from './samples.ts'

const DPV = 'https://w3id.org/dpv#'
const PD = 'https://w3id.org/dpv/pd#'
const GDPR = 'https://w3id.org/dpv/legal/eu/gdpr#'
const DCT = 'http://purl.org/dc/terms/'
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'
const FRAMEWORK = 'urn:huisbrug:protocol:wm-vdab:1.0.0'
const ACCESSION = 'urn:huisbrug:protocol:wm-vdab-woonboog:1.0.0'

const shipped = loadProtocols(SAMPLE_DIR, IN_FORCE)

interface Quad {
  subject: { value: string }
  predicate: { value: string }
  object: { termType: string; value: string; language?: string }
}

/** Triples of a document, without the network: whatever has to be fetched is an error. */
async function triplesOf(document: object): Promise<Quad[]> {
  const documentLoader = async (url: string): Promise<never> => {
    throw new Error(`fetched ${url}`)
  }
  const options: object = { documentLoader, safe: true }
  const quads: unknown = await jsonld.toRDF(document as jsonld.JsonLdDocument, options)
  return quads as Quad[]
}

/** Whether a triple is there; the object by its value, of a blank node by what it says. */
function holds(quads: readonly Quad[], [subject, predicate, object]: Triple): boolean {
  return quads.some(
    quad =>
      quad.subject.value === subject &&
      quad.predicate.value === predicate &&
      (quad.object.value === object || quads.some(one => isBlank(quad, one, object))),
  )
}

function isBlank(quad: Quad, { subject, object }: Quad, text: string): boolean {
  return (
    quad.object.termType === 'BlankNode' &&
    subject.value === quad.object.value &&
    object.value === text
  )
}

type Triple = readonly [subject: string, predicate: string, object: string]

const OF_FRAMEWORK: Triple[] = [
  [FRAMEWORK, RDF_TYPE, `${DPV}Process`],
  [FRAMEWORK, `${DCT}identifier`, 'wm-vdab'],
  [FRAMEWORK, `${DCT}hasVersion`, '1.0.0'],
  [FRAMEWORK, `${DPV}hasPurpose`, `${FRAMEWORK}#purpose-detection`],
  [`${FRAMEWORK}#purpose-detection`, RDF_TYPE, `${DPV}Purpose`],
  [`${FRAMEWORK}#purpose-detection`, `${DCT}title`, 'Opsporen in het klantenbestand'],
  [`${FRAMEWORK}#purpose-detection`, `${DPV}hasLegalBasis`, `${FRAMEWORK}#basis-mededeling`],
  [FRAMEWORK, `${DPV}hasLegalBasis`, `${FRAMEWORK}#basis-mededeling`],
  [`${FRAMEWORK}#basis-mededeling`, RDF_TYPE, `${GDPR}A6-1-e`],
  [`${FRAMEWORK}#basis-mededeling`, RDF_TYPE, `${DPV}LegalBasis`],
  [FRAMEWORK, `${DPV}hasDataController`, `${FRAMEWORK}#party-vdab`],
  [`${FRAMEWORK}#party-vdab`, RDF_TYPE, `${DPV}DataController`],
  [
    `${FRAMEWORK}#party-vdab`,
    `${DPV}hasName`,
    'Vlaamse Dienst voor Arbeidsbemiddeling en Beroepsopleiding (VDAB)',
  ],
  [
    `${FRAMEWORK}#party-vdab`,
    `${DPV}hasDataProtectionOfficer`,
    'functionaris voor gegevensbescherming van VDAB (fictief)',
  ],
  [FRAMEWORK, `${DPV}hasDataSubject`, `${FRAMEWORK}#subject-tenants-with-labour-potential`],
  [`${FRAMEWORK}#subject-tenants-with-labour-potential`, RDF_TYPE, `${DPV}DataSubject`],
  [FRAMEWORK, `${DPV}hasPersonalData`, `${FRAMEWORK}#data-rijksregisternummer`],
  [`${FRAMEWORK}#data-rijksregisternummer`, RDF_TYPE, `${PD}OfficialID`],
  [`${FRAMEWORK}#data-rijksregisternummer`, RDF_TYPE, `${DPV}IdentifyingPersonalData`],
  [`${FRAMEWORK}#data-rijksregisternummer`, `${DCT}identifier`, 'insz'],
  [`${FRAMEWORK}#data-rijksregisternummer`, `${DPV}hasNecessity`, `${DPV}Required`],
  [
    `${FRAMEWORK}#data-rijksregisternummer`,
    `${DPV}hasJustification`,
    'VDAB en de woonmaatschappijen hebben geen ander gemeenschappelijk kenmerk. Zonder dit nummer kan niemand weten of het om dezelfde persoon gaat. VDAB krijgt het nummer zelf niet.',
  ],
  [
    `${FRAMEWORK}#data-rijksregisternummer`,
    `${DPV}hasStorageCondition`,
    'enkel in het geheugen, tot het pseudoniem berekend is',
  ],
  [
    `${FRAMEWORK}#data-rijksregisternummer`,
    `${DPV}hasTechnicalMeasure`,
    `${DPV}DeterministicPseudonymisation`,
  ],
  [FRAMEWORK, `${DPV}hasTechnicalOrganisationalMeasure`, `${DPV}DeterministicPseudonymisation`],
  [FRAMEWORK, `${DPV}hasRecipient`, `${FRAMEWORK}#recipient-klantenbestand`],
  [`${FRAMEWORK}#recipient-klantenbestand`, RDF_TYPE, `${DPV}Recipient`],
  [FRAMEWORK, `${DPV}hasProcess`, `${FRAMEWORK}#message-detection.request`],
  [
    `${FRAMEWORK}#message-detection.request`,
    `${DPV}hasPersonalData`,
    `${FRAMEWORK}#data-rijksregisternummer`,
  ],
  [
    `${FRAMEWORK}#message-detection.request`,
    `${DPV}hasRecipient`,
    `${FRAMEWORK}#recipient-klantenbestand`,
  ],
  [`${FRAMEWORK}#message-detection.request`, `${DPV}hasStatus`, `${DPV}ActivityOngoing`],
  [`${FRAMEWORK}#message-steps.counts`, `${DPV}hasStatus`, `${DPV}ActivityProposed`],
  [FRAMEWORK, `${DPV}hasRight`, `${GDPR}A15`],
  [FRAMEWORK, `${DPV}hasRight`, `${GDPR}A21`],
  [FRAMEWORK, `${DPV}hasNotice`, 'https://vdab.example/sociale-huurders'],
  [FRAMEWORK, `${DPV}hasImpactAssessment`, 'GEB-2025-01 (fictief)'],
  [
    FRAMEWORK,
    `${DPV}hasAuthority`,
    'Vlaamse Toezichtcommissie voor de verwerking van persoonsgegevens (VTC)',
  ],
]

const OF_ACCESSION: Triple[] = [
  [ACCESSION, RDF_TYPE, `${DPV}Process`],
  [ACCESSION, `${DCT}isPartOf`, FRAMEWORK],
  [ACCESSION, `${DPV}hasDataController`, `${ACCESSION}#party-woonboog`],
  [ACCESSION, `${DPV}hasRecipient`, `${ACCESSION}#recipient-sensibilisering`],
  [
    `${ACCESSION}#recipient-sensibilisering`,
    `${DCT}isPartOf`,
    `${FRAMEWORK}#recipient-sensibilisering`,
  ],
  [`${ACCESSION}#recipient-sensibilisering`, `${DPV}hasName`, 'Team sociale begeleiding'],
]

test('a framework says what is written here by hand', async () => {
  const quads = await triplesOf(dpvOf(shipped, shipped.protocols.get('wm-vdab')!))
  expect(OF_FRAMEWORK.filter(triple => !holds(quads, triple))).toEqual([])
  const title = quads.find(
    ({ subject, predicate }) => subject.value === FRAMEWORK && predicate.value === `${DCT}title`,
  )
  expect(title?.object.language).toBe('nl')
})

test('an accession says that it is part of its framework, which comes along whole', async () => {
  const quads = await triplesOf(dpvOf(shipped, shipped.protocols.get('wm-vdab-woonboog')!))
  expect([...OF_ACCESSION, ...OF_FRAMEWORK].filter(triple => !holds(quads, triple))).toEqual([])
})

test('special, sensitive and criminal data, and their own ground, are named as such', async () => {
  const document = fullFramework()
  const [special, sensitive, criminal, plain] = document.dataElements
  special!.class = 'special'
  sensitive!.class = 'sensitive'
  criminal!.class = 'criminal'
  document.legalBasis[0]!.specialCategoryGround = '9(2)(g)'
  const loaded = loadedAs(document)
  const quads = await triplesOf(dpvOf(setOf(loaded), loaded))
  const data = (id: string | undefined) => `${FRAMEWORK}#data-${id}`
  const basis = document.legalBasis[0]!.id
  const expected: Triple[] = [
    [data(special?.id), RDF_TYPE, `${DPV}SpecialCategoryPersonalData`],
    [data(sensitive?.id), RDF_TYPE, `${DPV}SensitivePersonalData`],
    [data(criminal?.id), RDF_TYPE, `${PD}Criminal`],
    [data(plain?.id), RDF_TYPE, `${DPV}PersonalData`],
    [FRAMEWORK, `${DPV}hasLegalBasis`, `${FRAMEWORK}#basis-${basis}-special`],
    [`${FRAMEWORK}#basis-${basis}-special`, RDF_TYPE, `${GDPR}A9-2-g`],
  ]
  expect(expected.filter(triple => !holds(quads, triple))).toEqual([])
  expect(holds(quads, [data(plain?.id), RDF_TYPE, `${DPV}SpecialCategoryPersonalData`])).toBe(false)
})

test('a deliberation comes with its number, its day and where it is to be read', async () => {
  const document = { ...fullFramework(), kind: 'deliberation-backed' as const }
  const loaded = loadedAs(document)
  const quads = await triplesOf(dpvOf(setOf(loaded), loaded))
  const expected: Triple[] = [
    '22/001 (fictief)',
    '2025-01-05',
    'https://ivc.example/22-001',
    `${DPV}LegalMeasure`,
    'Beraadslaging 22/001 (fictief) van Informatieveiligheidscomité',
  ].map(text => [FRAMEWORK, `${DPV}hasLegalMeasure`, text])
  expect(expected.filter(triple => !holds(quads, triple))).toEqual([])
  expect(holds(quads, [FRAMEWORK, `${DCT}replaces`, 'urn:huisbrug:protocol:wm-vdab:0.9.0'])).toBe(
    true,
  )
})

test('every purpose, element, message, recipient and ground of each document is a node of its own', async () => {
  for (const protocol of shipped.protocols.values()) {
    const { document } = protocol
    if (document.kind === 'accession') continue
    const quads = await triplesOf(dpvOf(shipped, protocol))
    const name = `urn:huisbrug:protocol:${document.protocolId}:${document.version}`
    const nodes = [
      ...document.purposes.map(({ id }) => `${name}#purpose-${id}`),
      ...document.dataElements.map(({ id }) => `${name}#data-${id}`),
      ...document.messageTypes.map(({ type }) => `${name}#message-${type}`),
      ...document.recipients.map(({ id }) => `${name}#recipient-${id}`),
      ...document.legalBasis.map(({ id }) => `${name}#basis-${id}`),
    ]
    const typed = quads.filter(({ predicate }) => predicate.value === RDF_TYPE)
    const known = new Set(typed.map(({ subject }) => subject.value))
    expect(nodes.filter(node => !known.has(node))).toEqual([])
    // Nothing is said of a part that is not there.
    const named = quads.map(({ object }) => object.value).filter(one => one.startsWith(`${name}#`))
    expect(named.filter(one => !known.has(one))).toEqual([])
  }
})

test.each([
  ['6(1)(c)', 'eu-gdpr:A6-1-c'],
  ['6(1)(e)', 'eu-gdpr:A6-1-e'],
  ['9(2)(b)', 'eu-gdpr:A9-2-b'],
  ['artikel 9(2)(g) AVG', 'eu-gdpr:A9-2-g'],
  ['grond voor inzameling', undefined],
  ['96(1)(e)', undefined],
])('the ground %s is %s', (ground, term) => {
  expect(gdprTerm(ground)).toBe(term)
})

test('the context is whole: it names no other document', () => {
  for (const value of Object.values(CONTEXT)) {
    expect(typeof value === 'string' || '@id' in value).toBe(true)
  }
})
