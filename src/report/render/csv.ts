import { stringify } from 'csv-stringify/sync'
import type { Report } from '../document.ts'
import { linesOf } from './rows.ts'

const COLUMNS = ['deel', 'tabel', 'rij', 'kolom', 'waarde']

/** A report as CSV: one value per line with where it is, so that any program can count on with it. */
export function csvOf(report: Report): string {
  const rows = linesOf(report).map(({ section, table, row, column, value }) => [
    ...[section, table, row, column],
    value,
  ])
  // As the export of the log; the mark is for spreadsheets, which else misread accents.
  return stringify([COLUMNS, ...rows], {
    bom: true,
    escape_formulas: true,
    quoted: true,
    record_delimiter: '\r\n',
  })
}
