import { cell, facts, heading, list, paragraph, table } from '../protocol/readable/block.ts'
import { day, enumerate, number } from '../protocol/readable/words.ts'
import type { Annex1Line } from './annex-1-report.ts'
import type { DashboardPart } from './dashboard.ts'
import { HIDDEN_NOTE, quarterSections } from './dashboard-report.ts'
import {
  numberCell,
  type Report,
  type ReportBlock,
  type ReportSection,
  toWrite,
} from './document.ts'
import type { Days, EvaluationFigures } from './evaluation-read.ts'

/** An agreement as an evaluation tells of it. */
export interface EvaluationAgreement {
  id: string
  title: string
  standing: string
  purposes: readonly string[]
  groups: readonly string[]
}

/** All that an evaluation is made of. */
export interface Evaluation {
  kind: 'interim' | 'final'
  party: { id: string; name: string }
  days: Days
  on: string
  agreements: readonly EvaluationAgreement[]
  figures: EvaluationFigures
  parts: readonly DashboardPart[]
  annex1: readonly Annex1Line[]
}

const TITLES = { interim: 'Tussentijdse evaluatie', final: 'Eindevaluatie' } as const

/** The skeleton of an evaluation: what figures say is filled in, what a person must say is marked. */
export function evaluationReport(evaluation: Evaluation): Report {
  const { kind, party, days, on } = evaluation
  return {
    file: `${kind === 'interim' ? 'tussentijdse-evaluatie' : 'eindevaluatie'}-${party.id}-${on}`,
    title: `${TITLES[kind]}: ${party.name}`,
    authors: [party.name],
    on,
    head: [
      ['Organisatie', party.name],
      ['Periode', `${day(days.from)} tot en met ${day(days.until)}`],
    ],
    intro: [
      'Dit is een voorzet. De cijfers komen uit Huisbrug. Wat enkel mensen kunnen zeggen, staat gemarkeerd als “Zelf in te vullen”.',
    ],
    sections: [
      progress(evaluation),
      method(evaluation),
      results(evaluation),
      bottlenecks(evaluation),
      {
        title: 'Opportuniteiten',
        blocks: [toWrite('welke kansen ziet u, voor de huurders en voor de samenwerking?')],
      },
      {
        title: 'Aanbevelingen',
        blocks: [
          toWrite(
            'wat raadt u aan om te behouden, te wijzigen of te stoppen? Aan wie richt u dat?',
          ),
          ...(kind === 'final'
            ? [toWrite('wat is nodig om dit na het project voort te zetten?')]
            : [toWrite('wat stuurt u bij in de rest van het project?')]),
        ],
      },
    ],
  }
}

function progress({ agreements, figures }: Evaluation): ReportSection {
  const { months, counted } = figures
  const caption = 'Berichten per maand'
  const chart: ReportBlock = {
    kind: 'chart',
    caption,
    names: ['aanvaard', 'geweigerd'],
    columns: months.map(it => ({ label: it.month, parts: [it.messages - it.refused, it.refused] })),
  }
  const rows = months.map(it => [
    cell(it.month),
    numberCell(it.messages - it.refused),
    numberCell(it.refused),
  ])
  const kept =
    counted.first && counted.last
      ? `Geteld van ${day(counted.first)} tot en met ${day(counted.last)}; Huisbrug bewaart cijfers per dag 400 dagen.`
      : 'Van deze periode zijn er geen cijfers per dag.'
  return {
    title: 'Voortgang',
    blocks: [
      heading('Protocollen'),
      table(
        'Stand van de protocollen',
        ['Protocol', 'Stand'],
        agreements.map(it => [cell(it.title, [it.id]), cell(it.standing)]),
        'Er is nog geen protocol: er ging niets over personen door.',
      ),
      heading('Berichten van uw organisatie'),
      ...(months.length > 1 ? [chart] : []),
      table(caption, ['Maand', 'Aanvaard', 'Geweigerd'], rows, 'Er waren nog geen berichten.'),
      paragraph(kept),
      toWrite('hoe verloopt het project tegenover de planning? Wat is klaar, wat niet?'),
    ],
  }
}

function method({ agreements }: Evaluation): ReportSection {
  return {
    title: 'Methode',
    blocks: [
      ...agreements.map(it =>
        facts([
          ['Protocol', it.title],
          ['Doelen', enumerate(it.purposes)],
          ['Doelgroep', enumerate(it.groups)],
        ]),
      ),
      toWrite(
        'hoe bereikte en begeleidde u de huurders? Wie deed wat, en hoe vaak overlegde u met VDAB?',
      ),
    ],
  }
}

function results({ parts, annex1 }: Evaluation): ReportSection {
  const released = quarterSections(parts).flatMap(({ title, blocks }) => [
    heading(title),
    ...blocks,
  ])
  return {
    title: 'Resultaten',
    blocks: [
      paragraph(HIDDEN_NOTE),
      ...released,
      heading('Bijlage 1'),
      ...annex1Blocks(annex1),
      toWrite('wat veranderde er voor de huurders? Geef voorbeelden zonder namen of details.'),
    ],
  }
}

function annex1Blocks(lines: readonly Annex1Line[]): ReportBlock[] {
  const caption = 'Huurdersverplichting volgens bijlage 1'
  const columns = [
    'Geteld op',
    'Huurders',
    'Gecontroleerd',
    'Niet in orde',
    'In orde na extra tijd',
    'Bij de toezichthouder',
  ]
  const rows = lines
    .toReversed()
    .map(({ report }) => [
      cell(day(report.referenceDate)),
      ...[
        report.tenants,
        report.checked,
        report.notCompliant,
        report.extraTime.regularised,
        report.passedToSupervisor,
      ].map(numberCell),
    ])
  return [table(caption, columns, rows, 'Er is nog geen bijlage 1 in deze periode.')]
}

function bottlenecks({ figures: { refusals, latency } }: Evaluation): ReportSection {
  const all = Object.values(latency).reduce((sum, count) => sum + count, 0)
  const share = (count: number) => `${number(Math.round((100 * count) / all))} %`
  const quick = latency.seconds10 + latency.minute
  return {
    title: 'Knelpunten',
    blocks: [
      heading('Wat Huisbrug weigerde'),
      table(
        'Weigeringen naar reden',
        ['Code', 'Berichten'],
        refusals.map(({ code, messages }) => [cell(code), numberCell(messages)]),
        'Er is niets geweigerd.',
        [60, 40],
      ),
      heading('Hoelang een bericht onderweg is'),
      ...(all === 0
        ? [paragraph('Er was nog niets onderweg.')]
        : list([
            `Binnen een minuut: ${share(quick)}.`,
            `Binnen een uur: ${share(quick + latency.hour)}.`,
            `Later dan een dag: ${share(latency.longer)}.`,
          ])),
      toWrite('wat liep moeilijk, en waarom? Wat hebt u geprobeerd?'),
    ],
  }
}
