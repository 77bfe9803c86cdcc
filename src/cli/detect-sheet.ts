import { basename } from 'node:path'
import { type Checked, checkRows } from '../sheet/check.ts'
import { ROLES, type Role } from '../sheet/headers.ts'
import { guessMapping, likeness, type Mapping } from '../sheet/mapping.ts'
import { readSheets } from '../sheet/read.ts'
import { columnLetter, type Sheet, SheetError } from '../sheet/table.ts'
import type { DetectOptions } from './detect.ts'

/** A sheet that was read and checked. */
export interface CheckedSheet {
  /** Without its folder. */
  fileName: string
  sheet: Sheet
  mapping: Mapping
  checked: Checked
  /** Whether a ground was given for all. */
  groundForAll: boolean
}

/**
 * Reads and checks a spreadsheet, with what the command line says of it.
 * @throws SheetError where it cannot be read, or it is not known which sheet or columns are meant
 */
export async function checkSheet(
  file: string,
  options: DetectOptions,
  at: Date,
): Promise<CheckedSheet> {
  const { sheet: name, columns = {}, ground, restoreZeros } = options
  if (ground && columns.ground !== undefined)
    throw new SheetError('give --ground, or a ground column in --columns, not both')
  const today = at.toISOString().slice(0, 10)
  const sheets = await readSheets(file)
  const mapped = (name === undefined ? sheets : [sheetNamed(sheets, name)]).map(sheet => ({
    sheet,
    mapping: guessMapping(sheet, columns, today),
  }))
  const { sheet, mapping } = likeliest(mapped)
  if (ground) delete mapping.columns.ground
  assertColumns(sheet, mapping, ground !== undefined)
  const checked = checkRows(sheet, mapping, { today, ground, restoreZeros })
  return { fileName: basename(file), sheet, mapping, checked, groundForAll: ground !== undefined }
}

function sheetNamed(sheets: Sheet[], name: string): Sheet {
  const found = sheets.find((sheet, at) => sheet.name === name || String(at + 1) === name)
  if (found) return found
  throw new SheetError(`there is no sheet "${name}"; there are: ${namesOf(sheets)}`)
}

function namesOf(sheets: Sheet[]): string {
  return sheets.map(({ name = 'the file itself' }) => name).join(', ')
}

function likeliest<T extends { sheet: Sheet; mapping: Mapping }>(mapped: T[]): T {
  const [best, second] = mapped.toSorted((a, b) => likeness(b.mapping) - likeness(a.mapping))
  if (!best) throw new SheetError('there is nothing in the file')
  if (second && likeness(second.mapping) === likeness(best.mapping))
    throw new SheetError(
      `more than one sheet may hold the tenants: name one with --sheet. There are: ${namesOf(mapped.map(it => it.sheet))}`,
    )
  return best
}

const WHAT: Readonly<Record<Role, string>> = {
  insz: 'national number',
  ref: 'reference',
  ground: 'ground',
}

function assertColumns(sheet: Sheet, mapping: Mapping, hasGround: boolean): void {
  const missing = ROLES.filter(role => !mapping.columns[role] && !(role === 'ground' && hasGround))
  if (missing.length === 0) return
  const titles = sheet.rows[(mapping.titles ?? 0) - 1] ?? []
  const known = titles.flatMap(({ text }, at) => (text === '' ? [] : `${columnLetter(at)} ${text}`))
  const examples = missing.map((role, at) => `${role}=${columnLetter(at)}`).join(',')
  const instead = missing.includes('ground') ? ', or give one ground for all with --ground a' : ''
  throw new SheetError(
    `no column found for the ${missing.map(role => WHAT[role]).join(', the ')}. Name it by letter or ` +
      `title, as in --columns ${examples}${instead}. The columns are: ${known.join(', ') || 'without titles'}`,
  )
}
