import { parseNationalNumber } from '../pseudonym/national-number.ts'
import { groundOf } from './ground.ts'
import { plainWord, ROLES, type Role, rankOf } from './headers.ts'
import {
  type Cell,
  columnIndex,
  columnLetter,
  EMPTY,
  isEmptyRow,
  type Sheet,
  SheetError,
} from './table.ts'

/** One column that was chosen, from 0, and why. */
export interface Chosen {
  column: number
  by: 'title' | 'content' | 'option'
}

/** Which columns of a sheet are meant, and where its rows with tenants start. */
export interface Mapping {
  columns: Partial<Record<Role, Chosen>>
  /** Row with the titles, from 1; absent where there is none. */
  titles?: number
  /** The first row that may hold a tenant, from 1. */
  first: number
}

const LOOKED_AT = 30
const SAMPLE = 300
// No title has so many digits: a row with a faulty number must not be taken for the titles.
const OF_A_TENANT = /\d{4}|\d\D{0,2}\d\D{0,2}\d\D{0,2}\d\D{0,2}\d/

/**
 * Finds the columns of a sheet by their titles, in Dutch, French or English, and by what is in them.
 * The titles need not be in the first row, and may be missing.
 * @param named what was said on the command line: a letter or a title for each role
 * @param today YYYY-MM-DD
 * @throws SheetError where a named column is not there
 */
export function guessMapping(
  { rows }: Pick<Sheet, 'rows'>,
  named: Partial<Record<Role, string>>,
  today: string,
): Mapping {
  const titles = titleRow(rows, named, today)
  const first = titles === undefined ? firstFilled(rows) : titles + 1
  const sample = rows.slice(first, first + SAMPLE).filter(row => !isEmptyRow(row))
  const columns: Mapping['columns'] = {}
  const free = (column: number) => !Object.values(columns).some(it => it.column === column)
  for (const role of ROLES) {
    const name = named[role]
    if (name !== undefined)
      columns[role] = { column: columnNamed(name, rows[titles ?? -1] ?? []), by: 'option' }
  }
  for (const role of ROLES) {
    if (columns[role]) continue
    const column = byTitle(rows[titles ?? -1] ?? [], role, sample, today, free)
    if (column !== undefined) columns[role] = { column, by: 'title' }
  }
  for (const role of ROLES) {
    if (columns[role]) continue
    const column = byContent(role, sample, today, free)
    if (column !== undefined) columns[role] = { column, by: 'content' }
  }
  return { columns, first: first + 1, ...(titles !== undefined && { titles: titles + 1 }) }
}

/** How likely a sheet holds the tenants: the number of roles that have a column, the national number first. */
export function likeness({ columns }: Mapping): number {
  return (columns.insz ? 10 : 0) + Object.keys(columns).length
}

/**
 * Reads `insz=A,ref=Klantnummer,ground=D`.
 * @throws Error that says what is wrong
 */
export function parseColumns(text: string): Partial<Record<Role, string>> {
  const named: Partial<Record<Role, string>> = {}
  for (const part of text.split(',')) {
    const [role = '', ...rest] = part.split('=').map(it => it.trim())
    const column = rest.join('=')
    if (!ROLES.some(it => it === role) || column === '')
      throw new Error(`name columns as in insz=A,ref=B,ground=C: by letter or by title`)
    named[role as Role] = column
  }
  return named
}

function titleRow(
  rows: Cell[][],
  named: Partial<Record<Role, string>>,
  today: string,
): number | undefined {
  let best: { row: number; count: number } | undefined
  for (const [row, cells] of rows.slice(0, LOOKED_AT).entries()) {
    if (cells.some(({ text }) => isNumber(text, today))) break
    if (cells.some(({ text }) => OF_A_TENANT.test(text))) continue
    const isNamed = (role: Role) =>
      cells.some(({ text }) => text !== '' && plainWord(text) === plainWord(named[role] ?? ''))
    const isTitle = (role: Role) => cells.some(({ text }) => rankOf(text, role) !== undefined)
    const count = ROLES.filter(role => isTitle(role) || isNamed(role)).length
    if (count > (best?.count ?? 0)) best = { row, count }
  }
  return best?.row ?? rowBeforeNumbers(rows, today)
}

// Titles of which none is known: the filled row before the first national number, or the first of all.
function rowBeforeNumbers(rows: Cell[][], today: string): number | undefined {
  const numbers = rows
    .slice(0, LOOKED_AT)
    .findIndex(row => row.some(({ text }) => isNumber(text, today)))
  const before =
    numbers < 0
      ? rows.findIndex(row => !isEmptyRow(row))
      : rows.slice(0, numbers).findLastIndex(row => !isEmptyRow(row))
  const isTitles = before >= 0 && !rows[before]?.some(({ text }) => OF_A_TENANT.test(text))
  return isTitles ? before : undefined
}

function firstFilled(rows: Cell[][]): number {
  return Math.max(
    0,
    rows.findIndex(row => !isEmptyRow(row)),
  )
}

function columnNamed(name: string, titles: Cell[]): number {
  const byTitleOf = titles.findIndex(
    ({ text }) => plainWord(text) === plainWord(name) && text !== '',
  )
  const column = byTitleOf >= 0 ? byTitleOf : columnIndex(name)
  if (column !== undefined && column < 16_384) return column
  const known = titles.map(({ text }, at) => (text === '' ? columnLetter(at) : text)).join(', ')
  throw new SheetError(`there is no column "${name}"; the titles are: ${known || 'none'}`)
}

/** Of the columns whose title names the role: the best name, unless another has what fits better in it. */
function byTitle(
  titles: Cell[],
  role: Role,
  sample: Cell[][],
  today: string,
  free: (column: number) => boolean,
): number | undefined {
  const candidates = titles
    .map(({ text }, column) => ({ column, rank: rankOf(text, role) }))
    .filter(({ column, rank }) => rank !== undefined && free(column))
    .map(it => ({ ...it, share: shareOf(role, it.column, sample, today) }))
  const [best] = candidates.toSorted(
    (a, b) => Number(b.share > 0.5) - Number(a.share > 0.5) || (a.rank ?? 0) - (b.rank ?? 0),
  )
  return best?.column
}

function byContent(
  role: Role,
  sample: Cell[][],
  today: string,
  free: (column: number) => boolean,
): number | undefined {
  const width = Math.max(0, ...sample.map(row => row.length))
  const fitting = Array.from({ length: width }, (_, column) => column)
    .filter(free)
    .map(column => ({ column, share: shareOf(role, column, sample, today) }))
    .filter(({ share }) => share >= 0.6)
    .toSorted((a, b) => b.share - a.share)
  // Many columns may look like a reference: then a person says which.
  return role === 'ref' && fitting.length > 1 ? undefined : fitting[0]?.column
}

/** Which part of what is in a column is what the role needs. */
function shareOf(role: Role, column: number, sample: Cell[][], today: string): number {
  const values = sample.map(row => (row[column] ?? EMPTY).text).filter(text => text !== '')
  if (values.length === 0) return 0
  const fits: Record<Role, (text: string) => boolean> = {
    insz: text => isNumber(text, today),
    ref: text => /^[A-Za-z0-9._-]{2,64}$/.test(text) && /\d/.test(text) && !isNumber(text, today),
    ground: text => groundOf(text) !== undefined,
  }
  const distinct = new Set(values).size / values.length
  const share = values.filter(fits[role]).length / values.length
  return role === 'ref' && distinct < 0.9 ? 0 : share
}

function isNumber(text: string, today: string): boolean {
  return parseNationalNumber(text.replace(/[\s.\-/]/g, ''), today) !== undefined
}
