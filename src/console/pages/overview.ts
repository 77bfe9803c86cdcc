import { type Balance, readBalances } from '../../exchange/conservation.ts'
import { type FollowUp, readFollowUp } from '../../exchange/follow-up.ts'
import { layOutBars } from '../chart.ts'
import type { ConsoleDeps } from '../deps.ts'
import { format } from '../format.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { type LogState, readLogState } from '../reads/evidence.ts'
import {
  type Hour,
  readContests,
  readHours,
  readOpenExceptions,
  readWaiting,
  type Waiting,
} from '../reads/overview.ts'
import { type ProtocolLine, protocolLines } from '../reads/protocols.ts'
import { texts } from '../texts/index.ts'
import type { Tone } from '../tone.ts'
import { oldestParked } from './parked.ts'

const COLUMNS = [
  'received',
  'accepted',
  'refused',
  'delivered',
  'pending',
  'parked',
  'expired',
  'withdrawn',
] as const

/** /console: is all well? */
export const overviewPage: Page = {
  method: 'get',
  path: '/',
  operation: 'overview:read',
  nav: 'overview',
  answer: drawOverview,
}

async function drawOverview(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { pool } = deps
  const today = request.at.toISOString().slice(0, 10)
  const [balances, waiting, exceptions, contests, log, hours, followUp, parked] = await Promise.all(
    [
      readBalances(pool, { from: today, until: today }),
      readWaiting(pool),
      readOpenExceptions(pool),
      readContests(pool, request.at),
      readLogState(pool),
      readHours(pool, request.at),
      readFollowUp(pool),
      oldestParked(deps, request),
    ],
  )
  const protocols = protocolLines(deps.protocols.current(), request.at)
  const exceptionCount = exceptions.reduce((total, { count }) => total + count, 0)
  const late = followUp.filter(({ overdue }) => overdue > 0)
  const points = pointsOf({ balances, waiting, exceptionCount, log, protocols, late })
  const model = {
    today,
    columns: COLUMNS,
    balances,
    waiting,
    exceptions,
    exceptionCount,
    contests,
    protocols,
    hours,
    late,
    parked,
  }
  return {
    view: 'overview',
    title: texts().overview.title,
    model: { ...model, ...log, ...chartOf(hours), verdict: verdictOf(points) },
  }
}

/** Something a person should look at, and where. */
export interface Point {
  tone: 'warn' | 'bad'
  text: string
  path: string
}

interface Figures {
  balances: readonly Balance[]
  waiting: Pick<Waiting, 'parked' | 'held'>
  exceptionCount: number
  log: LogState
  protocols: readonly Pick<ProtocolLine, 'id' | 'isBroken' | 'isSuspended'>[]
  late?: readonly Pick<FollowUp, 'overdue'>[]
}

/** What is not as it should be, the gravest first (pure). */
export function pointsOf(figures: Figures): Point[] {
  const text = texts().overview.points
  const { waiting, exceptionCount, log } = figures
  const unbalanced = figures.balances.filter(balance => !balance.balanced)
  const broken = figures.protocols.filter(protocol => protocol.isBroken)
  const suspended = figures.protocols.filter(protocol => protocol.isSuspended)
  const late = log.pending.late
  const overdue = (figures.late ?? []).reduce((total, one) => total + one.overdue, 0)
  return [
    ...unbalanced.map(({ protocol }) => bad(text.unbalanced(protocol), '/berichten')),
    ...(late > 0 ? [bad(text.lateEntries(late, format.number(late)), '/controle')] : []),
    ...(log.checkpoint ? [] : [bad(text.noCheckpoint, '/controle')]),
    ...broken.map(({ id }) => bad(text.brokenProtocol(id), `/protocollen/${id}`)),
    ...suspended.map(({ id }) => warn(text.suspendedProtocol(id), `/protocollen/${id}`)),
    ...(waiting.parked > 0
      ? [warn(text.parked(waiting.parked), '/berichten?toestand=parked')]
      : []),
    ...(exceptionCount > 0 ? [warn(text.exceptions(exceptionCount), '#uitzonderingen')] : []),
    ...(overdue > 0
      ? [warn(text.overdue(overdue, format.number(overdue)), '#terugkoppeling')]
      : []),
    ...(waiting.held > 0 ? [warn(text.held(waiting.held), '/berichten?toestand=held')] : []),
  ]
}

function verdictOf(points: Point[]): { tone: Tone; points: Point[] } {
  if (points.length === 0) return { tone: 'good', points }
  return { tone: points.some(point => point.tone === 'bad') ? 'bad' : 'warn', points }
}

function chartOf(hours: readonly Hour[]): object {
  const accepted = hours.reduce((total, hour) => total + hour.accepted, 0)
  const refused = hours.reduce((total, hour) => total + hour.refused, 0)
  const columns = hours.map(hour => ({
    label: format.hour(hour.at),
    parts: [hour.accepted, hour.refused],
  }))
  const counts = [accepted + refused, accepted, refused].map(format.number) as [
    string,
    string,
    string,
  ]
  return { chart: layOutBars(columns), chartText: texts().overview.chart.description(...counts) }
}

function bad(text: string, path: string): Point {
  return { tone: 'bad', text, path }
}

function warn(text: string, path: string): Point {
  return { tone: 'warn', text, path }
}
