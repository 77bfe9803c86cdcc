import { mayPerson } from '../../access/operations.ts'
import { actorOf } from '../../access/scope.ts'
import { Refusal } from '../../errors.ts'
import {
  closeParked,
  listParked,
  ParkedError,
  type ParkedOutcome,
  previewParked,
} from '../../exchange/parked.ts'
import { type Release, releaseParked } from '../../subject/release.ts'
import type { ConsoleDeps, Session } from '../deps.ts'
import { format } from '../format.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { readOldestParked } from '../reads/overview.ts'
import { namesOfTypes } from '../reads/type-names.ts'
import { explainReason } from '../sentence.ts'
import { texts } from '../texts/index.ts'

const MESSAGE_ID = /^msg_[0-9A-Za-z]{1,40}$/
const PATH = '/berichten/:id/geparkeerd'
const MOST = 200

type Kind = 'resume' | 'close'

/** /console/berichten/:id/geparkeerd: what of a message waits for a person, and what to do with it. */
export const parkedPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'parked:decide',
  own: true,
  nav: 'messages',
  answer: (deps, request) => drawParked(deps, request),
}

/** POST of the same: first what it will do, and once confirmed it is done. */
export const decideParkedPage: Page = {
  method: 'post',
  path: PATH,
  operation: 'parked:decide',
  own: true,
  nav: 'messages',
  answer: async (deps, request) => {
    try {
      return await decide(deps, request)
    } catch (error) {
      if (error instanceof ParkedError) return refused(deps, request, error)
      if (error instanceof Refusal) return notYet(deps, request, error)
      throw error
    }
  },
  keeps: {
    fields: ['reden'],
    again: (deps, request) => {
      const reason = request.form['reden'] ?? ''
      return drawParked(deps, request, { reason, error: texts().common.sentAgain, about: 'all' })
    },
  },
}

/** What the form of a parked message needs; nothing where nothing is parked. */
export async function parkedModel(
  { pool }: ConsoleDeps,
  id: string,
  { session, scope }: Pick<PageRequest, 'session' | 'scope'>,
) {
  const [parked, names] = await Promise.all([
    listParked(pool, { ids: [id], scope }, MOST),
    partyNames(pool, scope),
  ])
  return {
    id,
    most: MOST,
    mayDecide: mayPerson(session, 'parked:decide'),
    mayRead: mayPerson(session, 'evidence:read'),
    canResume: parked.some(it => !it.isGone),
    lines: parked.map(it => ({
      ...it,
      name: names.get(it.destination) ?? it.destination,
      why: it.reason ? explainReason(it.reason) : '',
    })),
  }
}

/** What is parked the longest, each with where this person decides about it. */
export async function oldestParked(
  { pool, protocols }: ConsoleDeps,
  { session, scope }: PageRequest,
) {
  const nameOf = namesOfTypes(protocols.current())
  const lines = await readOldestParked(pool, scope)
  return lines.map(line => ({
    ...line,
    name: nameOf(line.type, line.protocol),
    path: pathFor(session, line.messageId),
  }))
}

// Who may read the journey decides there; an operator has a page with what is parked alone.
function pathFor(session: Session, id: string): string | undefined {
  if (mayPerson(session, 'evidence:read')) return `/berichten/${id}#geparkeerd`
  return mayPerson(session, 'parked:decide') ? `/berichten/${id}/geparkeerd` : undefined
}

interface Filled {
  reason: string
  error: string
  about: 'reason' | 'all'
}

async function drawParked(
  deps: ConsoleDeps,
  request: PageRequest,
  filled?: Filled,
): Promise<Drawing> {
  const parked = await parkedModel(deps, idOf(request.params), request)
  return { view: 'parked', title: texts().parked.title, model: { parked, filled } }
}

async function decide(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const { form, params, session } = request
  const id = idOf(params)
  const kind: Kind = form['wat'] === 'afsluiten' ? 'close' : 'resume'
  const isConfirmed = form['bevestigd'] === 'ja'
  const change = changeOf(request, id)
  const outcome = isConfirmed
    ? await act(deps, kind, change)
    : await previewParked(deps.pool, change, kind)
  const text = texts().parked[kind]
  const title = isConfirmed ? text.done : text.confirm
  const mayRead = mayPerson(session, 'evidence:read')
  const { reason } = change
  const model = { ...outcome, id, kind, title, reason, isConfirmed, mayRead }
  return { view: 'parked-decide', title, model }
}

function act(deps: ConsoleDeps, kind: Kind, change: Release): Promise<ParkedOutcome> {
  return kind === 'close' ? closeParked(deps.pool, change) : releaseParked(deps, change)
}

function idOf(params: PageRequest['params']): string {
  const id = params['id'] ?? ''
  if (!MESSAGE_ID.test(id)) throw new PageProblem('not-found')
  return id
}

function changeOf({ form, session, scope, at }: PageRequest, id: string): Release {
  // Browsers send a line break as two characters, which the field counts as one.
  const reason = (form['reden'] ?? '').replaceAll('\r\n', '\n').trim()
  const approval = form['goedkeuring'] || undefined
  // What was parked again after the person looked is another matter.
  const seen = new Date(form['gezien'] ?? '')
  const until = Number.isNaN(seen.getTime()) ? {} : { until: seen }
  return {
    ids: [id],
    reason,
    by: actorOf(session),
    scope,
    at,
    approval,
    ...until,
  }
}

/** The message as it is now, with what is wrong; a reason that is refused is not shown again. */
async function refused(
  deps: ConsoleDeps,
  request: PageRequest,
  { code, since }: ParkedError,
): Promise<Drawing> {
  if (code === 'unknown') throw new PageProblem('not-found')
  const reason = code === 'reason' ? '' : (request.form['reden'] ?? '')
  const error = [
    texts().parked.faults[code],
    ...(since ? [texts().parked.at(format.moment(since))] : []),
  ]
  const about = code === 'reason' ? 'reason' : 'all'
  const drawing = await drawParked(deps, request, { reason, error: error.join(' '), about })
  return { ...drawing, status: code === 'reason' ? 400 : 409 }
}

/** The message as it is now; a second person has to decide first, or decided otherwise. */
async function notYet(deps: ConsoleDeps, request: PageRequest, refusal: Refusal): Promise<Drawing> {
  const id = /req_[0-9A-Z]{26}/.exec(refusal.reasons[0]?.remedy ?? '')?.[0]
  const waits = refusal.code === 'HB-514' && id ? texts().parked.waits(id) : undefined
  const error = waits ?? texts().parked.refusals[refusal.code]
  if (!error) throw refusal
  const reason = request.form['reden'] ?? ''
  const drawing = await drawParked(deps, request, { reason, error, about: 'all' })
  return { ...drawing, status: 409 }
}
