import { actorOf } from '../../access/scope.ts'
import type { SessionLine } from '../../access/session.ts'
import type { ConsoleDeps } from '../deps.ts'
import type { Drawing, Page, PageRequest } from '../page.ts'
import { texts } from '../texts/index.ts'

const PATH = '/aangemeld'

/** /console/aangemeld: who is signed in. */
export const sessionsPage: Page = {
  method: 'get',
  path: PATH,
  operation: 'sessions:manage',
  nav: 'sessions',
  answer: (deps, request) => draw(deps, request),
}

/** POST of the same: ends one session at once; the entry says who did. */
export const endSessionPage: Page = {
  method: 'post',
  path: PATH,
  operation: 'sessions:manage',
  nav: 'sessions',
  answer: async (deps, request) => {
    const by = actorOf(request.session)
    const isEnded = await deps.sessions.endSession(request.form['sessie'] ?? '', by)
    return draw(deps, request, isEnded ? 'ended' : 'gone')
  },
}

async function draw(
  { sessions }: ConsoleDeps,
  { session }: PageRequest,
  told?: 'ended' | 'gone',
): Promise<Drawing> {
  const lines = (await sessions.listSessions()).map(line => toLine(line, session.id))
  const status = told === 'gone' ? 409 : 200
  const notice = told && texts().sessions[told]
  return {
    view: 'sessions',
    title: texts().sessions.title,
    status,
    model: { lines, notice, isGood: told === 'ended' },
  }
}

function toLine({ way, name, ...line }: SessionLine, own: string) {
  return { ...line, isOwn: line.id === own, who: name ?? texts().sessions.unnamed[way] }
}
