import { actorOf } from '../../access/scope.ts'
import { breachReport } from '../../report/breach-report.ts'
import { type Made, makeAnnex1, makeDashboard, makeEvaluation } from '../../report/party-reports.ts'
import { endedQuarters, isQuarter } from '../../report/period.ts'
import { registerReport } from '../../report/register-report.ts'
import { makeBreach, makeRegister } from '../../report/supervision.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, type Option, optionsOf } from '../filter-form.ts'
import type { PageRequest } from '../page.ts'
import { partyOptions } from '../reads/reports.ts'
import { typeOptions } from '../reads/type-names.ts'
import { texts } from '../texts/index.ts'

export const REPORT_KINDS = [
  'bijlage-1',
  'dashboard',
  'evaluatie',
  'verwerkingsregister',
  'inbreuk',
] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

const QUARTERS = 12

/** What the forms choose from. */
export interface Choices {
  companies: Option[]
  parties: Option[]
  protocols: Option[]
  quarters: Option[]
  types: Option[]
}

/** A form of a report: its fields, and how it is made once they fit; undefined where one is missing. */
export interface ReportForm {
  form: FilterForm
  make: ((format: string) => Promise<Made>) | undefined
}

/** Whether a report is about all parties: then it is not for the officer of one. */
export function isOfAll(kind: ReportKind): boolean {
  return kind === 'verwerkingsregister' || kind === 'inbreuk'
}

/** What the forms choose from, as far as this person may. */
export async function readChoices(
  { pool, protocols }: ConsoleDeps,
  { scope, at }: PageRequest,
): Promise<Choices> {
  const [companies, parties] = await Promise.all([
    partyOptions(pool, scope, 'housing-company'),
    partyOptions(pool, scope),
  ])
  const ids = [...protocols.current().protocols.keys()].sort()
  return {
    companies,
    parties,
    protocols: ids.map(id => ({ value: id, text: id })),
    types: typeOptions(protocols.current()),
    quarters: endedQuarters(today(at), QUARTERS).map(it => ({ value: it, text: it })),
  }
}

/** The form of a report, filled with what was asked; nothing is made of it yet. */
export function reportForm(
  kind: ReportKind,
  deps: ConsoleDeps,
  request: PageRequest,
  choices: Choices,
): ReportForm {
  const asked = Object.keys(request.query).length > 0
  const form = new FilterForm(asked ? request.query : defaults(request, choices))
  return { form, make: MAKERS[kind](deps, request, choices, form) }
}

type Maker = (
  deps: ConsoleDeps,
  request: PageRequest,
  choices: Choices,
  form: FilterForm,
) => ReportForm['make']

const MAKERS: Readonly<Record<ReportKind, Maker>> = {
  'bijlage-1': ({ pool }, request, { companies }, form) => {
    const party = form.choice('partij', texts().reports.fields.party, companies)
    const days = daysOf(form)
    if (!party || !days) return undefined
    return format => makeAnnex1(pool, { ...askedBy(request, format), party, ...days })
  },
  dashboard: ({ pool, protocols }, request, { companies, quarters }, form) => {
    const { fields } = texts().reports
    const party = form.choice('partij', fields.party, companies)
    const quarter = form.choice('kwartaal', fields.quarter, quarters)
    if (!party || !quarter || !isQuarter(quarter)) return undefined
    return format =>
      makeDashboard(pool, protocols.current(), { ...askedBy(request, format), party, quarter })
  },
  evaluatie: ({ pool, protocols }, request, { companies }, form) => {
    const { fields, evaluations } = texts().reports
    const party = form.choice('partij', fields.party, companies)
    const chosen = form.choice('soort', fields.evaluation, optionsOf(evaluations))
    const days = daysOf(form)
    if (!party || !days || !chosen) return undefined
    const kind = chosen === 'eind' ? 'final' : 'interim'
    return format =>
      makeEvaluation(pool, protocols.current(), {
        ...askedBy(request, format),
        ...{ party, kind },
        ...days,
      })
  },
  verwerkingsregister: ({ pool, reading, protocols }, request, choices, form) => {
    const protocol = form.choice('protocol', texts().reports.fields.protocol, choices.protocols)
    if (form.isWrong) return undefined
    return async format => {
      const asked = { ...askedBy(request, format), protocol }
      const data = await makeRegister(pool, protocols.current(), asked, reading)
      return { report: registerReport(data), data }
    }
  },
  inbreuk: ({ pool, reading, protocols }, request, { parties, types }, form) => {
    const { fields } = texts().reports
    const { from, until } = form.range({ from: fields.from, until: fields.until })
    const party = form.choice('van-wie', fields.sender, parties)
    const recipient = form.choice('naar-wie', fields.recipient, parties)
    const type = form.choice('type', fields.type, types)
    if (!from || !until || form.isWrong) return undefined
    return async format => {
      const asked = { ...askedBy(request, format), from, until, party, recipient, type }
      const data = await makeBreach(pool, protocols.current(), asked, reading)
      return { report: breachReport(data), data }
    }
  },
}

function askedBy({ session, at }: PageRequest, format: string) {
  return { by: actorOf(session), at, format }
}

/** Two days that are there, both included. */
function daysOf(form: FilterForm): { from: string; until: string } | undefined {
  const { fields } = texts().reports
  const { from, until } = form.range({ from: fields.from, until: fields.until })
  if (!from || !until || form.isWrong) return undefined
  return { from: form.fields['van']?.value ?? '', until: form.fields['tot']?.value ?? '' }
}

function defaults({ at }: PageRequest, { companies, quarters }: Choices): Record<string, string> {
  const until = today(at)
  const from = new Date(at)
  from.setUTCFullYear(from.getUTCFullYear() - 1)
  const [only, ...others] = companies
  return {
    ...(only && others.length === 0 && { partij: only.value }),
    kwartaal: quarters[0]?.value ?? '',
    soort: 'tussentijds',
    van: today(from),
    tot: until,
  }
}

function today(at: Date): string {
  return at.toISOString().slice(0, 10)
}
