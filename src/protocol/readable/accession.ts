import { type Accession, type Agreement, knownDigestOf } from '../document.ts'
import type { AGREEMENT, HeadSection } from './agreement.ts'
import { type Block, cell, facts, note, paragraph, table } from './block.ts'
import { type Builder, SHARED } from './shared.ts'
import { number, word } from './words.ts'

type Section = Exclude<keyof Accession, HeadSection> | 'suspensions'

/**
 * One builder for each section of an accession; the type refuses to forget one.
 * @param framework the framework, to name its target groups and functions
 */
export function accessionBuilders(
  framework: Agreement | undefined,
): Readonly<Record<Section, Builder<Accession>>> {
  return {
    ...SHARED,
    statement: ({ document }) => [paragraph(document.statement)],
    framework: ({ document }) => [
      facts([
        ['Kaderprotocol', document.framework],
        ['Versie van het kaderprotocol', document.frameworkVersion],
        ['Vingerafdruk van het kaderprotocol', document.frameworkDigest ?? 'niet vermeld'],
      ]),
    ],
    frameworkVersion: ({ document }) => otherVersion(document, framework),
    frameworkDigest: ({ document }) => otherText(document, framework),
    estimates: ({ document }) => estimates(document, framework),
    functions: ({ document }) => functions(document, framework),
    evaluation: ({ document }) => evaluation(document),
  }
}

function otherText({ frameworkDigest }: Accession, framework: Agreement | undefined): Block[] {
  if (!framework || !frameworkDigest || frameworkDigest === knownDigestOf(framework)) return []
  const text = 'Het kaderprotocol is gewijzigd sinds deze toetreding. Ze geldt niet voor die tekst.'
  return [note('warning', text)]
}

function otherVersion(document: Accession, framework: Agreement | undefined): Block[] {
  if (framework?.version === document.frameworkVersion) return []
  const now = framework ? `Nu geldt versie ${framework.version}.` : 'Het is hier niet te vinden.'
  return [note('warning', `Dit is niet het kaderprotocol dat vandaag geldt. ${now}`)]
}

function estimates({ estimates: all }: Accession, framework: Agreement | undefined): Block[] {
  const groups = framework?.dataSubjects.map(one => one.targetGroup) ?? []
  const rows = all.map(one => [
    cell(groups.find(({ id }) => id === one.targetGroup)?.label ?? one.targetGroup, [
      one.targetGroup,
    ]),
    cell(number(one.estimatedNumber)),
  ])
  return [
    table('Hoeveel personen', ['Doelgroep', 'Geschat aantal'], rows, 'Er is geen aantal geschat.'),
  ]
}

function evaluation({ evaluation: quota }: Accession): Block[] {
  if (!quota) return []
  return [
    paragraph('Wie toetreedt, maakt zelf de pseudoniemen van wie hij doorgeeft.'),
    facts([
      ['Hoeveel personen in totaal', number(quota.registerSize)],
      ['Daarna, per dag', number(quota.dailyAllowance)],
    ]),
  ]
}

function functions({ functions: all }: Accession, framework: Agreement | undefined): Block[] {
  const rows = all.map(one => {
    const named = framework?.recipients.find(({ id }) => id === one.recipient)
    const role = named ? `${named.name}: ${word('function', named.function)}` : one.recipient
    return [cell(one.name), cell(role, [one.recipient]), cell(one.contact)]
  })
  return [
    table(
      'Wie ontvangt',
      ['Dienst', 'Functie in het kaderprotocol', 'Contact'],
      rows,
      'Er is geen dienst genoemd.',
    ),
  ]
}

/** The sections of a framework that bind who accedes, for the annex: numbers are the framework's. */
export const BINDING = [
  'purposes',
  'dataSubjects',
  'dataElements',
  'messageTypes',
  'recipients',
  'modalities',
  'periodicity',
] as const satisfies readonly (keyof typeof AGREEMENT)[]
