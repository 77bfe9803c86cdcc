import type { AttentionKind } from '../attention/kinds.ts'
import { sentenceOf } from '../attention/message.ts'
import type { Severity } from '../config-attention.ts'
import type { Balance } from '../exchange/conservation.ts'
import type { FollowUp } from '../exchange/follow-up.ts'
import { format } from './format.ts'
import { language } from './language.ts'
import type { LogState } from './reads/evidence.ts'
import type { Waiting } from './reads/overview.ts'
import type { ProtocolLine } from './reads/protocols.ts'
import type { Review } from './reads/reviews.ts'
import { texts } from './texts/index.ts'
import type { Tone } from './tone.ts'

/** Something a person should look at, and where. */
export interface Point {
  tone: 'warn' | 'bad'
  text: string
  path: string
}

/** What is noted for attention and still lasts. */
export interface Noted {
  kind: AttentionKind
  about: string
  severity: Severity
  count: number
  since: Date
}

// What the overview does not see by itself; the other kinds have a point of their own.
const ELSEWHERE: ReadonlySet<AttentionKind> = new Set([
  'disclosures-stopped',
  'log-rolled-back',
  'probe-late',
  'protocol-ended',
  'protocol-ending',
  'timestamps-failing',
  'calls-failing',
  'webhook-failing',
  'party-keys-ending',
  'access-refused',
])

/** What the points are made from. */
export interface Figures {
  balances: readonly Balance[]
  waiting: Pick<Waiting, 'parked' | 'held'>
  exceptionCount: number
  log: LogState
  protocols: readonly Pick<ProtocolLine, 'id' | 'isBroken' | 'isSuspended'>[]
  late?: readonly Pick<FollowUp, 'overdue'>[]
  reviews?: readonly Pick<Review, 'id' | 'on' | 'isOver'>[]
  /** Requests of persons that are past their day, and those due within a week. */
  due?: { overdue: number; soon: number }
  vouching?: { missingSince: Date | undefined; alarms: readonly string[] }
  /** What lasts of what somebody is to be woken for. */
  attention?: readonly Noted[]
}

/** What is not as it should be, the gravest first (pure but for the language of the page). */
export function pointsOf(figures: Figures): Point[] {
  return [...badPoints(figures), ...warnPoints(figures)]
}

/** The points under the gravest of their tones. */
export function verdictOf(points: Point[]): { tone: Tone; points: Point[] } {
  if (points.length === 0) return { tone: 'good', points }
  return { tone: points.some(point => point.tone === 'bad') ? 'bad' : 'warn', points }
}

function badPoints({ balances, log, protocols, due, vouching, attention }: Figures): Point[] {
  const text = texts().overview.points
  const late = log.pending.late
  const unbalanced = balances.filter(balance => !balance.balanced)
  const broken = protocols.filter(protocol => protocol.isBroken)
  return [
    ...unbalanced.map(({ protocol }) => bad(text.unbalanced(protocol), '/berichten')),
    ...(vouching?.alarms ?? []).map(name => bad(text.witnessAlarm(name), '/integriteit')),
    ...(late > 0 ? [bad(text.lateEntries(late, format.number(late)), '/controle')] : []),
    ...(log.checkpoint ? [] : [bad(text.noCheckpoint, '/controle')]),
    ...(due && due.overdue > 0
      ? [bad(text.requestsOverdue(due.overdue, format.number(due.overdue)), '/inzage')]
      : []),
    ...broken.map(({ id }) => bad(text.brokenProtocol(id), `/protocollen/${id}`)),
    ...notedOf(attention, 'alarm').map(said => bad(said, ATTENTION)),
  ]
}

function warnPoints(figures: Figures): Point[] {
  const text = texts().overview.points
  const { waiting, exceptionCount, protocols, reviews = [], late = [], due, vouching } = figures
  const suspended = protocols.filter(protocol => protocol.isSuspended)
  const overdue = late.reduce((total, one) => total + one.overdue, 0)
  return [
    ...suspended.map(({ id }) => warn(text.suspendedProtocol(id), `/protocollen/${id}`)),
    ...(vouching?.missingSince ? [warn(text.witnessMissing, '/integriteit')] : []),
    ...(waiting.parked > 0
      ? [warn(text.parked(waiting.parked), '/berichten?toestand=parked')]
      : []),
    ...(exceptionCount > 0
      ? [warn(text.exceptions(exceptionCount), '/uitzonderingen?toestand=unseen')]
      : []),
    ...(overdue > 0
      ? [warn(text.overdue(overdue, format.number(overdue)), '/terugkoppeling')]
      : []),
    ...(due && due.soon > 0
      ? [warn(text.requestsSoon(due.soon, format.number(due.soon)), '/inzage')]
      : []),
    ...notedOf(figures.attention, 'warning').map(said => warn(said, ATTENTION)),
    ...(waiting.held > 0 ? [warn(text.held(waiting.held), '/berichten?toestand=held')] : []),
    ...reviews.map(({ id, on, isOver }) =>
      warn(
        isOver ? text.reviewOver(id, format.day(on)) : text.reviewSoon(id, format.day(on)),
        `/protocollen/${id}`,
      ),
    ),
  ]
}

const ATTENTION = '/aandacht'

function notedOf(noted: readonly Noted[] = [], severity: Severity): string[] {
  return noted
    .filter(one => one.severity === severity && ELSEWHERE.has(one.kind))
    .map(one => sentenceOf({ ...one, ended: false }, language()))
}

function bad(text: string, path: string): Point {
  return { tone: 'bad', text, path }
}

function warn(text: string, path: string): Point {
  return { tone: 'warn', text, path }
}
