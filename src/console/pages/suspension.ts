import { actorOf } from '../../access/scope.ts'
import {
  previewChange,
  resumeProtocol,
  type SuspensionChange,
  SuspensionError,
  suspendProtocol,
} from '../../exchange/suspension.ts'
import type { ConsoleDeps } from '../deps.ts'
import { type Drawing, type Page, PageProblem, type PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { texts } from '../texts/index.ts'
import { drawProtocol } from './protocol.ts'

type Kind = 'suspend' | 'resume'

/** POST /console/protocollen/:id/opschorten: first what it will do, and once confirmed it is done. */
export const suspendPage: Page = changePage('suspend', '/protocollen/:id/opschorten')

/**
 * GET of the same: what suspending will do now, and a form that does it at once, for who has no time to
 * lose.
 */
export const suspendNowPage: Page = {
  method: 'get',
  path: '/protocollen/:id/opschorten',
  operation: 'protocols:suspend',
  nav: 'protocols',
  answer: async (deps, request) => {
    try {
      return await confirm('suspend', deps, request)
    } catch (error) {
      if (error instanceof SuspensionError) return refused(deps, request, error)
      throw error
    }
  },
}

/** POST /console/protocollen/:id/hervatten: the same, the other way. */
export const resumePage: Page = changePage('resume', '/protocollen/:id/hervatten')

function changePage(kind: Kind, path: string): Page {
  return {
    method: 'post',
    path,
    operation: 'protocols:suspend',
    nav: 'protocols',
    answer: async (deps, request) => {
      try {
        return await (request.form['bevestigd'] === 'ja' ? change : confirm)(kind, deps, request)
      } catch (error) {
        if (error instanceof SuspensionError) return refused(deps, request, error)
        throw error
      }
    },
    keeps: { fields: ['reden'], again: drawAgain },
  }
}

/** The protocol with the reason that was typed under a session that ended. */
function drawAgain(deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const filled = { reason: request.form['reden'] ?? '', error: texts().common.sentAgain }
  return drawProtocol(deps, request, filled)
}

// What it will do does not hang on the reason: looking needs none yet.
const NO_REASON = '–'

async function confirm(kind: Kind, deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const asks = request.form['reden'] === undefined
  const wanted = changeOf(request)
  const looked = asks ? { ...wanted, reason: NO_REASON } : wanted
  const preview = await previewChange(deps, looked, kind)
  const title = texts().suspension[kind].confirmTitle(titleOf(deps, wanted.id))
  const told = await namesOf(deps, preview.told)
  return draw(kind, deps, wanted, { ...preview, told, asks, step: 'confirm', title })
}

async function change(kind: Kind, deps: ConsoleDeps, request: PageRequest): Promise<Drawing> {
  const wanted = changeOf(request)
  const outcome = await (kind === 'suspend' ? suspendProtocol : resumeProtocol)(deps, wanted)
  const isStill = kind === 'resume' && outcome.state === 'suspended'
  return draw(kind, deps, wanted, {
    ...outcome,
    told: await namesOf(deps, outcome.told),
    step: 'done',
    title: texts().suspension[kind].done,
    isStill,
  })
}

async function namesOf({ pool }: ConsoleDeps, parties: readonly string[]): Promise<string[]> {
  const names = await partyNames(pool)
  return parties.map(id => names.get(id) ?? id)
}

function changeOf({ params, form, session, at }: PageRequest): SuspensionChange {
  const by = actorOf(session)
  // Browsers send a line break as two characters, which the field counts as one.
  const reason = (form['reden'] ?? '').replaceAll('\r\n', '\n').trim()
  return { id: params['id'] ?? '', reason, by, at }
}

function titleOf(deps: ConsoleDeps, id: string): string {
  return deps.protocols.current().protocols.get(id)?.document.context.title ?? id
}

function draw(
  kind: Kind,
  deps: ConsoleDeps,
  { id, reason }: SuspensionChange,
  shown: { title: string; step: 'confirm' | 'done' } & Record<string, unknown>,
): Drawing {
  const document = deps.protocols.current().protocols.get(id)?.document
  const model = { ...shown, kind, id, reason, isFramework: document?.kind === 'framework' }
  return { view: 'suspension', title: shown.title, model }
}

/** The protocol as it is, with what is wrong beside the form; what was filled in is kept. */
async function refused(
  deps: ConsoleDeps,
  request: PageRequest,
  { code }: SuspensionError,
): Promise<Drawing> {
  if (code === 'unknown') throw new PageProblem('not-found')
  // A reason that is refused is not shown again: it may hold a national number.
  const reason = code === 'reason' ? '' : (request.form['reden'] ?? '')
  const filled = { reason, error: texts().suspension.faults[code] }
  const drawing = await drawProtocol(deps, request, filled)
  return { ...drawing, status: code === 'reason' ? 400 : 409 }
}
