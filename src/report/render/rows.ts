import type { Block, Cell } from '../../protocol/readable/block.ts'
import type { Report, ReportSection } from '../document.ts'

/** One value of a report, with where it is. */
export interface Line {
  section: string
  table: string
  row: string
  column: string
  value: string | number
}

/** Everything a report says, one value at a time; charts say nothing that no table says. */
export function linesOf({ head, intro, sections }: Report): Line[] {
  const top = { section: '', table: '' }
  return [
    ...head.map(([row, value]) => ({ ...top, row, column: '', value })),
    ...intro.map(value => ({ ...top, row: '', column: '', value })),
    ...sections.flatMap(sectionLines),
  ]
}

function sectionLines({ title, blocks }: ReportSection): Line[] {
  let part = ''
  return blocks.flatMap(block => {
    if (block.kind === 'heading' || block.kind === 'part') part = block.text
    if (block.kind === 'chart') return []
    return blockLines(block).map(line => ({ section: title, ...line, table: line.table || part }))
  })
}

function blockLines(block: Block): Omit<Line, 'section'>[] {
  const text = (value: string) => ({ table: '', row: '', column: '', value })
  switch (block.kind) {
    case 'table':
      return block.rows.flatMap(([first, ...rest]) =>
        rest.map((cell, index) => ({
          table: block.caption,
          row: first?.text ?? '',
          column: block.columns[index + 1] ?? '',
          value: cellValue(cell),
        })),
      )
    case 'facts':
      return block.rows.map(([row, value]) => ({ table: '', row, column: '', value }))
    case 'list':
      return block.items.map(text)
    case 'paragraph':
    case 'note':
      return [text(block.text)]
    default:
      return []
  }
}

/** The number where there is one, else the text with its smaller lines. */
export function cellValue({ text, value, notes }: Cell): string | number {
  return value ?? [text, ...notes].join('; ')
}

/**
 * A text that no spreadsheet takes for a formula: those begin with = + - @, a tab or a line's end, and may
 * call other programs.
 */
export function harmless(value: string): string {
  return /^[=+\-@\t\r\n|%]/.test(value) ? `'${value}` : value
}
