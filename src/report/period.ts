/** A calendar quarter, `2026-Q1`. */
export type Quarter = `${number}-Q${number}`

const FORM = /^(\d{4})-Q([1-4])$/

/** Whether a text is a quarter. */
export function isQuarter(text: string): text is Quarter {
  return FORM.test(text)
}

/** The months of a quarter, `2026-01` to `2026-03`. */
export function monthsOf(quarter: Quarter): string[] {
  const [, year = '', number = ''] = FORM.exec(quarter) ?? []
  const first = (Number(number) - 1) * 3
  return [1, 2, 3].map(month => `${year}-${String(first + month).padStart(2, '0')}`)
}

/** The quarter of a day `YYYY-MM-DD`. */
export function quarterOf(day: string): Quarter {
  return `${Number(day.slice(0, 4))}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`
}

/** The quarters that are over on a day, the newest first. */
export function endedQuarters(today: string, count: number): Quarter[] {
  let [year, quarter] = [Number(today.slice(0, 4)), Number(quarterOf(today).at(-1))]
  return Array.from({ length: count }, () => {
    quarter -= 1
    if (quarter === 0) [year, quarter] = [year - 1, 4]
    return `${year}-Q${quarter}` as const
  })
}

/** The quarter after or before one, by so many. */
export function quarterBeside(quarter: Quarter, by: number): Quarter {
  const [, year = '', number = ''] = FORM.exec(quarter) ?? []
  const at = 4 * Number(year) + Number(number) - 1 + by
  return `${Math.floor(at / 4)}-Q${(at % 4) + 1}` as Quarter
}

/** The quarters that lie within days, both included, and are over on a day; the oldest first. */
export function quartersWithin(from: string, until: string, today: string): Quarter[] {
  const years = Number(today.slice(0, 4)) - Number(from.slice(0, 4)) + 1
  return endedQuarters(today, Math.max(0, years * 4))
    .filter(quarter => {
      const [first = '', , last = ''] = monthsOf(quarter)
      return `${first}-01` >= from && lastDay(last) <= until
    })
    .reverse()
}

/** First and last day of a quarter. */
export function daysOf(quarter: Quarter): { from: string; until: string } {
  const [first = '', , last = ''] = monthsOf(quarter)
  return { from: `${first}-01`, until: lastDay(last) }
}

function lastDay(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10)
}
