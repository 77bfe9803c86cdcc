import type { Agreement, DataElement, Protocol } from '../document.ts'
import type { Remark } from '../finding.ts'
import { broken, unless } from './rules.ts'

const REVIEW_WITHIN_YEARS = 3

/** Dates of the document against each other; never against today. Pure. */
export function lintDuration({ duration }: Protocol): Remark[] {
  const { from, until, reviewOn } = duration
  const path = 'duration.reviewOn'
  return [
    ...unless(until === null || until >= from, 'ends-before-start', 'duration.until'),
    ...unless(reviewOn <= laterBy(from, REVIEW_WITHIN_YEARS), 'late-review', path),
    // An end before the start has a finding of its own.
    ...unless(
      reviewOn > from && !(until !== null && until >= from && reviewOn > until),
      'review-outside',
      path,
    ),
  ]
}

function laterBy(day: string, years: number): string {
  return `${String(Number(day.slice(0, 4)) + years).padStart(4, '0')}${day.slice(4)}`
}

/** How long things are kept, and whether the words agree with what the gateway does. Pure. */
export function lintRetention(document: Agreement): Remark[] {
  const { routeRetentionDays, answerWindowDays, daysToOverdue } = document.modalities
  const enough = routeRetentionDays >= Math.max(answerWindowDays, daysToOverdue)
  return [
    ...unless(enough, 'route-too-short', 'modalities.routeRetentionDays'),
    ...document.dataElements.flatMap(element => lintWords(document, element)),
  ]
}

/** Two forms of words can be told reliably: days after the latest month, and after the delivery. */
function lintWords({ modalities }: Agreement, { id, retention }: DataElement): Remark[] {
  const days = (form: RegExp) => form.exec(retention.period)?.[1]
  const said: [string | undefined, number][] = [
    [days(/\b(\d+) dagen na de laatste maand\b/i), modalities.routeRetentionDays],
    [days(/\b(\d+) dagen na de (?:afgifte|aflevering)\b/i), modalities.payloadRetentionDays],
  ]
  return said.flatMap(([text, done]) => {
    if (text === undefined || Number(text) === done) return []
    const words = `the words say ${Number(text)} days, the modalities ${done}`
    return [broken('retention-differs', `dataElements[${id}].retention.period`, words)]
  })
}
