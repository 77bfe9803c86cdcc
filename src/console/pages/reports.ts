import { mayPerson } from '../../access/operations.ts'
import {
  bodyOf,
  type LayOut,
  REPORT_FORMATS,
  type ReportFormat,
  renderReport,
} from '../../report/render/index.ts'
import { layOutBars } from '../chart.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Download, Drawing, Page, PageRequest } from '../page.ts'
import { PageProblem } from '../page.ts'
import { texts } from '../texts/index.ts'
import {
  isOfAll,
  REPORT_KINDS,
  type ReportForm,
  type ReportKind,
  readChoices,
  reportForm,
} from './reports-kinds.ts'

const PATH = '/rapporten'
const LABELS = 8

const layOut: LayOut = columns => layOutBars(columns, Math.ceil(columns.length / LABELS))

/** /console/rapporten: every report, with what it is about to choose. */
export const reportsPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'reports:make',
  own: true,
  nav: 'reports',
  answer: async (deps, request) => {
    const choices = await readChoices(deps, request)
    const blank = { ...request, query: {} }
    const kinds = REPORT_KINDS.filter(kind => request.scope.party === undefined || !isOfAll(kind))
    const cards = kinds.map(kind => ({ kind, ...reportForm(kind, deps, blank, choices) }))
    const mayEnter = mayPerson(request.session, 'reports:enter')
    return { view: 'reports', title: texts().reports.title, model: { cards, mayEnter } }
  },
}

/** /console/rapporten/:soort: a report to read, once it is known about what; its making is an entry. */
export const reportPage: Page = {
  method: 'get',
  path: `${PATH}/:soort`,
  operation: 'reports:make',
  own: true,
  nav: 'reports',
  answer: async (deps, request) => {
    const kind = kindOf(request)
    const asked = await askedFor(kind, deps, request)
    return drawReport(kind, asked, mayPerson(request.session, 'reports:enter'))
  },
}

/** POST of the same: the report as a file. */
export const reportFile: Page = {
  method: 'post',
  path: `${PATH}/:soort`,
  operation: 'reports:make',
  own: true,
  nav: 'reports',
  answer: async (deps, request): Promise<Drawing | Download> => {
    const kind = kindOf(request)
    const { formaat, csrf: _, ...query } = request.form
    const format = REPORT_FORMATS.find(it => it === formaat)
    const asked = await askedFor(kind, deps, { ...request, query })
    if (!format || !asked.make) return drawReport(kind, { ...asked, make: undefined }, false)
    return file(asked.make, format)
  },
}

async function file(
  make: NonNullable<ReportForm['make']>,
  format: ReportFormat,
): Promise<Download> {
  const { report } = await made(make, format)
  return renderReport(report, format, layOut)
}

async function askedFor(
  kind: ReportKind,
  deps: ConsoleDeps,
  request: PageRequest,
): Promise<ReportForm> {
  return reportForm(kind, deps, request, await readChoices(deps, request))
}

async function drawReport(
  kind: ReportKind,
  { form, make }: ReportForm,
  mayEnter: boolean,
): Promise<Drawing> {
  const text = texts().reports
  const report = make && (await made(make, 'page')).report
  return {
    view: 'report',
    title: report?.title ?? text.kinds[kind].title,
    status: report ? 200 : 400,
    model: {
      kind,
      fields: form.fields,
      mayEnter: mayEnter && kind === 'bijlage-1',
      formats: REPORT_FORMATS,
      html: report && bodyOf(report, layOut),
    },
  }
}

// What is asked for was there when the form was drawn.
async function made(make: NonNullable<ReportForm['make']>, format: string) {
  return make(format).catch(error => {
    throw error instanceof RangeError ? new PageProblem('not-found') : error
  })
}

function kindOf({ params, scope }: PageRequest): ReportKind {
  const kind = REPORT_KINDS.find(it => it === params['soort'])
  if (!kind || (scope.party !== undefined && isOfAll(kind))) throw new PageProblem('not-found')
  return kind
}
