import { parseNationalNumber } from '../pseudonym/national-number.ts'
import type { FaultCode } from './faults.ts'
import type { Cell } from './table.ts'

/** Eleven digits, or what is wrong. */
export type ReadNumber = { number: string } | { fault: FaultCode }

export const SCIENTIFIC = /^[+-]?\d+([.,]\d+)?E\+?\d+$/i
export const CELL_ERROR =
  /^#(N\/A|N\/B|NB|REF|VERW|VALUE|WAARDE|NAME|NAAM|DIV\/0|DEEL\/0|NUM|GETAL|NULL|LEEG)[!?]?$/i
const SEPARATORS = /[\s.\-/–—_]/g
const LOST_DIGITS = /0{5}$/
const LENGTH = 11
const FEWEST = 7

/**
 * Reads a national register or BIS number as people write it: with points, dashes, spaces or none. What
 * Excel did to it is told apart from what is wrong with the number.
 * @param today YYYY-MM-DD
 * @param restoreZeros whether the zeros that Excel took away in front are put back
 */
export function readNationalNumber(cell: Cell, today: string, restoreZeros: boolean): ReadNumber {
  const { text, kind } = cell
  if (text === '') return { fault: 'number-missing' }
  if (kind === 'date') return { fault: 'number-date' }
  if (CELL_ERROR.test(text)) return { fault: 'formula-error' }
  if (text.startsWith('=')) return { fault: 'formula' }
  if (SCIENTIFIC.test(text)) return { fault: 'number-scientific' }
  const digits = text.replace(SEPARATORS, '')
  if (!/^\d+$/.test(digits)) return { fault: 'number-characters' }
  const number = parseNationalNumber(digits, today)
  if (number) return { number }
  if (kind === 'number' && LOST_DIGITS.test(digits)) return { fault: 'number-scientific' }
  return digits.length === LENGTH
    ? { fault: faultOf(digits) }
    : shorter(digits, today, restoreZeros)
}

// Only the check digits tell a number that lost its zeros from one with a digit too few: a person decides.
function shorter(digits: string, today: string, restoreZeros: boolean): ReadNumber {
  if (digits.length > LENGTH || digits.length < FEWEST) return { fault: 'number-length' }
  const number = parseNationalNumber(digits.padStart(LENGTH, '0'), today)
  if (!number) return { fault: 'number-length' }
  return restoreZeros ? { number } : { fault: 'number-zeros' }
}

// Before or from 2000 on: one of the two remainders.
function faultOf(digits: string): FaultCode {
  const base = Number(digits.slice(0, 9))
  const check = Number(digits.slice(9))
  const fits = [base, 2_000_000_000 + base].some(it => check === 97 - (it % 97))
  return fits ? 'number-birth' : 'number-check'
}
