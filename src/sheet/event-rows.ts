import { isEvent } from '../client/event-types.ts'
import type { Envelope } from '../client/types.ts'
import { excelText } from './result.ts'

/** The titles of the file, in Dutch. The last names the row: what is there once is never added again. */
export const EVENT_TITLES = [
  'tijdstip (UTC)',
  'soort',
  'protocol',
  'kenmerk',
  'wat',
  'datum',
  'toelichting',
  'opvolging',
  'bericht',
] as const

/** One line of the file. */
export interface EventRow {
  id: string
  cells: string[]
}

interface Told {
  kind: string
  reference?: string
  what?: string
  date?: string
  note?: string
  /** What progress is reported with. */
  feedbackId?: string
}

const REACHABILITY = { 'hard-to-reach': 'moeilijk bereikbaar', 'not-reached': 'niet bereikt' }
const FOUND = { found: 'gevonden bij VDAB', 'not-found': 'niet gevonden bij VDAB' }
const STATUS = { open: 'nog niet opgenomen', 'taken-up': 'opgenomen, nog niet afgesloten' }

/** The lines of one event, in Dutch: one, or one for each tenant of an answer per person. */
export function rowsOfEvent(event: Envelope): EventRow[] {
  const told = toldOf(event)
  return told.map((it, index) => ({
    id: told.length === 1 ? event.id : `${event.id}.${index + 1}`,
    cells: [
      event.time.slice(0, 19).replace('T', ' '),
      it.kind,
      String(event.data['protocol'] ?? ''),
      excelText(it.reference ?? ''),
      it.what ?? '',
      it.date ?? '',
      // What another party wrote must not become a formula.
      (it.note ?? '').replace(/^[=+\-@\t\r]/, "'$&"),
      it.feedbackId ?? '',
      told.length === 1 ? event.id : `${event.id}.${index + 1}`,
    ],
  }))
}

function toldOf(event: Envelope): Told[] {
  if (isEvent(event, 'be.huisbrug.feedback.reachability')) {
    const { tenantRef: reference, reachability, establishedOn: date, feedbackId } = event.data
    return [
      { kind: 'terugkoppeling', reference, what: REACHABILITY[reachability], date, feedbackId },
    ]
  }
  if (isEvent(event, 'be.huisbrug.feedback.overdue')) {
    const { tenantRef, status, dueOn: date, feedbackId } = event.data
    const reference = tenantRef ?? ''
    return [{ kind: 'opvolging te laat', reference, what: STATUS[status], date, feedbackId }]
  }
  if (isEvent(event, 'be.huisbrug.detection.answered')) return answersOf(event.data)
  return [noticeOf(event)]
}

function answersOf(data: object): Told[] {
  const kind = 'antwoord op opsporing'
  const { results, period, tenants, found } = data as {
    results?: { tenantRef: string; result: keyof typeof FOUND }[]
    period?: string
    tenants?: number
    found?: number | null
  }
  if (results && results.length > 0)
    return results.map(({ tenantRef, result }) => ({
      kind,
      reference: tenantRef,
      what: FOUND[result],
      note: 'Niet gevonden betekent niet: niet ingeschreven.',
    }))
  const what = found === null || found === undefined ? 'niet getoond' : `ongeveer ${found}`
  return [
    { kind, what, note: `Van ${tenants ?? 0} huurders in ${period ?? ''} bij VDAB gevonden.` },
  ]
}

function noticeOf(event: Envelope): Told {
  if (isEvent(event, 'be.huisbrug.interaction.expired')) {
    const { expiredAt, messageId } = event.data
    const note = `Er kwam op tijd geen antwoord op ${messageId}.`
    return { kind: 'geen antwoord', date: expiredAt.slice(0, 10), note }
  }
  if (isEvent(event, 'be.huisbrug.protocol.suspended'))
    return { kind: 'protocol opgeschort', note: event.data.reason ?? '' }
  if (isEvent(event, 'be.huisbrug.protocol.resumed')) return { kind: 'protocol hervat' }
  if (isEvent(event, 'be.huisbrug.test')) return { kind: 'test', note: event.data.note }
  // Taken over whole: once it is acknowledged, the gateway may erase it.
  return { kind: event.type, note: JSON.stringify(event.data) }
}
