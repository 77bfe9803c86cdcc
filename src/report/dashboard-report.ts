import { type Cell, cell, note, paragraph, table } from '../protocol/readable/block.ts'
import { day } from '../protocol/readable/words.ts'
import type { DashboardPart, DashboardTable } from './dashboard.ts'
import { ALL, type ReleasedCell } from './disclosure/types.ts'
import {
  type Chart,
  numberCell,
  type Report,
  type ReportBlock,
  type ReportSection,
} from './document.ts'
import { daysOf, type Quarter } from './period.ts'
import type { Withholding } from './release.ts'

const TITLES: Readonly<Record<DashboardTable, string>> = {
  'detection-asked': 'Huurders over wie is gevraagd',
  'detection-found': 'Daarvan gevonden in het klantenbestand van VDAB',
  'feedback-by-state': 'Teruggemeld als moeilijk of niet bereikt, naar opvolging',
  'tenancies-ended': 'Beëindigde huurovereenkomsten',
  'sensitising-found': 'Na een melding gevonden door VDAB',
  'sensitising-again': 'Na een melding opnieuw gemeld',
}

type Words = readonly (readonly [code: string, word: string])[]

/** What a table divides by beside its months, with the words of its codes. */
const DIVISIONS: Partial<Record<DashboardTable, { name: string; title: string; words: Words }>> = {
  'feedback-by-state': {
    name: 'state',
    title: 'Opvolging',
    words: [
      ['open', 'open'],
      ['overdue', 'te laat'],
      ['taken-up', 'opgenomen'],
      ['closed', 'afgesloten'],
    ],
  },
  'sensitising-found': {
    name: 'found',
    title: 'In de bevraging van de maand na de melding',
    words: [
      ['found', 'gevonden'],
      ['not-found', 'niet gevonden'],
    ],
  },
  'sensitising-again': {
    name: 'again',
    title: 'In latere maanden',
    words: [
      ['not-again', 'niet opnieuw gemeld'],
      ['again', 'opnieuw gemeld'],
    ],
  },
}

const REACH: readonly DashboardTable[] = ['detection-asked', 'detection-found', 'feedback-by-state']
const EFFECT: readonly DashboardTable[] = ['sensitising-found', 'sensitising-again']

const EFFECT_NOTE =
  'Het gaat om huurders over wie VDAB meldde dat ze moeilijk of niet bereikt zijn. Niet opnieuw gemeld betekent: VDAB noemde de huurder in geen latere maand nog, tot het kwartaal na de melding voorbij was. Of VDAB iemand daarna vond, is alleen bekend waar het protocol een antwoord per persoon toelaat.'

const WITHHELD: Readonly<Record<Withholding, string>> = {
  isolates: 'iemand zou af te zonderen zijn',
  'too-long': 'het duurde te lang om na te gaan of dat mag',
}

export const HIDDEN_NOTE =
  'Kleine aantallen staan er niet in, en soms ook een groter aantal niet: anders was het kleine uit te rekenen. Het aantal gevondenen is vergroofd.'

/** The dashboard of a housing company over a quarter. */
export function dashboardReport(
  party: { id: string; name: string },
  quarter: Quarter,
  parts: readonly DashboardPart[],
  on: string,
): Report {
  const { from, until } = daysOf(quarter)
  return {
    file: `dashboard-${party.id}-${quarter.toLowerCase()}`,
    title: `Dashboard ${quarter}: ${party.name}`,
    authors: [party.name],
    on,
    head: [
      ['Organisatie', party.name],
      ['Periode', `${day(from)} tot en met ${day(until)}`],
    ],
    intro: [HIDDEN_NOTE],
    sections: quarterSections(parts),
  }
}

/** Reach, outflow and what sensitising brought, with a chart of each table in which nothing is hidden. */
export function quarterSections(parts: readonly DashboardPart[]): ReportSection[] {
  if (parts.length === 0) {
    const text = 'In deze periode was er geen uitwisseling met VDAB.'
    return [{ title: 'Bereik en uitstroom', blocks: [paragraph(text)] }]
  }
  const of = (isOf: (one: DashboardTable) => boolean) =>
    parts.filter(part => isOf(part.table)).flatMap(part => partBlocks(part, parts))
  const isEffect = (one: DashboardTable) => EFFECT.includes(one)
  const isReach = (one: DashboardTable) => REACH.includes(one)
  const effect = of(isEffect)
  const none = 'Over een kwartaal waarvan dat al te zeggen is, zijn er geen meldingen.'
  return [
    { title: 'Bereik', blocks: of(isReach) },
    { title: 'Uitstroom', blocks: of(one => !isReach(one) && !isEffect(one)) },
    {
      title: 'Wat het sensibiliseren bracht',
      blocks: effect.length > 0 ? [paragraph(EFFECT_NOTE), ...effect] : [paragraph(none)],
    },
  ]
}

