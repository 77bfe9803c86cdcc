import { mayPerson } from '../../access/operations.ts'
import { actorOf, isWithin } from '../../access/scope.ts'
import {
  type GrantChange,
  GrantError,
  type GrantFault,
  grantBounds,
  grantQuota,
  previewGrant,
} from '../../exchange/quota-grant.ts'
import { type Quota, readQuotas } from '../../exchange/quotas.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { texts } from '../texts/index.ts'

const STATUS: Record<GrantFault, number> = {
  unknown: 404,
  closed: 409,
  granted: 409,
  elements: 400,
  reason: 400,
}

/** /console/pseudoniemen: who may have how many pseudonyms computed, and what it used. */
export const quotasPage: Page = {
  method: 'get',
  path: '/pseudoniemen',
  operation: 'overview:read',
  own: true,
  nav: 'pseudonyms',
  answer: (deps, request) => drawQuotas(deps, request),
}

/** POST /console/pseudoniemen/extra: first what it will do, and once confirmed it is done. */
export const grantPage: Page = {
  method: 'post',
  path: '/pseudoniemen/extra',
  operation: 'quotas:grant',
  nav: 'pseudonyms',
  answer: async (deps, request) => {
    try {
      return await drawGrant(deps, request)
    } catch (error) {
      if (error instanceof GrantError) return refused(deps, request, error)
      throw error
    }
  },
  keeps: {
    fields: ['wie', 'aantal', 'reden'],
    again: (deps, request) =>
      drawQuotas(deps, request, { ...filledOf(request), error: texts().common.sentAgain }),
  },
}

/** What was filled in, and what is wrong with it. */
interface Filled {
  who: string
  elements: string
  reason: string
  fault?: GrantFault
  /** What is to be said instead of the fault. */
  error?: string
}

function filledOf({ form }: PageRequest): Filled {
  return { who: form['wie'] ?? '', elements: form['aantal'] ?? '', reason: form['reden'] ?? '' }
}

async function drawQuotas(
  deps: ConsoleDeps,
  { session, scope, at }: PageRequest,
  filled?: Filled,
): Promise<Drawing> {
  const [quotas, names] = await Promise.all([readQuotas(deps, at), partyNames(deps.pool, scope)])
  const own = quotas.filter(({ party }) => isWithin(scope, party))
  const lines = own.map(quota => toLine(quota, names))
  const mayGrant = mayPerson(session, 'quotas:grant')
  const grantable = lines.filter(({ state, grant }) => state !== 'closed' && !grant)
  const burst = lines.filter(({ bursts }) => bursts.length > 0)
  return {
    view: 'quotas',
    title: texts().quotas.title,
    model: { lines, burst, grantable, mayGrant, filled },
  }
}

/** A quota as it is shown; the bar is a share of all that may be used until the end of this day. */
function toLine(quota: Quota, names: ReadonlyMap<string, string>) {
  const { party, domain, used, today, left } = quota
  const whole = Math.max(1, used + left)
  const share = (count: number) => Math.round((1_000 * count) / whole)
  const before = share(used - today)
  const bar = { before, today: share(used) - before }
  const name = names.get(party) ?? party
  return { ...quota, name, who: `${party} ${domain}`, bar, bounds: grantBounds(quota) }
}

async function drawGrant(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const change = changeOf(request)
  const confirmed = request.form['bevestigd'] === 'ja'
  const granted = await (confirmed ? grantQuota : previewGrant)(deps, change)
  const names = await partyNames(deps.pool)
  const { party, domain, elements } = granted
  const title = texts().quotas.grant[confirmed ? 'done' : 'confirm']
  const { reason } = change
  const name = names.get(party) ?? party
  const model = { ...granted, title, reason, name, who: `${party} ${domain}`, confirmed, elements }
  return { view: 'quota-grant', title, model }
}

function changeOf(request: PageRequest): GrantChange {
  const { form, at } = request
  const typed = form['aantal'] ?? ''
  // Browsers send a line break as two characters, which the field counts as one.
  const reason = (form['reden'] ?? '').replaceAll('\r\n', '\n').trim()
  const elements = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN
  const by = actorOf(request.session)
  return { ...chosenOf(request), elements: typed === '' ? undefined : elements, reason, by, at }
}

function chosenOf({ form }: PageRequest): { party: string; domain: string } {
  const [party = '', domain = ''] = (form['wie'] ?? '').split(' ')
  return { party, domain }
}

/** The page with what is wrong beside the form; what was filled in is kept. */
async function refused(
  deps: ConsoleDeps,
  request: PageRequest,
  { code }: GrantError,
): Promise<Drawing> {
  // A reason that is refused is not shown again: it may hold a national number.
  const empty = code === 'reason' || code === 'elements' ? { [code]: '' } : {}
  const filled = { ...filledOf(request), ...empty, fault: code }
  return { ...(await drawQuotas(deps, request, filled)), status: STATUS[code] }
}
