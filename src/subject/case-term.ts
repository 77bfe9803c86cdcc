const DAY_MS = 86_400_000
// The first day on which anybody could ask.
const GDPR_FROM = '2018-05-25'

const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels', dateStyle: 'short' })

/** The calendar day of an instant in Belgium, `YYYY-MM-DD`. */
export function dayIn(at: Date): string {
  return day.format(at)
}

/** Whether a text is a day on which a request can have come: one that exists, not after today. Pure. */
export function isReceivedOn(text: string, at: Date): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const read = new Date(`${text}T00:00:00Z`)
  const exists = !Number.isNaN(read.getTime()) && read.toISOString().startsWith(text)
  return exists && text >= GDPR_FROM && text <= dayIn(at)
}

/**
 * The last day of a term of months from a day: the same day of that month, or its last day where that
 * does not exist (Regulation 1182/71, art. 3). A weekend or holiday is not left out: never too late.
 * Pure.
 * @param from `YYYY-MM-DD`
 */
export function dueOn(from: string, months: number): string {
  const [year = 0, month = 1, date = 1] = from.split('-').map(Number)
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last)))
    .toISOString()
    .slice(0, 10)
}

/** Days from today until a day, in Belgium; negative once it is past. Pure. */
export function daysLeft(until: string, at: Date): number {
  return Math.round((Date.parse(until) - Date.parse(dayIn(at))) / DAY_MS)
}
