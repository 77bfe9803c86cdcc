import { containsNationalNumber } from '../pseudonym/national-number.ts'

/** The longest reason that a person may give, in characters. */
export const MAX_REASON = 500

// What cannot be seen, or turns the direction of what follows: the words would read otherwise than they are.
const HIDDEN = /[^\P{Cc}\t\r\n]|[\u202a-\u202e\u2066-\u2069]/u

/**
 * What is wrong with the words that a person gives as a reason: they may be kept with 1 to 500 characters,
 * none of them hidden, and without a national number.
 */
export function faultOfReason(
  reason: string,
  at: Date,
): 'empty' | 'long' | 'hidden' | 'number' | undefined {
  const length = [...reason.trim()].length
  if (length === 0) return 'empty'
  if (length > MAX_REASON) return 'long'
  if (HIDDEN.test(reason) || !reason.isWellFormed()) return 'hidden'
  return containsNationalNumber(reason, at.toISOString().slice(0, 10)) ? 'number' : undefined
}

/** Whether the words that a person gives as a reason may be kept. */
export function isGivenReason(reason: string, at: Date): boolean {
  return faultOfReason(reason, at) === undefined
}
