import type { Language } from '../language.ts'
import { language } from './language.ts'

const ZONE = 'Europe/Brussels'

/** How a language writes instants, numbers and units of time. */
interface Manner {
  moment: Intl.DateTimeFormat
  day: Intl.DateTimeFormat
  hour: Intl.DateTimeFormat
  whole: Intl.NumberFormat
  decimal: Intl.NumberFormat
  units: readonly (readonly [one: string, many: string, milliseconds: number])[]
  /** What is shorter than a second. */
  instant: string
}

const MANNERS: Record<Language, Manner> = {
  nl: {
    ...mannerOf('nl-BE'),
    units: [
      ['dag', 'dagen', 86_400_000],
      ['uur', 'uur', 3_600_000],
      ['min.', 'min.', 60_000],
    ],
    instant: 'minder dan een seconde',
  },
  en: {
    ...mannerOf('en-GB'),
    units: [
      ['day', 'days', 86_400_000],
      ['h', 'h', 3_600_000],
      ['min', 'min', 60_000],
    ],
    instant: 'less than a second',
  },
}

function mannerOf(locale: string): Omit<Manner, 'units' | 'instant'> {
  const date = { timeZone: ZONE, day: 'numeric', year: 'numeric' } as const
  const time = { hour: '2-digit', minute: '2-digit' } as const
  return {
    moment: new Intl.DateTimeFormat(locale, {
      ...date,
      month: 'short',
      ...time,
      second: '2-digit',
    }),
    day: new Intl.DateTimeFormat(locale, { ...date, month: 'long' }),
    hour: new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...time }),
    whole: new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }),
    decimal: new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  }
}

const manner = (): Manner => MANNERS[language()]

const wallClock = new Intl.DateTimeFormat('sv-SE', {
  timeZone: ZONE,
  dateStyle: 'short',
  timeStyle: 'medium',
})

/** Text for people: instants in Belgian time, all in the language of the page being drawn. */
export const format = {
  iso: (at: Date): string => at.toISOString(),
  moment: (at: Date): string => manner().moment.format(at),
  hour: (at: Date): string => manner().hour.format(at),
  number: (value: number): string => manner().whole.format(value),
  /** A calendar day `YYYY-MM-DD`, or an instant, as a day in words. */
  day: (at: Date | string): string => manner().day.format(typeof at === 'string' ? noon(at) : at),
  duration: formatDuration,
  /** How long ago: like a duration, in whole seconds. */
  age: (milliseconds: number): string =>
    milliseconds < 1000 ? manner().instant : formatDuration(milliseconds),
  short: (text: string, length = 16): string =>
    text.length > length ? `${text.slice(0, length)}…` : text,
}

export type Format = typeof format

/** Milliseconds as the one or two largest units: "850 ms", "4,2 s", "3 min. 5 s", "2 dagen 4 uur". */
export function formatDuration(milliseconds: number): string {
  const span = Math.max(0, milliseconds)
  const { decimal, whole, units } = manner()
  if (span < 1000) return `${Math.round(span)} ms`
  if (span < 60_000) return `${decimal.format(Math.floor(span / 100) / 10)} s`
  const parts: string[] = []
  let rest = span
  for (const [one, many, size] of units) {
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
