import { actorOf } from '../../access/scope.ts'
import {
  CASE_KINDS,
  CaseError,
  type CaseFault,
  listCases,
  registerCase,
  type SubjectCase,
} from '../../subject/case.ts'
import { dayIn, daysLeft } from '../../subject/case-term.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { texts } from '../texts/index.ts'
import type { Tone } from '../tone.ts'
import { drawCase } from './subject-case.ts'

const PATH = '/inzage'
const MOST = 200

/** /console/inzage: requests of persons by case number, the first due first, and a form to register one. */
export const subjectsPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'subjects:answer',
  own: true,
  nav: 'subjects',
  answer: (deps, request) => drawCases(deps, request),
}

/** POST of the same: registers a request; who asks is nowhere in it. */
export const registerPage: Page = {
  method: 'post',
  path: PATH,
  operation: 'subjects:answer',
  own: true,
  nav: 'subjects',
  answer: register,
  keeps: {
    fields: ['kenmerk', 'recht', 'ontvangen', 'vraag'],
    again: (deps, request) => drawCases(deps, request, texts().common.sentAgain),
  },
}

async function register(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { form, session, scope, at } = request
  try {
    const made = await registerCase(deps.pool, {
      caseRef: form['kenmerk'] ?? '',
      kind: form['recht'] ?? '',
      reason: (form['vraag'] ?? '').replaceAll('\r\n', '\n'),
      receivedOn: form['ontvangen'] ?? '',
      party: scope.party,
      by: actorOf(session),
      at,
    })
    const notice = { tone: 'good' as const, lines: [texts().subjects.registered] }
    return await drawCase(deps, request, made, { notice })
  } catch (error) {
    if (!(error instanceof CaseError)) throw error
    const { code } = error
    // What is refused may hold a national number, and is not shown again.
    const form = { ...request.form, ...(CLEARED.has(code) && { [fieldOf(code)]: '' }) }
    const drawing = await drawCases(deps, { ...request, form }, undefined, code)
    return { ...drawing, status: code === 'taken' ? 409 : 400 }
  }
}

const FIELDS: Partial<Record<CaseFault, string>> = {
  case: 'kenmerk',
  taken: 'kenmerk',
  kind: 'recht',
  received: 'ontvangen',
  reason: 'vraag',
}
const CLEARED: ReadonlySet<CaseFault> = new Set(['case', 'reason'])

function fieldOf(code: CaseFault): string {
  return FIELDS[code] ?? ''
}

async function drawCases(
  { pool }: ConsoleDeps,
  { form, scope, at }: PageRequest,
  said?: string,
  fault?: CaseFault,
): Promise<Drawing> {
  const text = texts().subjects
  const { open, closed } = await listCases(pool, MOST, scope.party)
  return {
    view: 'subjects',
    title: text.title,
    model: {
      open: open.map(one => toLine(one, at)),
      closed,
      most: MOST,
      kinds: CASE_KINDS,
      today: dayIn(at),
      values: form,
      said,
      fault: fault && { field: fieldOf(fault), text: text.faults[fault] },
    },
  }
}

/** An open request with how long there is left. */
export function toLine(found: SubjectCase, at: Date): SubjectCase & { left: number; tone: Tone } {
  const left = daysLeft(found.dueOn, at)
  return { ...found, left, tone: left < 0 ? 'bad' : left <= 7 ? 'warn' : 'neutral' }
}
