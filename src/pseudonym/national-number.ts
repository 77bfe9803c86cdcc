const DISPLAY_FORM = /^(\d{2})\.(\d{2})\.(\d{2})-(\d{3})\.(\d{2})$/
const ELEVEN_DIGITS = /^\d{11}$/
// One or two characters of punctuation or space may stand between digits of one number.
const CONNECTED_DIGITS = /\d+(?:[^\p{L}\p{N}]{1,2}\d+)*/gu

/**
 * Reads a national register or BIS number: eleven digits, or the display form 85.07.30-033.28.
 * Age and sex are not to be read from it.
 * @param today the current UTC date, YYYY-MM-DD: a birth year after it is not valid
 * @returns eleven digits, or undefined where the number is not valid
 */
export function parseNationalNumber(text: string, today: string): string | undefined {
  const digits = text.replace(DISPLAY_FORM, '$1$2$3$4$5')
  return ELEVEN_DIGITS.test(digits) && isValid(digits, Number(today.slice(0, 4)))
    ? digits
    : undefined
}

/**
 * Whether a text holds a valid national number: eleven digits bounded by non-digits, or groups of
 * digits, eleven in all, with punctuation or space between (the display form and its variations).
 */
export function containsNationalNumber(text: string, today: string): boolean {
  for (const [run] of text.matchAll(CONNECTED_DIGITS)) {
    if (run.length >= 11 && groupsHoldNumber(run.match(/\d+/g) ?? [], today)) return true
  }
  return false
}

function groupsHoldNumber(groups: readonly string[], today: string): boolean {
  return groups.some((_, start) => {
    let digits = ''
    for (let end = start; end < groups.length && digits.length < 11; end++) digits += groups[end]
    return parseNationalNumber(digits, today) !== undefined
  })
}

function isValid(digits: string, currentYear: number): boolean {
  const birthYear = birthYearOf(digits)
  if (birthYear === undefined || birthYear > currentYear) return false
  const serial = Number(digits.slice(6, 9))
  const month = calendarMonth(Number(digits.slice(2, 4)))
  const day = Number(digits.slice(4, 6))
  return serial >= 1 && serial <= 998 && month !== undefined && dayExists(birthYear, month, day)
}

// The check digits fix the century: 2,000,000,000 is no multiple of 97, so the two never agree.
function birthYearOf(digits: string): number | undefined {
  const base = Number(digits.slice(0, 9))
  const check = Number(digits.slice(9))
  const yearInCentury = Number(digits.slice(0, 2))
  if (check === 97 - (base % 97)) return 1900 + yearInCentury
  if (check === 97 - ((2_000_000_000 + base) % 97)) return 2000 + yearInCentury
  return undefined
}

// Month + 20: BIS number, sex unknown; + 40: BIS number, sex known. 0: month unknown.
function calendarMonth(month: number): number | undefined {
  const shift = [0, 20, 40].find(step => month >= step && month <= step + 12)
  return shift === undefined ? undefined : month - shift
}

// Day 0: unknown. In month 0 the day is a counter once the numbers of the year are used up.
function dayExists(year: number, month: number, day: number): boolean {
  return month === 0 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}
