import { CsvError, parse } from 'csv-parse/sync'
import { decodeText } from './encoding.ts'
import { isEmptyRow, MAX_ROWS, type Sheet, SheetError, textCell } from './table.ts'

const SEPARATORS = [';', '\t', ',', '|'] as const
const NAMES: Readonly<Record<string, string>> = { '\t': 'tab' }
const LOOKED_AT = 60
// Excel's own line: it shows none of it and starts to count after it.
const SEPARATOR_LINE = /^sep=(.)\r?\n/i

/**
 * Reads a CSV file as Excel would: encoding and separator are found out.
 * @throws SheetError where a quote is not closed, there are too many rows, or it is no text
 */
export function readCsv(bytes: Uint8Array): Sheet {
  const { text, encoding } = decodeText(bytes)
  const named = SEPARATOR_LINE.exec(text)
  const body = named ? text.slice(named[0].length) : text
  const separator = named?.[1] ?? separatorOf(body)
  const records = parseRecords(body, separator, MAX_ROWS + 1)
  if (records.length > MAX_ROWS) throw new SheetError(`there are more than ${MAX_ROWS} rows`)
  assertNoSwallowedRows(records, separator)
  const rows = records.map(record => record.map(textCell))
  while (rows.length > 0 && isEmptyRow(rows.at(-1) ?? [])) rows.pop()
  return { format: `CSV, ${encoding}, separator ${NAMES[separator] ?? separator}`, rows }
}

function parseRecords(text: string, delimiter: string, to: number): string[][] {
  try {
    return parse(text, {
      delimiter,
      to,
      relax_quotes: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { lines } = error as CsvError & { lines?: number }
    throw new SheetError(
      `the file cannot be read as CSV${lines ? ` near line ${lines}` : ''}: a quote (") is opened ` +
        'and not closed as it should. Correct that line, or save the file as .xlsx',
    )
  }
}

/** The separator that cuts most rows in equally many columns; of two such, the one with more columns. */
function separatorOf(text: string): string {
  const start = text.split(/\r\n|\n|\r/, LOOKED_AT).join('\n')
  const scored = SEPARATORS.map(separator => ({ separator, ...regularity(start, separator) }))
  const [best] = scored.toSorted((a, b) => b.regular - a.regular || b.columns - a.columns)
  return best && best.regular > 0 ? best.separator : ';'
}

function regularity(text: string, separator: string): { regular: number; columns: number } {
  const counts = text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => columnsIn(line, separator))
    .filter(columns => columns > 1)
  const times = new Map<number, number>()
  for (const columns of counts) times.set(columns, (times.get(columns) ?? 0) + 1)
  const [columns = 0, regular = 0] =
    [...times].toSorted((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? []
  return { regular, columns }
}

function columnsIn(line: string, separator: string): number {
  return line.replaceAll(/"[^"]*"/g, '').split(separator).length
}

// A quote in a name that is closed some rows further takes those rows with it, unseen.
function assertNoSwallowedRows(records: string[][], separator: string): void {
  const widths = records.slice(0, LOOKED_AT).map(record => record.length)
  const width = Math.max(2, ...widths.toSorted((a, b) => a - b).slice(widths.length >> 1, -1))
  records.forEach((record, index) => {
    const swallows = record.some(field =>
      field
        .split(/\r\n|\n|\r/)
        .slice(1, -1)
        .some(line => columnsIn(line, separator) >= width),
    )
    if (!swallows) return
    throw new SheetError(
      `row ${index + 1}: a quote (") is opened here and closed rows further, so that the rows ` +
        'between would be lost. Correct that row, or save the file as .xlsx',
    )
  })
}
