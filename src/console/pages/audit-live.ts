import { setTimeout as sleep } from 'node:timers/promises'
import { entriesSince } from '../../audit/query-since.ts'
import type { ConsoleDeps } from '../deps.ts'
import { FilterForm } from '../filter-form.ts'
import { format } from '../format.ts'
import { type Page, PageProblem, type PageRequest } from '../page.ts'
import { partyNames } from '../reads/messages.ts'
import { lineOf, readFilter } from './audit-log.ts'

const EVERY_MS = 1_000
// Shorter than a session may be idle: who walks away is not kept signed in.
const LASTS_MS = 10 * 60_000
// Each looks into the database once a second.
const MOST_FEEDS = 20
const INDEX = /^(-1|0|[1-9]\d{0,14})$/

const open = new WeakMap<ConsoleDeps, number>()

/**
 * GET /console/auditlog/live: new entries that fit the filter, as server-sent events, from the place
 * `vanaf` on. It ends after ten minutes, with the session, and at once where too many follow the log.
 */
export const auditLivePage: Page = {
  method: 'get',
  path: '/auditlog/live',
  operation: 'evidence:read',
  own: true,
  nav: 'auditLog',
  answer: async (deps, request) => {
    const names = await partyNames(deps.reading, request.scope)
    const form = new FilterForm(request.query)
    const filter = readFilter(form, names, deps, request)
    const from = request.query['vanaf'] ?? ''
    if (form.isWrong || !INDEX.test(from)) throw new PageProblem('not-found')
    const read = (after: number) => entriesSince(deps.reading, after, filter, request.scope)
    const lines = async (after: number) => {
      const found = await read(after)
      return { ...found, items: found.items.map(item => lineOf(item, names)) }
    }
    return { feed: follow(deps, request, Number(from), lines) }
  },
}

type Line = ReturnType<typeof lineOf>
type Read = (after: number) => Promise<{ items: Line[]; after: number }>

async function* follow(
  deps: ConsoleDeps,
  { session }: PageRequest,
  from: number,
  read: Read,
): AsyncGenerator<string> {
  const others = open.get(deps) ?? 0
  open.set(deps, others + 1)
  try {
    const end = performance.now() + (others < MOST_FEEDS ? LASTS_MS : 0)
    let after = from
    while (performance.now() < end && (await isSignedIn(deps, session.id))) {
      const found = await read(after)
      after = found.after
      // Also without news something is sent, so that a reader who left is noticed.
      yield found.items.length > 0 ? found.items.map(eventOf).join('') : ':\n\n'
      await sleep(EVERY_MS)
    }
    yield 'event: einde\ndata: einde\n\n'
  } finally {
    open.set(deps, (open.get(deps) ?? 1) - 1)
  }
}

function eventOf(line: Line): string {
  const at = new Date(line.at)
  const data = { ...line, moment: format.moment(at), number: format.number(line.index) }
  return `event: regel\ndata: ${JSON.stringify(data)}\n\n`
}

// Looking is no use of the session: a feed alone does not keep it open.
async function isSignedIn({ sessions }: ConsoleDeps, id: string): Promise<boolean> {
  return (await sessions.listSessions()).some(one => one.id === id)
}
