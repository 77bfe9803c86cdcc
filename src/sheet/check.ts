import type { Tenant } from '../client/types.ts'
import type { Fault, FaultCode } from './faults.ts'
import { type Ground, readGround } from './ground.ts'
import { type Role, rankOf } from './headers.ts'
import type { Mapping } from './mapping.ts'
import { readNationalNumber } from './national-number.ts'
import { readReference } from './reference.ts'
import { type Cell, EMPTY, isEmptyRow, type Sheet } from './table.ts'

/** A row that can be sent. */
export interface GoodRow {
  /** As Excel numbers it. */
  row: number
  tenant: Tenant
}

/** A row that cannot: all that is wrong with it. `reference` only where it may be shown. */
export interface BadRow {
  row: number
  reference?: string
  faults: Fault[]
}

/** Every filled row of a sheet, once: `good.length + bad.length` of them. */
export interface Checked {
  good: GoodRow[]
  bad: BadRow[]
  /** Rows with nothing in them. */
  empty: number
}

export interface CheckOptions {
  /** YYYY-MM-DD. */
  today: string
  /** For all rows, in place of a column. */
  ground?: Ground | undefined
  restoreZeros?: boolean | undefined
}

/**
 * Checks every row after the titles. Of rows with the same person or the same reference the first is
 * good. What is wrong is told without quoting it: no fault holds a national number.
 */
export function checkRows(
  { rows }: Pick<Sheet, 'rows'>,
  mapping: Mapping,
  options: CheckOptions,
): Checked {
  const width = widthOf(rows, mapping)
  const checked: Checked = { good: [], bad: [], empty: 0 }
  const first = { numbers: new Map<string, number>(), references: new Map<string, number>() }
  rows.slice(mapping.first - 1).forEach((cells, index) => {
    const row = mapping.first + index
    if (isEmptyRow(cells)) {
      checked.empty += 1
      return
    }
    const read = readRow(cells, mapping, width, options)
    const { number, reference, ground } = read
    const twice = twiceOf(read, first)
    const faults = [...read.faults.map(code => ({ code })), ...twice]
    if (number && reference && ground && faults.length === 0) {
      first.numbers.set(number, row)
      first.references.set(reference, row)
      const tenant = { insz: number, tenantRef: reference, tenantGround: ground }
      checked.good.push({ row, tenant })
    } else checked.bad.push({ row, faults, ...(reference && { reference }) })
  })
  return checked
}

interface ReadRow {
  number?: string
  reference?: string
  ground?: Ground
  faults: FaultCode[]
}

function readRow(cells: Cell[], mapping: Mapping, width: number, options: CheckOptions): ReadRow {
  const cellOf = (role: Role) => cells[mapping.columns[role]?.column ?? -1] ?? EMPTY
  if (isOther(cellOf('insz'), cellOf('ref'))) return { faults: ['row-other'] }
  // Everything after a separator too many is in the wrong column.
  if (cells.slice(width).some(({ text }) => text !== '')) return { faults: ['row-wide'] }
  const parts = [
    readNationalNumber(cellOf('insz'), options.today, options.restoreZeros ?? false),
    readReference(cellOf('ref'), options.today),
    options.ground ? { ground: options.ground } : readGround(cellOf('ground')),
  ]
  const faults = parts.flatMap(part => ('fault' in part ? [part.fault] : []))
  return Object.assign({ faults }, ...parts.filter(part => !('fault' in part))) as ReadRow
}

// A total, a remark, or the titles once more at the top of a page.
function isOther(number: Cell, reference: Cell): boolean {
  const isTitle = rankOf(number.text, 'insz') !== undefined
  return isTitle || (number.text === '' && !/^[A-Za-z0-9._-]+$/.test(reference.text))
}

function twiceOf(
  { number, reference }: ReadRow,
  first: { numbers: Map<string, number>; references: Map<string, number> },
): Fault[] {
  const person = number === undefined ? undefined : first.numbers.get(number)
  if (person !== undefined) return [{ code: 'number-twice', row: person }]
  const other = reference === undefined ? undefined : first.references.get(reference)
  return other === undefined ? [] : [{ code: 'reference-twice', row: other }]
}

/** How many columns there are: as Excel writes a CSV file, its titles are as wide as its widest row. */
function widthOf(rows: Cell[][], { titles, first }: Mapping): number {
  if (titles !== undefined) return rows[titles - 1]?.length ?? 0
  const widths = rows.slice(first - 1, first + 300).map(row => row.length)
  return widths.toSorted((a, b) => a - b)[widths.length >> 1] ?? 0
}
