import { containsNationalNumber } from '../pseudonym/national-number.ts'

/** The longest reason that a person may give, in characters. */
export const MAX_REASON = 500

/**
 * Whether the words that a person gives as a reason may be kept: 1 to 500 characters, without a national
 * number.
 */
export function isGivenReason(reason: string, at: Date): boolean {
  const length = [...reason.trim()].length
  if (length === 0 || length > MAX_REASON) return false
  return !containsNationalNumber(reason, at.toISOString().slice(0, 10))
}
