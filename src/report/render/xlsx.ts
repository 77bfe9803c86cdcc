import writeXlsxFile, { type Cell, type SheetData } from 'write-excel-file/node'
import type { Block } from '../../protocol/readable/block.ts'
import type { Report } from '../document.ts'
import { cellValue, harmless, linesOf } from './rows.ts'

type Table = Extract<Block, { kind: 'table' }>

const MAX_NAME = 31
const MAX_SHEETS = 60

/** A report as a workbook: a sheet with its text, and one for each table. Never a formula. */
export async function xlsxOf(report: Report): Promise<Buffer> {
  const tables = report.sections
    .flatMap(({ blocks }) => blocks)
    .filter(block => block.kind === 'table')
    .slice(0, MAX_SHEETS)
  const names = sheetNames(['Rapport', ...tables.map(({ caption }) => caption)])
  const sheets = [
    { data: textSheet(report), columns: [{ width: 34 }, { width: 34 }, { width: 80 }] },
    ...tables.map(table => ({ data: tableSheet(table), columns: widths(table) })),
  ]
  const named = sheets.map((sheet, index) => ({
    ...sheet,
    sheet: names[index] ?? `Blad ${index + 1}`,
  }))
  return writeXlsxFile(named).toBuffer()
}

function textSheet(report: Report): SheetData {
  const lines = linesOf(report).filter(({ column }) => column === '')
  return [
    [bold(report.title)],
    ...lines.map(({ section, row, value }) => [text(section), text(row), cellOf(value)]),
  ]
}

function tableSheet({ columns, rows }: Table): SheetData {
  return [columns.map(bold), ...rows.map(row => row.map(cell => cellOf(cellValue(cell))))]
}

function widths({ columns }: Table): { width: number }[] {
  return columns.map((column, index) => ({ width: Math.max(index === 0 ? 44 : 16, column.length) }))
}

function cellOf(value: string | number): Cell {
  return typeof value === 'number' ? { type: Number, value } : text(value)
}

function text(value: string): Cell {
  return value === '' ? null : { type: String, value: harmless(value), wrap: true }
}

function bold(value: string): Cell {
  return { type: String, value: harmless(value), fontWeight: 'bold', wrap: true }
}

/** Names that Excel takes: at most 31 characters, none of them reserved, each once. */
function sheetNames(wanted: readonly string[]): string[] {
  const used = new Set<string>()
  return wanted.map((name, index) => {
    const plain =
      name
        .replace(/[\\/?*[\]:']/g, ' ')
        .replace(/\s+/g, ' ')
        .trim() || 'Blad'
    const short = plain.slice(0, MAX_NAME).trim()
    const free = used.has(short.toLowerCase()) ? `${short.slice(0, MAX_NAME - 4)} ${index}` : short
    used.add(free.toLowerCase())
    return free
  })
}
