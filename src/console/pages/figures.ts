import { stringify } from 'csv-stringify/sync'
import { partyOf } from '../../access/scope.ts'
import type { ConsoleDeps } from '../deps.ts'
import { CHARTS, type FigureChart, figureCharts } from '../figures-chart.ts'
import { type Download, type Page, PageProblem, type PageRequest } from '../page.ts'
import { PERIODS, type Period, readClosingSlots, readSlots } from '../reads/figures.ts'

/** /console/cijfers: the figures of one chart of the overview as CSV. */
export const figuresFile: Page = {
  method: 'get',
  path: '/cijfers',
  operation: 'overview:read',
  own: true,
  nav: 'overview',
  answer: download,
}

/** The charts of a period, of whom the person sees something. */
export async function readCharts(
  { reading }: ConsoleDeps,
  { scope, at }: Pick<PageRequest, 'scope' | 'at'>,
  period: Period,
): Promise<FigureChart[]> {
  const asked = { now: at, party: partyOf(scope) }
  const [slots, closings] = await Promise.all([
    readSlots(reading, asked, period),
    readClosingSlots(reading, asked, period),
  ])
  return figureCharts(period, slots, closings)
}

/** The period that was asked for; undefined where there is no such one. */
export function periodOf(query: Record<string, string>): Period | undefined {
  const asked = query['periode'] ?? ''
  return asked === '' ? '24u' : PERIODS.find(period => period === asked)
}

async function download(deps: ConsoleDeps, request: PageRequest): Promise<Download> {
  const period = periodOf(request.query)
  const name = CHARTS.find(one => one === request.query['grafiek'])
  if (!period || !name) throw new PageProblem('not-found')
  const chart = (await readCharts(deps, request, period)).find(one => one.name === name)
  if (!chart) throw new PageProblem('not-found')
  const header = [chart.first, ...chart.key.map(part => part.name)]
  const rows = chart.rows.map(row => [isoOf(period, row.at), ...row.counts])
  return {
    file: `huisbrug-${name}-${period}-${request.at.toISOString().slice(0, 10)}.csv`,
    type: 'text/csv; charset=utf-8',
    content: stringify([header, ...rows], { escape_formulas: true }),
  }
}

function isoOf(period: Period, at: Date): string {
  return period === '24u' ? at.toISOString() : at.toISOString().slice(0, 10)
}
