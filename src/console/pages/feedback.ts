import { mayPerson } from '../../access/operations.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm } from '../filter-form.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { monthsOfEffect, readEffect, readProgress } from '../reads/feedback.ts'
import { partyNames } from '../reads/messages.ts'
import { texts } from '../texts/index.ts'

const PATH = '/terugkoppeling'
const DAY_MS = 86_400_000
const YEAR = 365

/**
 * /console/terugkoppeling: how the follow-up goes at each housing company, and what it brought. A housing
 * company reports its own follow-up, so its officer sees that. What the sensitising brought tells of
 * persons what the recipient knows: who may not read of persons one by one, and the officer of one party, see it
 * only as released in reports.
 */
export const feedbackPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'overview:read',
  own: true,
  nav: 'feedback',
  answer: draw,
}

async function draw(
  { reading }: ConsoleDeps,
  { query, scope, session, at }: PageRequest,
): Promise<Drawing> {
  const text = texts().feedback
  const form = new FilterForm(query)
  form.range({ from: text.from, until: text.until })
  const { fields, isWrong, isFiltered } = form
  const closedOn = {
    from: fields['van']?.value || dayOf(at, YEAR - 1),
    until: fields['tot']?.value || dayOf(at),
  }
  const months = monthsOfEffect(at)
  // Exact counts of what became of persons are for who may read of each: others see what was released.
  const isAll = scope.party === undefined && mayPerson(session, 'evidence:read')
  const [lines, effect, names] = await Promise.all([
    isWrong ? undefined : readProgress(reading, scope, closedOn),
    isAll && !isWrong ? readEffect(reading, months) : [],
    partyNames(reading),
  ])
  const named = <T extends { party: string }>(line: T) => ({
    ...line,
    name: names.get(line.party) ?? line.party,
  })
  const totals = {
    open: sum(lines, line => line.open),
    takenUp: sum(lines, line => line.takenUp),
    overdue: sum(lines, line => line.overdue),
    closed: sum(lines, line => line.closed),
  }
  const shown = { lines: lines?.map(named), effect: effect.map(named), totals }
  return {
    view: 'feedback',
    title: text.title,
    status: isWrong ? 400 : 200,
    model: { fields, isWrong, isFiltered, path: PATH, closedOn, months, isAll, ...shown },
  }
}

function sum<T>(lines: readonly T[] | undefined, of: (line: T) => number): number {
  return (lines ?? []).reduce((total, line) => total + of(line), 0)
}

function dayOf(at: Date, before = 0): string {
  return new Date(at.getTime() - before * DAY_MS).toISOString().slice(0, 10)
}
