import { type BarChart, COMPACT, layOutBars } from './chart.ts'
import { format } from './format.ts'
import { type ClosingSlot, OUTCOMES, type Period, type Slot } from './reads/figures.ts'
import { texts } from './texts/index.ts'

export const CHARTS = ['volume', 'outcome', 'latency', 'closing'] as const
export type ChartName = (typeof CHARTS)[number]

/** A chart with all that is said of it: the drawing, a sentence, its table. */
export interface FigureChart {
  name: ChartName
  title: string
  /** What is counted, and what is left out. */
  note: string
  chart: BarChart
  /** The totals in a sentence: what the drawing says to who does not see it. */
  summary: string
  /** The parts of a bar, from the bottom up, with the class of their colour. */
  key: { name: string; colour: string }[]
  /** What a row of the table is: an hour, a day, a week. */
  first: string
  rows: { at: Date; label: string; counts: readonly number[] }[]
}

const COLOURS: Record<ChartName, readonly string[]> = {
  volume: ['b0', 'b1'],
  outcome: ['b0', 'b2', 'b3', 'b4', 'b5', 'b1'],
  latency: ['s0', 's1', 's2', 's3', 's4'],
  closing: ['s0', 's1', 's2', 's3', 's4'],
}
const LABELS = 6

/** The four charts of a period (pure but for the language of the page). */
export function figureCharts(
  period: Period,
  slots: readonly Slot[],
  closings: readonly ClosingSlot[],
): FigureChart[] {
  return CHARTS.map(name =>
    name === 'closing'
      ? draw(name, period === '24u' ? '7' : period, closings, slot => slot.closing)
      : draw(name, period, slots, slot => slot[name]),
  )
}

function draw<T extends { at: Date }>(
  name: ChartName,
  period: Period,
  slots: readonly T[],
  countsOf: (slot: T) => readonly number[],
): FigureChart {
  const text = texts().figures
  const names = namesOf(name)
  const rows = slots.map(slot => ({
    at: slot.at,
    label: labelOf(period, slot.at),
    counts: countsOf(slot),
  }))
  const columns = rows.map(row => ({ label: shortOf(period, row.at), parts: row.counts }))
  const totals = names.map((_, part) => rows.reduce((sum, row) => sum + (row.counts[part] ?? 0), 0))
  const told = names.flatMap((one, part) =>
    totals[part] ? [`${one} ${format.number(totals[part])}`] : [],
  )
  const whole = totals.reduce((sum, total) => sum + total, 0)
  return {
    name,
    ...text.charts[name],
    chart: layOutBars(columns, Math.max(1, Math.ceil(columns.length / LABELS)), COMPACT),
    summary: text.summary(text.charts[name].counted, format.number(whole), told.join(', ')),
    key: names.map((one, part) => ({ name: one, colour: COLOURS[name][part] ?? '' })),
    first: text.first[period === '24u' ? 'hour' : period === '365' ? 'week' : 'day'],
    rows,
  }
}

function namesOf(name: ChartName): readonly string[] {
  const { parts } = texts().figures
  return name === 'outcome' ? OUTCOMES.map(one => parts.outcome[one]) : parts[name]
}

function labelOf(period: Period, at: Date): string {
  return period === '24u' ? format.hour(at) : format.day(at.toISOString())
}

// A UTC day as day/month.
function shortOf(period: Period, at: Date): string {
  return period === '24u' ? format.hour(at) : `${at.getUTCDate()}/${at.getUTCMonth() + 1}`
}
