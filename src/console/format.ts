const ZONE = 'Europe/Brussels'
const LOCALE = 'nl-BE'

const moment = new Intl.DateTimeFormat(LOCALE, {
  timeZone: ZONE,
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const day = new Intl.DateTimeFormat(LOCALE, {
  timeZone: ZONE,
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})
const hour = new Intl.DateTimeFormat(LOCALE, { timeZone: ZONE, hour: '2-digit', minute: '2-digit' })
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const decimal = new Intl.NumberFormat(LOCALE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const wallClock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: ZONE,
  dateStyle: 'short',
  timeStyle: 'medium',
})

const UNITS = [
  ['dag', 'dagen', 86_400_000],
  ['uur', 'uur', 3_600_000],
  ['min.', 'min.', 60_000],
] as const

/** Text for people: instants in Belgian time, numbers and durations in Dutch. */
export const format = {
  iso: (at: Date): string => at.toISOString(),
  moment: (at: Date): string => moment.format(at),
  hour: (at: Date): string => hour.format(at),
  number: (value: number): string => whole.format(value),
  /** A calendar day `YYYY-MM-DD`, or an instant, as a day in words. */
  day: (at: Date | string): string => day.format(typeof at === 'string' ? noon(at) : at),
  duration: formatDuration,
  /** How long ago: like a duration, in whole seconds. */
  age: (milliseconds: number): string =>
    milliseconds < 1000 ? 'minder dan een seconde' : formatDuration(milliseconds),
  short: (text: string, length = 16): string =>
    text.length > length ? `${text.slice(0, length)}…` : text,
}

export type Format = typeof format

/** Milliseconds as the one or two largest units: "850 ms", "4,2 s", "3 min. 5 s", "2 dagen 4 uur". */
export function formatDuration(milliseconds: number): string {
  const span = Math.max(0, milliseconds)
  if (span < 1000) return `${Math.round(span)} ms`
  if (span < 60_000) return `${decimal.format(Math.floor(span / 100) / 10)} s`
  const parts: string[] = []
  let rest = span
  for (const [one, many, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${whole.format(count)} ${count === 1 ? one : many}`)
  }
  const seconds = Math.floor(rest / 1000)
  if (seconds > 0) parts.push(`${seconds} s`)
  return parts.slice(0, 2).join(' ')
}

/**
 * The instant at which a calendar day begins in Belgium.
 * @returns undefined where `text` is not a date that exists, as `YYYY-MM-DD`
 */
export function startOfDay(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const guess = new Date(`${text}T00:00:00Z`)
  if (Number.isNaN(guess.getTime()) || guess.toISOString().slice(0, 10) !== text) return undefined
  return new Date(guess.getTime() - offsetAt(new Date(guess.getTime() - offsetAt(guess))))
}

/** The start of the calendar day after `text` in Belgium: the end of a range that includes it. */
export function endOfDay(text: string): Date | undefined {
  const start = startOfDay(text)
  if (!start) return undefined
  const next = new Date(`${text}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return startOfDay(next.toISOString().slice(0, 10))
}

/** Milliseconds by which Belgian clocks are ahead of UTC at that instant. */
function offsetAt(at: Date): number {
  const local = Date.parse(`${wallClock.format(at).replace(' ', 'T')}Z`)
  return local - Math.floor(at.getTime() / 1000) * 1000
}

function noon(text: string): Date {
  return new Date(`${text.slice(0, 10)}T12:00:00Z`)
}
