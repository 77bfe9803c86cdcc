import { randomUUID } from 'node:crypto'
import { actorOf } from '../../access/scope.ts'
import type { Outcome } from '../../exchange/outcome.ts'
import {
  type Annex1,
  type Annex1WarningRule,
  brokenRules,
  warningsOf,
} from '../../report/annex-1.ts'
import type { ConsoleDeps } from '../deps.ts'
import { startOfDay } from '../format.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { partyOptions } from '../reads/reports.ts'
import { texts } from '../texts/index.ts'

const PATH = '/rapporten/bijlage-1/invullen'
const COUNT = /^\d{1,7}$/
const MOST_DAYS = 3660

/** Fields of the form that hold a count, with their place in the report. */
const COUNTS = {
  huurders: '/tenants',
  gecontroleerd: '/checked',
  werkt: '/compliant/worksOrSelfEmployed',
  vdab: '/compliant/registeredWithVdab',
  ouder: '/compliant/olderThan65',
  ongeschikt: '/compliant/unfitForWork',
  leefloon: '/compliant/livingWage',
  'niet-in-orde': '/notCompliant',
  'extra-huurders': '/extraTime/tenants',
  'in-orde': '/extraTime/regularised',
  toezicht: '/passedToSupervisor',
} as const
type CountField = keyof typeof COUNTS

const NAMES = Object.keys(COUNTS) as CountField[]
const FIELDS = ['partij', 'datum', ...NAMES, 'extra-tijd', 'dagen', 'sleutel'] as const

/** /console/rapporten/bijlage-1/invullen: Annex 1, by a person on behalf of a housing company. */
export const annex1Page: Page = {
  method: 'get',
  path: PATH,
  operation: 'reports:enter',
  own: true,
  nav: 'reports',
  answer: (deps, request) =>
    drawForm(deps, request, { sleutel: randomUUID(), partij: request.query['partij'] ?? '' }),
}

/** POST of the same: hard rules stop it at their field, what looks odd asks for a confirmation. */
export const enterAnnex1Page: Page = {
  method: 'post',
  path: PATH,
  operation: 'reports:enter',
  own: true,
  nav: 'reports',
  keeps: { fields: FIELDS, again: (deps, request) => drawForm(deps, request, request.form) },
  answer: async (deps, request) => {
    const { form, at } = request
    const parties = await partyOptions(deps.pool, request.scope, 'housing-company')
    const faults = faultsOf(
      form,
      parties.map(({ value }) => value),
    )
    if (Object.keys(faults).length > 0) return drawForm(deps, request, form, { faults })
    const report = reportOf(form)
    const broken = brokenFields(report, at)
    if (Object.keys(broken).length > 0) return drawForm(deps, request, form, { faults: broken })
    const odd = warningsOf(report).map(({ rule }) => rule)
    if (odd.length > 0 && form['bevestigd'] !== confirmationOf(odd))
      return drawForm(deps, request, form, { odd })
    return drawOutcome(deps, request, await send(deps, request, report), odd)
  },
}

type Faults = Partial<Record<(typeof FIELDS)[number], string>>

/** What does not fit at all, by its field. */
function faultsOf(form: Record<string, string>, parties: readonly string[]): Faults {
  const { wrong } = texts().reports.entry
  const faults: Faults = {}
  if (!parties.includes(form['partij'] ?? '')) faults.partij = wrong.party
  if (!startOfDay(form['datum'] ?? '')) faults.datum = wrong.date
  for (const name of NAMES) if (!COUNT.test(form[name] ?? '')) faults[name] = wrong.count
  if (!['ja', 'nee'].includes(form['extra-tijd'] ?? '')) faults['extra-tijd'] = wrong.choice
  const days = form['dagen'] ?? ''
  if (days !== '' && (!COUNT.test(days) || Number(days) > MOST_DAYS)) faults.dagen = wrong.days
  return faults
}

function reportOf(form: Record<string, string>): Annex1 {
  const count = (name: CountField) => Number(form[name])
  const days = form['dagen'] ?? ''
  return {
    referenceDate: form['datum'] ?? '',
    tenants: count('huurders'),
    checked: count('gecontroleerd'),
    compliant: {
      worksOrSelfEmployed: count('werkt'),
      registeredWithVdab: count('vdab'),
      olderThan65: count('ouder'),
      unfitForWork: count('ongeschikt'),
      livingWage: count('leefloon'),
    },
    notCompliant: count('niet-in-orde'),
    extraTime: {
      given: form['extra-tijd'] === 'ja',
      ...(days !== '' && { days: Number(days) }),
      tenants: count('extra-huurders'),
      regularised: count('in-orde'),
    },
    passedToSupervisor: count('toezicht'),
  }
}

/** The hard rules of the call that are broken, at their field. */
function brokenFields(report: Annex1, at: Date): Faults {
  const { wrong } = texts().reports.entry
  const faults: Faults = {}
  for (const { pointer } of brokenRules(report, at.toISOString().slice(0, 10))) {
    if (pointer === '/referenceDate') faults.datum = wrong.future
    if (pointer === '/checked') faults.gecontroleerd = wrong.checked
    if (pointer === '/extraTime/regularised') faults['in-orde'] = wrong.regularised
  }
  return faults
}

/** A confirmation is of what looked odd then: who changes the counts is asked again. */
function confirmationOf(odd: readonly Annex1WarningRule[]): string {
  return odd.join(', ')
}

async function drawForm(
  { pool }: ConsoleDeps,
  { scope, at }: PageRequest,
  values: Record<string, string>,
  { faults = {}, odd = [] }: { faults?: Faults; odd?: readonly Annex1WarningRule[] } = {},
): Promise<Drawing> {
  const companies = await partyOptions(pool, scope, 'housing-company')
  const { title } = texts().reports.entry
  const isWrong = Object.keys(faults).length > 0
  const confirmation = confirmationOf(odd)
  const today = at.toISOString().slice(0, 10)
  const model = { path: PATH, companies, values, faults, isWrong, odd, confirmation, today }
  return { view: 'report-annex-1', title, model, ...(isWrong && { status: 400 }) }
}

async function send(
  { takeAnnex1 }: ConsoleDeps,
  { form, session, at }: PageRequest,
  report: Annex1,
): Promise<Outcome> {
  if (!takeAnnex1) throw new PageProblem('not-found')
  return takeAnnex1({
    operation: `POST /console${PATH}`,
    caller: { party: form['partij'] ?? '', kind: 'housing-company', scopes: new Set() },
    by: actorOf(session),
    key: form['sleutel'],
    raw: Buffer.from(JSON.stringify(report)),
    at,
  })
}

async function drawOutcome(
  deps: ConsoleDeps,
  request: PageRequest,
  { status, body }: Outcome,
  odd: readonly Annex1WarningRule[],
): Promise<Drawing> {
  // The same form sent again with other counts: begin anew with what is there.
  if (status !== 202) {
    const values = { ...request.form, sleutel: randomUUID() }
    return { ...(await drawForm(deps, request, values)), status }
  }
  const companies = await partyOptions(deps.pool, request.scope, 'housing-company')
  const { partij = '', datum = '' } = request.form
  const name = companies.find(({ value }) => value === partij)?.text ?? partij
  const { done: title } = texts().reports.entry
  const model = { name, partij, datum, odd, messageId: body['messageId'] }
  return { view: 'report-annex-1-done', title, model }
}
