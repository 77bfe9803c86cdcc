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
  const columns = mostFrequent(counts)
  const regular = counts.filter(it => it === columns).length
  return { regular, columns }
}

function columnsIn(line: string, separator: string): number {
  return line.replaceAll(/"[^"]*"/g, '').split(separator).length
}

// A quote in a name that is closed some rows further takes those rows with it, unseen.
function assertNoSwallowedRows(records: string[][], separator: string): void {
  const width = mostFrequent(records.slice(0, LOOKED_AT).map(record => record.length))
  const at = records.findIndex(record =>
    record.some((field, before) => {
      const [first = '', ...rest] = field.split(/\r\n|\n|\r/)
      const last = rest.pop()
      if (last === undefined) return false
      const after = record.length - 1 - before
      // Were the quotes plain letters, the first and the last line would be rows like the others.
      const isRows =
        before + columnsIn(first, separator) === width &&
        columnsIn(last, separator) + after === width
      return isRows || rest.some(line => width > 1 && columnsIn(line, separator) >= width)
    }),
  )
  if (at < 0) return
  throw new SheetError(
    `row ${at + 1}: a quote (") is opened here and closed in a later row, so that rows would be lost. ` +
      'Correct that row, or save the file as .xlsx',
  )
}

function mostFrequent(numbers: readonly number[]): number {
  const times = new Map<number, number>()
  for (const number of numbers) times.set(number, (times.get(number) ?? 0) + 1)
  return [...times].toSorted((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0
}
