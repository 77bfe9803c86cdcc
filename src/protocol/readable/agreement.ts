import type { Agreement } from '../document.ts'
import { type Block, facts, heading, list, note, paragraph } from './block.ts'
import { dataTables, messageBlocks } from './data.ts'
import { modalityBlocks, periodicityBlocks } from './modalities.ts'
import { type Builder, SHARED } from './shared.ts'
import { day, enumerate, number, upper, word, yesNo } from './words.ts'

/** Sections that the head of the document tells, not an article. */
export type HeadSection =
  | 'protocolId'
  | 'kind'
  | 'language'
  | 'sample'
  | 'contentHash'
  | 'supersedes'
type Section = Exclude<keyof Agreement, HeadSection> | 'suspensions'

/** One builder for each section of an agreement; the type refuses to forget one. */
export const AGREEMENT: Readonly<Record<Section, Builder<Agreement>>> = {
  ...SHARED,
  acceding: ({ document }) => acceding(document),
  supervisoryAuthority: ({ document: { supervisoryAuthority: authority } }) => [
    facts([
      ['Toezichthoudende autoriteit', authority.name],
      ['Website van de autoriteit', authority.website],
    ]),
  ],
  deliberation: ({ document }) => deliberation(document),
  legalBasis: ({ document }) => legalBasis(document),
  purposes: ({ document }) => purposes(document),
  dataSubjects: ({ document }) => dataSubjects(document),
  dataElements: ({ document }) => dataTables(document),
  messageTypes: ({ document }) => messageBlocks(document),
  recipients: ({ document }) => recipientBlocks(document),
  modalities: ({ document }) => modalityBlocks(document),
  periodicity: ({ document }) => periodicityBlocks(document),
  designMeasures: ({ document }) => list(document.designMeasures),
  dataQuality: ({ document: { dataQuality } }) => [
    paragraph(dataQuality.correction),
    facts([['Fouten melden', dataQuality.errorChannel]]),
  ],
  dpia: ({ document }) => dpia(document),
  sanctions: ({ document }) => [paragraph(document.sanctions)],
  disputes: ({ document }) => [paragraph(document.disputes)],
}

function acceding({ acceding: who }: Agreement): Block[] {
  if (!who) return []
  return [
    heading('Wie kan toetreden'),
    facts([['Soort', word('partyKind', who.kind)]]),
    paragraph(who.conditions),
  ]
}

function deliberation({ deliberation: given }: Agreement): Block[] {
  if (!given) return []
  return [
    heading('Beraadslaging'),
    facts([
      ['Van', given.body],
      ['Nummer', given.number],
      ['Datum', day(given.date)],
      ['Te lezen op', given.url],
    ]),
  ]
}

function legalBasis(document: Agreement): Block[] {
  return document.legalBasis.flatMap(basis => [
    heading(upper(word('phase', basis.phase))),
    facts([
      ['Grond', word('gdpr', basis.gdpr)],
      ['Norm', `${basis.norm}, ${basis.article}`],
      ['ELI', basis.eli],
      ['Taak', basis.task],
      ['In werking', basis.inForceFrom === null ? 'nog niet' : `sinds ${day(basis.inForceFrom)}`],
      ['Grond voor bijzondere gegevens', basis.specialCategoryGround],
      [
        'Verzonnen voor dit voorbeeld',
        basis.fictional === undefined ? undefined : yesNo(basis.fictional),
      ],
      ['Kenmerk', basis.id],
    ]),
  ])
}

function purposes(document: Agreement): Block[] {
  return document.purposes.flatMap(purpose => {
    const grounds = purpose.legalBasis.map(id => {
      const basis = document.legalBasis.find(one => one.id === id)
      return basis ? `${basis.norm} (${id})` : id
    })
    return [
      heading(purpose.title),
      paragraph(purpose.description),
      facts([
        ['Op grond van', enumerate(grounds)],
        ['Past bij het eerste doel', purpose.compatibility],
        ['DPV', purpose.dpv],
        ['Kenmerk', purpose.id],
      ]),
    ]
  })
}

function dataSubjects(document: Agreement): Block[] {
  return document.dataSubjects.flatMap(({ category, targetGroup, excluded, estimatedNumber }) => [
    heading(category),
    facts([
      ['Doelgroep', targetGroup.label],
      ['Kenmerk en versie', `${targetGroup.id}, versie ${targetGroup.version}`],
      ['Wie erbij hoort', targetGroup.criterion],
      ['Geschat aantal personen', number(estimatedNumber)],
    ]),
    ...(excluded?.length ? [paragraph('Horen er niet bij:'), ...list(excluded)] : []),
  ])
}

/** Who receives inside each party, and what may never be. */
export function recipientBlocks(document: Agreement): Block[] {
  return [
    ...document.recipients.flatMap(one => [
      heading(one.name),
      paragraph(one.description),
      facts([
        ['Bij', word('partyKind', one.kind)],
        ['Functie', word('function', one.function)],
        ['Verwerkers', processors(one.processors)],
        ['Doorgeven', one.onward.allowed ? 'mag' : 'mag niet'],
        ['Afspraak over doorgeven', one.onward.conditions],
        ['Kenmerk', one.id],
      ]),
    ]),
    note('warning', NEVER),
  ]
}

const NEVER =
  'Wat nooit mag: gegevens doorgeven aan een toezichthouder, aan wie controleert of bestraft, of aan derden. Een terugkoppeling over een persoon gaat enkel naar wie huurders sensibiliseert. Huisbrug weigert een document dat iets anders zegt, ook als het ondertekend is.'

function processors(all: readonly { name: string; task: string }[]): string {
  return all.length ? all.map(({ name, task }) => `${name}: ${task}`).join('; ') : 'geen'
}

function dpia({ dpia: assessment }: Agreement): Block[] {
  return [
    facts([
      ['Effectbeoordeling nodig', yesNo(assessment.required)],
      ['Kenmerk', assessment.reference],
      ['Datum', assessment.date === undefined ? undefined : day(assessment.date)],
    ]),
    paragraph(assessment.residualRisk),
  ]
}
