import { containsNationalNumber } from '../pseudonym/national-number.ts'

/** The longest reason that a person may give, in characters. */
export const MAX_REASON = 500

/**
 * What is wrong with the words that a person gives as a reason: they may be kept with 1 to 500 characters
 * and without a national number.
 */
export function faultOfReason(reason: string, at: Date): 'empty' | 'long' | 'number' | undefined {
  const length = [...reason.trim()].length
  if (length === 0) return 'empty'
  if (length > MAX_REASON) return 'long'
  return containsNationalNumber(reason, at.toISOString().slice(0, 10)) ? 'number' : undefined
}

/** Whether the words that a person gives as a reason may be kept. */
export function isGivenReason(reason: string, at: Date): boolean {
  return faultOfReason(reason, at) === undefined
}
