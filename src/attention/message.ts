import type { Severity } from '../config-attention.ts'
import type { Language } from '../language.ts'
import { type AttentionKind, KINDS } from './kinds.ts'
import { WORDS } from './words.ts'

/** One thing that is told. */
export interface Point {
  kind: AttentionKind
  about: string
  severity: Severity
  count: number
  since: Date
  ended: boolean
}

interface Place {
  language: Language
  publicUrl: string
}

/** The sentence of a point (pure). */
export function sentenceOf({ kind, count, about }: Point, language: Language): string {
  return WORDS[language].kinds[kind](count, about)
}

/** The page of the console that shows what a kind is about. */
export function linkOf(kind: AttentionKind, publicUrl: string): string {
  return `${publicUrl.replace(/\/$/, '')}/console${KINDS[kind].path}`
}

/** The subject and the plain text of a mail about all points; a mail without points is a test (pure). */
export function mailOf(
  points: readonly Point[],
  { language, publicUrl }: Place,
): { subject: string; text: string } {
  const words = WORDS[language]
  const alarms = points.filter(({ severity }) => severity === 'alarm').length
  const isTest = points.length === 0
  const all = [words.all, `${publicUrl.replace(/\/$/, '')}/console/aandacht`].join(' ')
  const blocks = points.map(point => blockOf(point, { language, publicUrl }))
  return {
    subject: isTest ? words.testSubject : words.subject(alarms, points.length - alarms),
    text: `${[isTest ? words.test : words.lead, ...blocks, all, words.why].join('\n\n')}\n`,
  }
}

function blockOf(point: Point, { language, publicUrl }: Place): string {
  const words = WORDS[language]
  const moment = new Intl.DateTimeFormat(language === 'nl' ? 'nl-BE' : 'en-GB', {
    timeZone: 'Europe/Brussels',
    dateStyle: 'long',
    timeStyle: 'short',
  })
  const told = [words.since(moment.format(point.since)), ...(point.ended ? [words.ended] : [])]
  return [
    `${words.severities[point.severity]}: ${sentenceOf(point, language)}`,
    told.join(' '),
    `${words.look} ${linkOf(point.kind, publicUrl)}`,
  ].join('\n')
}

/** The body of the call of the webhook: an envelope of CloudEvents 1.0 (pure). */
export function eventOf(
  id: string,
  points: readonly Point[],
  { language, publicUrl }: Place,
  at: Date,
): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: publicUrl,
    type: points.length === 0 ? 'be.huisbrug.attention.test' : 'be.huisbrug.attention',
    time: at.toISOString(),
    datacontenttype: 'application/json',
    data: {
      points: points.map(point => ({
        kind: point.kind,
        severity: point.severity,
        about: point.about,
        count: point.count,
        since: point.since.toISOString(),
        ended: point.ended,
        text: sentenceOf(point, language),
        link: linkOf(point.kind, publicUrl),
      })),
    },
  })
}
