import { mayPerson } from '../../access/operations.ts'
import { actorOf } from '../../access/scope.ts'
import {
  EXCEPTION_KINDS,
  EXCEPTION_STATES,
  type ExceptionKind,
  type ExceptionLine,
  type ExceptionState,
  findException,
  listExceptions,
  ReviewError,
  reviewException,
} from '../../exchange/exceptions.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm, optionsOf } from '../filter-form.ts'
import { format } from '../format.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { listParties, partyNames } from '../reads/messages.ts'
import { texts } from '../texts/index.ts'
import { wordFor, words } from '../texts/words.ts'

const PATH = '/uitzonderingen'
const PER_PAGE = 50
const NUMBER = /^[1-9]\d{0,14}$/
const TONES = { unseen: 'warn', running: 'neutral', over: 'good' } as const
/** Where one sees more of a kind. */
const PLACES: Partial<Record<ExceptionKind, string>> = {
  'quota-burst': '/pseudoniemen',
  'probe-late': '/systeem',
}

/** /console/uitzonderingen: what a person should look at, and what was found. */
export const exceptionsPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'overview:read',
  own: true,
  nav: 'exceptions',
  answer: drawList,
}

/** /console/uitzonderingen/:id: one of them, with a form for what was found. */
export const exceptionPage: Page = {
  method: 'get',
  path: `${PATH}/:id`,
  operation: 'overview:read',
  own: true,
  nav: 'exceptions',
  answer: (deps, request) => drawOne(deps, request),
}

/** POST of the same: notes what was found, once. */
export const reviewExceptionPage: Page = {
  method: 'post',
  path: `${PATH}/:id`,
  operation: 'exceptions:review',
  nav: 'exceptions',
  answer: review,
  keeps: {
    fields: ['bevinding', 'alle'],
    again: (deps, request) => {
      const { bevinding: finding = '', alle } = request.form
      const filled = { finding, alike: alle === 'ja', error: texts().common.sentAgain }
      return drawOne(deps, request, { filled })
    },
  },
}

async function drawList(deps: ConsoleDeps, { query, scope, at }: PageRequest): Promise<Drawing> {
  const text = texts().exceptions
  const form = new FilterForm(query)
  const parties = await listParties(deps.pool)
  const known = parties.filter(({ id }) => scope.party === undefined || scope.party === id)
  const filter = {
    state: form.choice(
      'toestand',
      text.state,
      optionsOf(text.states, EXCEPTION_STATES),
    ) as ExceptionState,
    kind: form.choice('soort', text.kind, optionsOf(text.kinds, EXCEPTION_KINDS)) as ExceptionKind,
    party: form.choice(
      'partij',
      text.party,
      known.map(({ id, name }) => ({ value: id, text: name })),
    ),
    before: NUMBER.test(query['voor'] ?? '') ? Number(query['voor']) : undefined,
  }
  const lines = form.isWrong
    ? undefined
    : await listExceptions(deps.pool, filter, scope, PER_PAGE + 1)
  const names = new Map(parties.map(({ id, name }) => [id, name]))
  const { fields, isWrong, isFiltered } = form
  const page = lines && pageOf(form, filter.before, lines, { names, at })
  const status = isWrong ? 400 : 200
  return {
    view: 'exceptions',
    title: text.title,
    status,
    model: { fields, isWrong, isFiltered, path: PATH, page },
  }
}

interface Known {
  names: ReadonlyMap<string, string>
  at: Date
}

function pageOf(
  form: FilterForm,
  before: number | undefined,
  lines: ExceptionLine[],
  known: Known,
) {
  const items = lines.slice(0, PER_PAGE)
  const last = items.at(-1)
  const hasOlder = lines.length > PER_PAGE && last
  return {
    items: items.map(line => describe(line, known)),
    newest: before === undefined ? undefined : form.link(PATH),
    older: hasOlder ? form.link(PATH, { voor: String(last.id) }) : undefined,
  }
}

/** An exception in words; parties by name. */
function describe(line: ExceptionLine, { names, at }: Known) {
  const [protocol, day] = (line.about ?? '').split(' ')
  return {
    ...line,
    protocol,
    day,
    tone: TONES[line.state],
    kindName: wordFor(texts().exceptions.kinds, line.kind),
    what: wordFor(words.exceptions, line.kind),
    partyNames: line.parties.map(id => names.get(id) ?? id),
    age: format.age(at.getTime() - line.openedAt.getTime()),
    path: PLACES[line.kind],
  }
}

/** What was filled in and what is wrong with it; a finding that is refused is not shown again. */
interface Filled {
  finding: string
  alike: boolean
  error: string
}

async function drawOne(
  deps: ConsoleDeps,
  { params, scope, session, at }: PageRequest,
  outcome: { filled?: Filled; notice?: string } = {},
): Promise<Drawing> {
  const line = await findException(deps.pool, idOf(params), scope)
  if (!line) throw new PageProblem('not-found')
  const names = await partyNames(deps.pool)
  const mayReview = mayPerson(session, 'exceptions:review') && !line.reviewedAt
  const mayRead = mayPerson(session, 'evidence:read')
  return {
    view: 'exception',
    title: wordFor(texts().exceptions.kinds, line.kind),
    model: {
      line: { ...describe(line, { names, at }), alike: line.alike },
      mayReview,
      mayRead,
      ...outcome,
    },
  }
}

async function review(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { form, params, session, at } = request
  const text = texts().exceptions
  // Browsers send a line break as two characters, which the field counts as one.
  const finding = (form['bevinding'] ?? '').replaceAll('\r\n', '\n').trim()
  const alike = form['alle'] === 'ja'
  const seen = new Date(form['gezien'] ?? '')
  const until = Number.isNaN(seen.getTime()) ? at : seen
  const by = actorOf(session)
  try {
    const change = { id: idOf(params), alike, until, finding, by, at }
    const count = await reviewException(deps.pool, change)
    return await drawOne(deps, request, { notice: text.done(count, format.number(count)) })
  } catch (error) {
    if (!(error instanceof ReviewError) || error.code === 'unknown') {
      throw error instanceof ReviewError ? new PageProblem('not-found') : error
    }
    const isWrong = error.code === 'finding'
    const filled = { finding: isWrong ? '' : finding, alike, error: text.faults[error.code] }
    return { ...(await drawOne(deps, request, { filled })), status: isWrong ? 400 : 409 }
  }
}

function idOf(params: PageRequest['params']): number {
  const id = params['id'] ?? ''
  if (!NUMBER.test(id)) throw new PageProblem('not-found')
  return Number(id)
}
