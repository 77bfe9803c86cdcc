import { mayPerson } from '../../access/operations.ts'
import { isWithin, partyOf, type Scope } from '../../access/scope.ts'
import { listAttention } from '../../attention/list.ts'
import { readStampState } from '../../audit/timestamp-store.ts'
import { readPublishing, readStandings } from '../../audit/witness-store.ts'
import { type Balance, readBalances } from '../../exchange/conservation.ts'
import { countUnseen } from '../../exchange/exceptions.ts'
import { readFollowUp } from '../../exchange/follow-up.ts'
import { readQuotas } from '../../exchange/quotas.ts'
import { countDue } from '../../subject/case.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { pointsOf, verdictOf } from '../points.ts'
import { readLogState } from '../reads/evidence.ts'
import { NO_CODE, PERIODS, type RefusalLine, readRefusals } from '../reads/figures.ts'
import { partyNames } from '../reads/messages.ts'
import { readContests, readWaiting } from '../reads/overview.ts'
import { protocolLines } from '../reads/protocols.ts'
import { reviewsOf } from '../reads/reviews.ts'
import { explainCode } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { periodOf, readCharts } from './figures.ts'
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
const MOST_CODES = 8
const MOST_QUOTAS = 5
const MOST_NOTED = 20

/** /console: is all well? */
export const overviewPage: Page = {
  method: 'get',
  path: '/',
  operation: 'overview:read',
  own: true,
  nav: 'overview',
  answer: drawOverview,
}

async function drawOverview(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { at, scope } = request
  const asked = periodOf(request.query)
  const period = asked ?? '24u'
  const today = at.toISOString().slice(0, 10)
  const mayAnswer = mayPerson(request.session, 'subjects:answer')
  const [now, charts, refusals, due] = await Promise.all([
    readNow(deps, request, today),
    readCharts(deps, request, period),
    readRefusals(deps.reading, { now: at, party: partyOf(scope) }),
    mayAnswer ? countDue(deps.pool, at, scope.party) : undefined,
  ])
  const set = deps.protocols.current()
  const protocols = protocolLines(set, at, scope)
  const reviews = reviewsOf(set, at)
  const points = pointsOf({ ...now, protocols, reviews, ...(due && { due }) })
  const codes = refusals.slice(0, MOST_CODES).map(nameRefusal)
  return {
    view: 'overview',
    title: texts().overview.title,
    status: asked ? 200 : 400,
    model: {
      ...now,
      ...{ today, columns: COLUMNS, protocols, reviews, charts, period, periods: PERIODS },
      isWrongPeriod: !asked,
      mayRead: mayPerson(request.session, 'evidence:read'),
      refusals: codes,
      verdict: verdictOf(points),
    },
  }
}

function nameRefusal(line: RefusalLine) {
  const isKnown = line.code !== NO_CODE
  return {
    ...line,
    isKnown,
    why: isKnown ? explainCode(line.code) : texts().overview.refusals.other,
  }
}

/** How it is at this moment. */
async function readNow(deps: ConsoleDeps, request: PageRequest, today: string) {
  const { reading } = deps
  const { at, scope } = request
  const [balances, waiting, exceptions, contests, log, followUp, parked, quotas, vouching, noted] =
    await Promise.all([
      readToday(deps, scope, today),
      readWaiting(reading, scope),
      countUnseen(reading, scope),
      // Who had the same person as another is not for one of the two.
      scope.party === undefined ? readContests(reading, at) : [],
      readLogState(reading),
      readFollowUp(reading, scope),
      oldestParked(deps, request),
      readQuotaShares(deps, request),
      readVouching(deps),
      // Of all parties together, as the page about it.
      scope.party === undefined ? listAttention(reading, MOST_NOTED) : [],
    ])
  const feedback = {
    open: followUp.reduce((total, one) => total + one.open, 0),
    takenUp: followUp.reduce((total, one) => total + one.takenUp, 0),
    closed: followUp.reduce((total, one) => total + one.closed, 0),
  }
  const late = followUp.filter(({ overdue }) => overdue > 0)
  const exceptionCount = exceptions.reduce((total, { count }) => total + count, 0)
  const seen = { exceptions, exceptionCount, contests }
  const attention = noted.filter(({ endedAt }) => endedAt === null)
  const now = { feedback, late, parked, quotas, vouching, attention }
  return { balances, waiting, ...seen, ...log, log, ...now }
}

/** The balance of today per protocol; of one party, of what it sent. */
async function readToday(
  { reading }: ConsoleDeps,
  scope: Scope,
  today: string,
): Promise<Balance[]> {
  const range = { from: today, until: today }
  if (scope.party === undefined) return readBalances(reading, range)
  const lines = await readBalances(reading, { ...range, perParty: true })
  return lines.filter(line => isWithin(scope, line.party))
}

/** The quotas of which the largest share is used, in thousandths. */
async function readQuotaShares(deps: ConsoleDeps, { at, scope }: PageRequest) {
  const [quotas, names] = await Promise.all([readQuotas(deps, at), partyNames(deps.reading)])
  return quotas
    .filter(({ party, state }) => state !== 'closed' && isWithin(scope, party))
    .map(({ party, domain, used, left }) => ({
      name: names.get(party) ?? party,
      domain,
      share: Math.round((1_000 * used) / Math.max(1, used + left)),
    }))
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST_QUOTAS)
}

/** Who vouches for the log besides the gateway. */
async function readVouching({ reading }: ConsoleDeps) {
  const [publishing, standings, stamps] = await Promise.all([
    readPublishing(reading),
    readStandings(reading),
    readStampState(reading),
  ])
  const times = standings.flatMap(({ cosignedAt }) => cosignedAt?.getTime() ?? [])
  return {
    waits: publishing.waits,
    missingSince: publishing.missingSince,
    last: times.length > 0 ? new Date(Math.max(...times)) : undefined,
    alarms: standings.filter(({ alarm }) => alarm).map(({ name }) => name),
    stamps: stamps.stamps ? { last: stamps.last, fault: stamps.fault !== null } : undefined,
  }
}
