import type { CalendarLevel } from './types.ts'

const FORMS: readonly [CalendarLevel, RegExp][] = [
  ['month', /^\d{4}-(0[1-9]|1[0-2])$/],
  ['quarter', /^\d{4}-Q[1-4]$/],
  ['year', /^\d{4}$/],
]

/** Month (`2026-01`), quarter (`2026-Q1`) or year (`2026`); undefined where it is none. */
export function levelOf(code: string): CalendarLevel | undefined {
  return FORMS.find(([, form]) => form.test(code))?.[0]
}

/** The months of a period, in order. */
export function monthsOf(period: string): string[] {
  const level = levelOf(period)
  if (level === 'month') return [period]
  const year = period.slice(0, 4)
  const [first, count] = level === 'quarter' ? [3 * Number(period.slice(6)) - 2, 3] : [1, 12]
  return Array.from({ length: count }, (_, at) => `${year}-${String(first + at).padStart(2, '0')}`)
}

/** A month with the quarter and the year it is part of. */
export function coversOfMonth(month: string): string[] {
  const year = month.slice(0, 4)
  return [month, `${year}-Q${Math.ceil(Number(month.slice(5)) / 3)}`, year]
}

/** The codes within a period, itself among them, at these levels. */
export function codesWithin(period: string, levels: readonly CalendarLevel[]): string[] {
  const months = monthsOf(period)
  const all = new Set(months.flatMap(coversOfMonth))
  return [...all].filter(code => {
    const level = levelOf(code)
    return (
      level !== undefined &&
      levels.includes(level) &&
      monthsOf(code).every(it => months.includes(it))
    )
  })
}

/** The first instant after a period (UTC). */
export function endOf(period: string): Date {
  const [year = 0, month = 0] = (monthsOf(period).at(-1) ?? '').split('-').map(Number)
  return new Date(Date.UTC(year, month, 1))
}
