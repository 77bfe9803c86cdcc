import { type Block, type Cell, cell } from '../protocol/readable/block.ts'
import { number } from '../protocol/readable/words.ts'

/** Stacked bars: names of the parts, and the parts of each column, from the bottom up. */
export interface Chart {
  kind: 'chart'
  caption: string
  names: readonly string[]
  columns: readonly { label: string; parts: readonly number[] }[]
}

export type ReportBlock = Block | Chart

/** A part of a report with a title of its own. */
export interface ReportSection {
  title: string
  blocks: readonly ReportBlock[]
}

/**
 * A report, once: every format is drawn from this. Texts are plain Dutch and not escaped; a chart never says
 * what no table says.
 */
export interface Report {
  /** Name of its file, without extension: letters, digits and dashes. */
  file: string
  title: string
  /** Whose figures these are. */
  authors: readonly string[]
  /** UTC day on which it was made, YYYY-MM-DD. */
  on: string
  head: readonly (readonly [string, string])[]
  intro: readonly string[]
  sections: readonly ReportSection[]
}

/** A cell with a number. */
export function numberCell(value: number): Cell {
  return { ...cell(number(value)), value }
}

/** A place where a person has to write: what no figure can say. */
export function toWrite(text: string): Block {
  return { kind: 'note', tone: 'warning', text: `Zelf in te vullen: ${text}` }
}
