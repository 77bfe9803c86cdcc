/** Which births a synthetic number is drawn from. */
export type NumberClass = 'working-age' | 'any-age'

interface Space {
  firstDay: number
  days: number
  /** Serials of one class start here, so that two classes never give the same number. */
  firstSerial: number
}

const DAY_MS = 86_400_000
const SERIALS = 499

const SPACES: Record<NumberClass, Space> = {
  'working-age': space('1962-01-01', '2006-12-31', 1),
  'any-age': space('1936-01-01', '2006-12-31', 500),
}

/** How many different numbers one class has, at least. */
export const NUMBERS_PER_CLASS = SPACES['working-age'].days * SERIALS

/**
 * A valid national register number for a synthetic person. Another index below NUMBERS_PER_CLASS,
 * or another class, gives another number: an affine permutation of all birth days and serials.
 * @param index which person, from 0
 * @param offset where this seed starts, a whole number from 0
 */
export function syntheticNumber(numberClass: NumberClass, index: number, offset: number): string {
  const { firstDay, days, firstSerial } = SPACES[numberClass]
  const size = days * SERIALS
  // The step is a prime larger than any factor of the size, so no two indexes meet.
  const place = Number((BigInt(index) * 7_368_787n + BigInt(offset)) % BigInt(size))
  const born = new Date(firstDay + Math.floor(place / SERIALS) * DAY_MS)
  const serial = firstSerial + (place % SERIALS)
  return withCheckDigits(born, serial)
}

// YYMMDD SSS CC: 97 - (nine digits mod 97), with 2 in front of the nine for births from 2000 on.
function withCheckDigits(born: Date, serial: number): string {
  const date = born.toISOString().slice(2, 10).replaceAll('-', '')
  const base = `${date}${String(serial).padStart(3, '0')}`
  const counted = born.getUTCFullYear() < 2000 ? Number(base) : 2_000_000_000 + Number(base)
  return `${base}${String(97 - (counted % 97)).padStart(2, '0')}`
}

function space(from: string, until: string, firstSerial: number): Space {
  const firstDay = Date.parse(from)
  return { firstDay, days: (Date.parse(until) - firstDay) / DAY_MS + 1, firstSerial }
}
