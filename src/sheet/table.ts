/** What Excel made of what somebody typed: only text keeps leading zeros. */
export type CellKind = 'text' | 'number' | 'date'

export interface Cell {
  /** Trimmed; of a number as it is stored, of a date YYYY-MM-DD; empty where nothing is there. */
  text: string
  kind: CellKind
}

/** One sheet as it was read. Row n of it, as Excel numbers rows, is `rows[n - 1]`. */
export interface Sheet {
  /** Absent of a CSV file. */
  name?: string
  /** How the file was understood, such as `UTF-8, separator ;`. */
  format: string
  rows: Cell[][]
}

/** The file cannot be used as it is: the message says why and what to do, and quotes nothing of it. */
export class SheetError extends Error {
  override readonly name = 'SheetError'
}

export const EMPTY: Cell = { text: '', kind: 'text' }

/** More than the largest housing company has, twenty times over. */
export const MAX_ROWS = 200_000
export const MAX_FILE_BYTES = 50 * 1024 * 1024
/** Of a workbook once it is unpacked. */
export const MAX_UNPACKED_BYTES = 400 * 1024 * 1024

// No-break and zero-width spaces, which come along with what is copied from a web page.
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g
const SPACES = /[\s\u00a0\u202f]+/g
// ="0123" and '0123: how people keep Excel from reading a number.
const KEPT_AS_TEXT = /^(?:="([^"]*)"|'(.*))$/

/** A text cell without what cannot be seen and without the marks that keep it text. */
export function textCell(raw: string): Cell {
  const plain = raw.replace(INVISIBLE, '').replace(SPACES, ' ').trim()
  const kept = KEPT_AS_TEXT.exec(plain)
  return { text: (kept ? (kept[1] ?? kept[2] ?? '') : plain).trim(), kind: 'text' }
}

/** Whether a row has nothing in it. */
export function isEmptyRow(row: readonly Cell[]): boolean {
  return row.every(({ text }) => text === '')
}

/** A, B, … Z, AA: as Excel names columns. */
export function columnLetter(index: number): string {
  const rest = Math.floor(index / 26)
  const letter = String.fromCharCode(65 + (index % 26))
  return rest === 0 ? letter : columnLetter(rest - 1) + letter
}

/** The other way round; undefined where it is no column of Excel. */
export function columnIndex(letters: string): number | undefined {
  if (!/^[A-Z]{1,3}$/i.test(letters)) return undefined
  const value = [...letters.toUpperCase()].reduce((sum, it) => sum * 26 + it.charCodeAt(0) - 64, 0)
  return value - 1
}
