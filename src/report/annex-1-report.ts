import { type Block, cell, facts, list, paragraph, table } from '../protocol/readable/block.ts'
import { day, days, yesNo } from '../protocol/readable/words.ts'
import { type Annex1, type Annex1WarningRule, CATEGORIES, warningsOf } from './annex-1.ts'
import { numberCell, type Report, type ReportSection } from './document.ts'

/** The words of the call. */
export const ANNEX_1_LABELS = {
  referenceDate: 'Geteld op',
  tenants: 'Huurders in totaal (referentiehuurders en hun partner of wettelijke samenwoner)',
  checked: 'Gecontroleerd op de VDAB-verplichting',
  worksOrSelfEmployed: 'werkt of is zelfstandige',
  registeredWithVdab: 'is ingeschreven bij VDAB',
  olderThan65: 'is ouder dan 65',
  unfitForWork: 'is arbeidsongeschikt, invalide of ernstig gehandicapt',
  livingWage: 'ontvangt een leefloon',
  notCompliant: 'voldoen niet aan de huurdersverplichting',
  given: 'Kregen huurders extra tijd om zich in orde te stellen?',
  days: 'Hoelang, in dagen',
  extraTenants: 'Aan hoeveel huurders',
  regularised: 'Hoeveel daarvan stelden zich in orde',
  passedToSupervisor: 'Al doorgegeven aan de toezichthouder',
} as const

/** What looks odd, in Dutch. */
export const ANNEX_1_WARNINGS: Readonly<Record<Annex1WarningRule, string>> = {
  'sum = checked':
    'De categorieën en wie niet voldoet, vormen samen niet het aantal gecontroleerde huurders. Dat kan: iemand kan in twee categorieën horen.',
  'given = false': 'Er staat dat niemand extra tijd kreeg, maar er zijn huurders met extra tijd.',
  'given = true': 'Er staat dat huurders extra tijd kregen, maar het aantal huurders is nul.',
}

/** One report that counts, with how many it replaced. */
export interface Annex1Line {
  report: Annex1
  reportedAt: Date
  replaced: number
}

/** Annex 1 of one housing company over a period, exact: for its addressee. */
export function annex1Report(
  party: { id: string; name: string; kbo: string },
  lines: readonly Annex1Line[],
  { from, until, on }: { from: string; until: string; on: string },
): Report {
  const none: ReportSection = {
    title: 'Geen rapport',
    blocks: [paragraph('Voor deze periode rapporteerde de organisatie nog geen aantallen.')],
  }
  return {
    file: `bijlage-1-${party.id}-${on}`,
    title: `Bijlage 1: ${party.name}`,
    authors: [party.name],
    on,
    head: [
      ['Organisatie', party.name],
      ['KBO-nummer', party.kbo],
      ['Periode', `${day(from)} tot en met ${day(until)}`],
    ],
    intro: [
      'Aantallen van de woonmaatschappij zelf, zoals de oproep ze vraagt. Ze zijn exact en enkel bestemd voor wie ze moet krijgen.',
    ],
    sections: lines.length === 0 ? [none] : [...trend(lines), ...lines.map(section)],
  }
}

function section({ report, reportedAt, replaced }: Annex1Line): ReportSection {
  const { extraTime, passedToSupervisor } = report
  const warnings = warningsOf(report).map(({ rule }) => ANNEX_1_WARNINGS[rule])
  return {
    title: `Stand op ${day(report.referenceDate)}`,
    blocks: [
      countsTable(report),
      facts([
        [ANNEX_1_LABELS.given, yesNo(extraTime.given)],
        [ANNEX_1_LABELS.days, extraTime.days === undefined ? undefined : days(extraTime.days)],
      ]),
      table(
        `Extra tijd en toezicht op ${day(report.referenceDate)}`,
        ['Wat', 'Aantal'],
        [
          [cell(ANNEX_1_LABELS.extraTenants), numberCell(extraTime.tenants)],
          [cell(ANNEX_1_LABELS.regularised), numberCell(extraTime.regularised)],
          [cell(ANNEX_1_LABELS.passedToSupervisor), numberCell(passedToSupervisor)],
        ],
        '',
        [78, 22],
      ),
      ...list(warnings),
      paragraph(
        `Ontvangen op ${day(reportedAt.toISOString().slice(0, 10))}${replaced > 0 ? `; vervangt ${replaced} eerdere van dezelfde dag` : ''}.`,
      ),
    ],
  }
}

function countsTable(report: Annex1): Block {
  const { tenants, checked, compliant, notCompliant } = report
  return table(
    `Huurders op ${day(report.referenceDate)}`,
    ['Huurders', 'Aantal'],
    [
      [cell(ANNEX_1_LABELS.tenants), numberCell(tenants)],
      [cell(ANNEX_1_LABELS.checked), numberCell(checked)],
      ...CATEGORIES.map(category => [
        cell(ANNEX_1_LABELS[category], ['voldoet aan de huurdersverplichting']),
        numberCell(compliant[category]),
      ]),
      [cell(ANNEX_1_LABELS.notCompliant), numberCell(notCompliant)],
    ],
    '',
    [78, 22],
  )
}

/** How the counts move, where there is more than one report; the oldest first. */
function trend(lines: readonly Annex1Line[]): ReportSection[] {
  if (lines.length < 2) return []
  const oldest = lines.toReversed().map(({ report }) => report)
  const caption = 'Gecontroleerd en niet in orde'
  return [
    {
      title: 'Verloop',
      blocks: [
        {
          kind: 'chart',
          caption,
          names: ['andere gecontroleerde', 'niet in orde'],
          columns: oldest.map(it => ({
            label: it.referenceDate,
            parts: [Math.max(0, it.checked - it.notCompliant), it.notCompliant],
          })),
        },
        table(
          caption,
          ['Geteld op', 'Gecontroleerd', 'Niet in orde'],
          oldest.map(it => [
            cell(day(it.referenceDate)),
            numberCell(it.checked),
            numberCell(it.notCompliant),
          ]),
          '',
        ),
      ],
    },
  ]
}
