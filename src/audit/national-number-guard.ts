import { AuditError } from './errors.ts'

// Written as one piece, or with the usual dots and hyphen. Letters around it make it part of an id.
const CANDIDATE = /(?<![0-9A-Za-z])(\d{2})\.?(\d{2})\.?(\d{2})-?(\d{3})\.?(\d{2})(?![0-9A-Za-z])/g

/**
 * The last guard of the log, which cannot forget: whatever looks like a national number with a
 * correct check number is refused, also where its date is impossible.
 * @throws AuditError `entry-holds-national-number`
 */
export function assertNoNationalNumber(text: string): void {
  for (const [, ...groups] of text.matchAll(CANDIDATE)) {
    const base = Number(groups.slice(0, 4).join(''))
    const check = Number(groups[4])
    // Born from 2000 on, a 2 goes before the nine digits.
    if (97 - (base % 97) === check || 97 - ((2_000_000_000 + base) % 97) === check)
      throw new AuditError('entry-holds-national-number', 'the entry holds a national number')
  }
}