function partBlocks(part: DashboardPart, all: readonly DashboardPart[]): ReportBlock[] {
  const several = new Set(all.map(({ protocol }) => protocol)).size > 1
  // What came of feedback is told a quarter later than the rest, so that it always says of which.
  const isEffect = EFFECT.includes(part.table)
  const others = all.filter(({ table }) => !EFFECT.includes(table))
  const quarters = new Set(others.map(({ quarter }) => quarter)).size > 1
  const title = [
    TITLES[part.table],
    ...(quarters || isEffect ? [part.quarter] : []),
    ...(several ? [part.protocol] : []),
  ].join(', ')
  if (part.withheld) {
    return [note('info', `${title}: niet vrijgegeven, want ${WITHHELD[part.withheld]}.`)]
  }
  return DIVISIONS[part.table] ? byCode(title, part) : byMonth(title, part)
}

function byMonth(title: string, part: DashboardPart): ReportBlock[] {
  const months = monthsIn(part)
  const values = months.map(month => find(part, { month }))
  const total = find(part, { month: part.quarter })
  const shown = table(
    title,
    ['Maand', 'Aantal'],
    [
      ...months.map((month, index) => [cell(month), cellOf(values[index], part)]),
      ...(total ? [[cell(`Samen ${part.quarter}`), cellOf(total, part)]] : []),
    ],
    `${title}: geen.`,
    [60, 40],
  )
  return [
    ...chartOf(
      title,
      ['aantal'],
      months,
      values.map(value => [value]),
    ),
    shown,
  ]
}

function byCode(title: string, part: DashboardPart): ReportBlock[] {
  const { name, title: head, words } = DIVISIONS[part.table] ?? { name: '', title: '', words: [] }
  const values = words.map(([code]) => find(part, { month: part.quarter, [name]: code }))
  const total = find(part, { month: part.quarter, [name]: ALL })
  const rows = words.map(([, word], index) => [cell(word), cellOf(values[index], part)])
  const shown = table(
    title,
    [head, 'Aantal'],
    [...rows, ...(total ? [[cell('Samen'), cellOf(total, part)]] : [])],
    `${title}: geen.`,
    [60, 40],
  )
  return [
    ...chartOf(
      title,
      ['aantal'],
      words.map(([, word]) => word),
      values.map(value => [value]),
    ),
    shown,
  ]
}

/** A chart, where nothing in it is hidden: a bar that is not there would read as nobody. */
function chartOf(
  caption: string,
  names: readonly string[],
  labels: readonly string[],
  values: readonly (readonly (ReleasedCell | undefined)[])[],
): Chart[] {
  if (labels.length < 2 || values.flat().some(value => value?.hidden !== false)) return []
  const columns = labels.map((label, index) => ({
    label,
    parts: (values[index] ?? []).map(value => value?.value ?? 0),
  }))
  return [{ kind: 'chart', caption, names, columns }]
}

// Of a month that was not closed there is no number of found; what else is left out counts nobody.
function cellOf(value: ReleasedCell | undefined, { table, mark }: DashboardPart): Cell {
  if (!value) return table === 'detection-found' ? cell('geen getal') : numberCell(0)
  return value.hidden ? cell(mark) : numberCell(value.value)
}

function monthsIn({ cells }: DashboardPart): string[] {
  const months = cells.map(({ dims }) => dims['month'] ?? '')
  return [...new Set(months.filter(month => /^\d{4}-\d{2}$/.test(month)))].sort()
}

/** The cell with these codes; the party is the only one there is, and other dimensions are totals. */
function find({ cells }: DashboardPart, dims: Readonly<Record<string, string>>) {
  const wanted = Object.entries(dims)
  const fits = cells.filter(one => wanted.every(([name, code]) => one.dims[name] === code))
  return fits.find(one => one.dims['party'] !== ALL) ?? fits[0]
}
