import { createHmac } from 'node:crypto'
import { mayPerson } from '../../access/operations.ts'
import { actorOf } from '../../access/scope.ts'
import { Refusal } from '../../errors.ts'
import { subjectTagOf } from '../../pseudonym/subject-tag.ts'
import { listApproved } from '../../subject/approval.ts'
import type { SubjectCase } from '../../subject/case.ts'
import { type Erased, erase, previewErasure } from '../../subject/erasure.ts'
import { assertRequest, type RightsRequest } from '../../subject/request.ts'
import {
  lift,
  previewLift,
  previewRestriction,
  type Restricted,
  restrict,
} from '../../subject/restriction.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Answer, Drawing, Page, PageRequest } from '../page.ts'
import { PageProblem } from '../page.ts'
import { tokensMatch } from '../security.ts'
import { explainCode, explainRemedy } from '../sentence.ts'
import { texts } from '../texts/index.ts'
import { caseOf, drawAgain, drawCase, type Notice } from './subject-case.ts'
import { ACTS, type Act, OPERATIONS, reasonFor } from './subject-reason.ts'
import { showUsage } from './subject-usage.ts'

type Change = Exclude<Act, 'tonen' | 'pdf'>

/**
 * POST /console/inzage/:id/uitvoeren: the national number is typed in, used and forgotten; what is shown
 * is an entry. A change first says what it will do, and is done once the same number is typed again.
 */
export const actPage: Page = {
  method: 'post',
  path: '/inzage/:id/uitvoeren',
  operation: 'subjects:answer',
  own: true,
  nav: 'subjects',
  answer: async (deps, request) => {
    const found = await caseOf(deps, request)
    const act = ACTS[found.kind].find(one => one === request.form['wat'])
    if (!act) throw new PageProblem('unreadable-form')
    if (found.closedAt) return refusedBy(deps, request, found, texts().subjects.faults.closed)
    try {
      const approval = await approvalFor(deps, request, found, act)
      if (act === 'tonen' || act === 'pdf')
        return await showUsage(deps, request, { found, act, approval })
      if (!mayPerson(request.session, 'subjects:erase')) throw new PageProblem('not-allowed')
      return await change(deps, request, { found, act, approval })
    } catch (error) {
      if (error instanceof Refusal) return refused(deps, request, found, error)
      throw error
    }
  },
  keeps: { fields: ['van', 'tot'], again: drawAgain },
}

/** What is to be done for whom, and the approval of a second person where there is one. */
export interface Wanted<A extends Act = Act> {
  found: SubjectCase
  act: A
  approval: string | undefined
}

async function approvalFor(
  { pool }: ConsoleDeps,
  { session, at }: PageRequest,
  found: SubjectCase,
  act: Act,
): Promise<string | undefined> {
  const by = actorOf(session)
  const approved = await listApproved(pool, { by, operation: OPERATIONS[act], at })
  return approved.find(({ reason }) => reason === reasonFor(found, act))?.id
}

async function change(
  deps: ConsoleDeps,
  request: PageRequest,
  wanted: Wanted<Change>,
): Promise<Answer> {
  const { form, session, at } = request
  const { found, act, approval } = wanted
  const asked: RightsRequest = {
    insz: form['insz'] ?? '',
    caseRef: found.caseRef,
    reason: reasonFor(found, act),
    by: actorOf(session),
    at,
    approval,
  }
  const isConfirmed = form['zegel'] !== undefined
  const seal = await sealOf(deps, request, asked, wanted)
  if (isConfirmed && !tokensMatch(form['zegel'], seal)) {
    const wrong = { field: 'insz' as const, text: texts().subjects.otherNumber }
    return { ...(await drawCase(deps, request, found, { wrong })), status: 409 }
  }
  const outcome = await perform(deps, act, asked, isConfirmed)
  const text = texts().subjects.acts[act]
  return {
    view: 'subject-act',
    title: isConfirmed ? text.done : text.confirm,
    model: { found, act, seal, isConfirmed, lines: linesOf(act, outcome, isConfirmed) },
  }
}

/** Binds the confirmation to what was shown: the same person, act and request, in this session. */
async function sealOf(
  deps: ConsoleDeps,
  { session }: PageRequest,
  asked: RightsRequest,
  { found, act }: Wanted,
): Promise<string> {
  const digits = assertRequest(asked)
  await deps.domains.ensureSubjectKey()
  const tag = await subjectTagOf(deps.evaluator, digits)
  const what = [found.id, act, tag.toString('base64url')].join(' ')
  return createHmac('sha256', session.csrf).update(what).digest('base64url')
}

type Outcome = Restricted | Erased | { since: Date }

function perform(
  deps: ConsoleDeps,
  act: Change,
  asked: RightsRequest,
  isConfirmed: boolean,
): Promise<Outcome> {
  if (act === 'beperken') return (isConfirmed ? restrict : previewRestriction)(deps, asked)
  if (act === 'opheffen') return (isConfirmed ? lift : previewLift)(deps, asked)
  return (isConfirmed ? erase : previewErasure)(deps, asked)
}

function linesOf(act: Change, outcome: Outcome, isDone: boolean): readonly string[] {
  const text = texts().subjects
  if (act === 'beperken') return text.tellRestriction(outcome as Restricted, isDone)
  if (act === 'opheffen') return text.tellLift((outcome as { since: Date }).since, isDone)
  return text.tellErasure(outcome as Erased, isDone)
}

/** The request as it is now, with what is wrong; the number is never in it. */
async function refused(
  deps: ConsoleDeps,
  request: PageRequest,
  found: SubjectCase,
  refusal: Refusal,
): Promise<Drawing> {
  const text = texts().subjects
  const { code, status } = refusal
  if (code === 'HB-401') {
    const wrong = { field: 'insz' as const, text: text.wrongNumber }
    return { ...(await drawCase(deps, request, found, { wrong })), status: 400 }
  }
  if (code === 'HB-202') {
    const wrong = { field: 'period' as const, text: texts().common.wrongRange }
    return { ...(await drawCase(deps, request, found, { wrong })), status: 400 }
  }
  if (code === 'HB-514') return refusedBy(deps, request, found, text.waits, 'warn')
  const drawing = await refusedBy(deps, request, found, [explainCode(code), explainRemedy(code)])
  return { ...drawing, status: status >= 500 ? 503 : 409 }
}

async function refusedBy(
  deps: ConsoleDeps,
  request: PageRequest,
  found: SubjectCase,
  lines: string | readonly string[],
  tone: Notice['tone'] = 'bad',
): Promise<Drawing> {
  const notice: Notice = { tone, lines: [lines].flat().filter(Boolean) }
  return { ...(await drawCase(deps, request, found, { notice })), status: 409 }
}
