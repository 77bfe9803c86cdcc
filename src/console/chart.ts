/** One bar: its label on the axis and its stacked parts, from the bottom up. */
export interface Column {
  label: string
  parts: readonly number[]
}

/** A rectangle in the drawing; `part` picks its colour in the style sheet. */
export interface Bar {
  x: number
  y: number
  width: number
  height: number
  part: number
}

/** All that a template needs to draw a bar chart; lengths in user units of the view box. */
export interface BarChart {
  width: number
  height: number
  /** Where the bars begin: the values of the lines stand before it. */
  left: number
  bars: Bar[]
  /** Horizontal lines with their value. */
  lines: { y: number; value: number }[]
  /** Labels under the axis. */
  labels: { x: number; text: string }[]
  baseline: number
}

type Size = Pick<BarChart, 'width' | 'height' | 'left'>

const WIDE: Size = { width: 960, height: 200, left: 44 }
/** For half a page, or a small window: its letters stay large enough to read. */
export const COMPACT: Size = { width: 560, height: 220, left: 64 }
const TOP = 12
const BOTTOM = 32
// Few bars do not become blocks.
const WIDEST = 56

/** Lays out stacked bars, every so many with its label. Pure geometry: colours and words are the template's. */
export function layOutBars(columns: readonly Column[], every = 6, size = WIDE): BarChart {
  const { width, height, left } = size
  const highest = Math.max(0, ...columns.map(column => sum(column.parts)))
  const ceiling = niceCeiling(highest)
  const baseline = height - BOTTOM
  const scale = (baseline - TOP) / ceiling
  const slot = (width - left) / Math.max(1, columns.length)
  const place = (index: number) => ({ x: left + slot * index, slot, scale, baseline })
  return {
    ...size,
    baseline,
    bars: columns.flatMap((column, index) => stack(column, place(index))),
    lines: [0, ceiling / 2, ceiling].map(value => ({ value, y: round(baseline - value * scale) })),
    labels: columns.flatMap((column, index) =>
      index % every === 0 ? [{ x: round(left + slot * (index + 0.5)), text: column.label }] : [],
    ),
  }
}

interface Place {
  x: number
  slot: number
  scale: number
  baseline: number
}

function stack(column: Column, { x, slot, scale, baseline }: Place): Bar[] {
  let y = baseline
  const width = Math.min(slot * 0.7, WIDEST)
  return column.parts.flatMap((value, part) => {
    if (value === 0) return []
    const height = Math.max(1, value * scale)
    y -= height
    const left = round(x + (slot - width) / 2)
    return [{ x: left, y: round(y), width: round(width), height: round(height), part }]
  })
}

/** The smallest even number of the form 2, 4, 10, 20, 40, 100 … that is not below `value`. */
function niceCeiling(value: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [2, 4, 10]) if (step * power >= value) return step * power
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
