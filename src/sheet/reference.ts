import { containsNationalNumber } from '../pseudonym/national-number.ts'
import type { FaultCode } from './faults.ts'
import { CELL_ERROR, SCIENTIFIC } from './national-number.ts'
import type { Cell } from './table.ts'

const ALLOWED = /^[A-Za-z0-9._-]+$/
const LONGEST = 64

/**
 * Reads the own reference of a tenant.
 * @param today YYYY-MM-DD
 */
export function readReference(
  { text, kind }: Cell,
  today: string,
): { reference: string } | { fault: FaultCode } {
  const fault = (code: FaultCode) => ({ fault: code })
  if (text === '') return fault('reference-missing')
  if (kind === 'date') return fault('reference-date')
  if (CELL_ERROR.test(text)) return fault('formula-error')
  if (text.startsWith('=')) return fault('formula')
  if (SCIENTIFIC.test(text) && /[.,+]/.test(text)) return fault('reference-scientific')
  if (containsNationalNumber(text, today)) return fault('reference-number')
  if (!ALLOWED.test(text)) return fault('reference-characters')
  return text.length > LONGEST ? fault('reference-length') : { reference: text }
}
