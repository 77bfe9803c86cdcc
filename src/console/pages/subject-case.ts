import { mayPerson } from '../../access/operations.ts'
import { actorOf } from '../../access/scope.ts'
import { FOUR_EYES } from '../../config.ts'
import { listApprovals, listApproved, type WaitingApproval } from '../../subject/approval.ts'
import {
  CASE_OUTCOMES,
  CaseError,
  type CaseFault,
  closeCase,
  extendCase,
  findCase,
  type SubjectCase,
} from '../../subject/case.ts'
import { daysLeft, dueOn } from '../../subject/case-term.ts'
import type { ConsoleDeps } from '../deps.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { texts } from '../texts/index.ts'
import type { Tone } from '../tone.ts'
import { ACTS } from './subject-reason.ts'

const ID = /^req_[0-9A-HJKMNP-TV-Z]{26}$/
const PATH = '/inzage/:id'

/** /console/inzage/:id: one request of a person: its term, and what can be done for it. */
export const subjectCasePage: Page = {
  method: 'get',
  path: PATH,
  operation: 'subjects:answer',
  own: true,
  nav: 'subjects',
  answer: async (deps, request) => drawCase(deps, request, await caseOf(deps, request)),
}

/** POST …/verlengen: two months more, once, with a reason that the person is told. */
export const extendPage: Page = step('verlengen', ['reden'], (deps, request) =>
  extendCase(deps.pool, {
    ...stepOf(request),
    reason: (request.form['reden'] ?? '').replaceAll('\r\n', '\n'),
  }),
)

/** POST …/afsluiten: how it ended. */
export const closePage: Page = step('afsluiten', ['uitkomst'], (deps, request) =>
  closeCase(deps.pool, { ...stepOf(request), outcome: request.form['uitkomst'] ?? '' }),
)

type Step = (deps: ConsoleDeps, request: PageRequest) => Promise<SubjectCase>

function step(name: 'verlengen' | 'afsluiten', fields: readonly string[], work: Step): Page {
  return {
    method: 'post',
    path: `${PATH}/${name}`,
    operation: 'subjects:answer',
    own: true,
    nav: 'subjects',
    answer: async (deps, request) => {
      try {
        const changed = await work(deps, request)
        const notice: Notice = { tone: 'good', lines: [texts().subjects.done[name]] }
        return await drawCase(deps, request, changed, { notice })
      } catch (error) {
        if (error instanceof CaseError) return refused(deps, request, error.code)
        throw error
      }
    },
    keeps: { fields, again: drawAgain },
  }
}

/** The page again with what was typed under a session that ended. */
export async function drawAgain(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const notice: Notice = { tone: 'warn', lines: [texts().common.sentAgain] }
  return drawCase(deps, request, await caseOf(deps, request), { notice })
}

async function refused(deps: ConsoleDeps, request: PageRequest, code: CaseFault): Promise<Drawing> {
  if (code === 'unknown') throw new PageProblem('not-found')
  const notice: Notice = { tone: 'bad', lines: [texts().subjects.faults[code]] }
  const form = code === 'reason' ? { ...request.form, reden: '' } : request.form
  const found = await caseOf(deps, request)
  const drawing = await drawCase(deps, { ...request, form }, found, { notice })
  return { ...drawing, status: code === 'reason' || code === 'outcome' ? 400 : 409 }
}

/** The request of this address. @throws PageProblem `not-found` where it is unknown or of another party */
export async function caseOf(
  { pool }: ConsoleDeps,
  { params, scope }: PageRequest,
): Promise<SubjectCase> {
  const id = params['id'] ?? ''
  const found = ID.test(id) ? await findCase(pool, id, scope.party) : undefined
  if (!found) throw new PageProblem('not-found')
  return found
}

function stepOf({ params, session, scope, at }: PageRequest) {
  const id = params['id'] ?? ''
  if (!ID.test(id)) throw new PageProblem('not-found')
  return { id, party: scope.party, by: actorOf(session), at }
}

/** What is said above a page. */
export interface Notice {
  tone: Tone
  lines: readonly string[]
}

/** What a page of one request shows besides. */
export interface Shown {
  notice?: Notice | undefined
  /** What is wrong at a field of the form with the number. */
  wrong?: { field: 'insz' | 'period'; text: string } | undefined
}

/** Draws one request; a national number that was typed is never in it. */
export async function drawCase(
  deps: ConsoleDeps,
  request: PageRequest,
  found: SubjectCase,
  { notice, wrong }: Shown = {},
): Promise<Drawing> {
  const { form, session, at } = request
  const approvals = await approvalsOf(deps, request, found)
  const mayChange = mayPerson(session, 'subjects:erase')
  return {
    view: 'subject-case',
    title: texts().subjects.one.title(found.caseRef),
    model: {
      ...{ found, notice, wrong, values: form, outcomes: CASE_OUTCOMES, ...approvals },
      left: daysLeft(found.dueOn, at),
      longest: dueOn(found.receivedOn, 3),
      acts: ACTS[found.kind].filter(act => mayChange || act === 'tonen' || act === 'pdf'),
    },
  }
}

/** What of this request waits for a second person, and what this person may now do. */
async function approvalsOf(
  { pool }: ConsoleDeps,
  { session, scope, at }: PageRequest,
  found: SubjectCase,
): Promise<{ waiting: string[]; approved: string[] }> {
  const isOf = ({ operation, reason }: WaitingApproval) =>
    operation !== 'parked' && reason.startsWith(`${found.caseRef} `)
  const by = actorOf(session)
  const subjectOperations = FOUR_EYES.filter(operation => operation !== 'parked')
  const [waiting, ...approved] = await Promise.all([
    listApprovals(pool, at, scope),
    ...subjectOperations.map(operation => listApproved(pool, { by, operation, at })),
  ])
  const words = (list: WaitingApproval[]) =>
    list.filter(isOf).map(one => texts().approvals.operations[one.operation as never] as string)
  return { waiting: words(waiting), approved: words(approved.flat()) }
}
