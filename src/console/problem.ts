import { isStoreAway } from '../db/away.ts'
import { faultOf, type Logger } from '../log.ts'
import { type Drawing, PageProblem, type Problem } from './page.ts'
import { texts } from './texts/index.ts'

const BY_CODE: Readonly<Record<string, Problem>> = {
  'HB-110': 'not-signed-in',
  'HB-112': 'link-used',
  'HB-116': 'no-role',
  'HB-117': 'sign-in-failed',
  'HB-118': 'provider-away',
  'HB-208': 'unreadable-form',
}
const CODES = Object.fromEntries(Object.entries(BY_CODE).map(([code, problem]) => [problem, code]))
const SIGN_IN: ReadonlySet<Problem> = new Set(['no-role', 'sign-in-failed', 'provider-away'])

/** The one funnel from anything thrown to a page; what is ours is logged without its message. */
export function toPageProblem(thrown: unknown, log: Pick<Logger, 'error'>): PageProblem {
  if (thrown instanceof PageProblem) return thrown
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  const { code, status } = error as { code?: unknown; status?: unknown }
  const known = typeof code === 'string' ? BY_CODE[code] : undefined
  if (known) return new PageProblem(known)
  // body-parser and the router give a status to what a caller did wrong.
  if (typeof status === 'number' && status >= 400 && status < 500 && code === undefined) {
    return new PageProblem('unreadable-form')
  }
  if (code === 'entry-malformed') return new PageProblem('log-unreadable')
  log.error('a console page failed', { ...faultOf(error) })
  return new PageProblem(isStoreAway(thrown) ? 'store-away' : 'failed')
}

interface Place {
  /** Path of the console. */
  base: string
  /** Where the same page can be tried again; absent after a form. */
  again?: string | undefined
  /** Whether people sign in at an identity provider. */
  byProvider: boolean
  /** What a person typed before the session ended, and where it goes. */
  kept?: { action: string; fields: Readonly<Record<string, string>> } | undefined
}

/** The page that explains a problem and says what to do. */
export function problemDrawing({ problem, status }: PageProblem, place: Place): Drawing {
  const text = texts().problems[problem]
  const isStranger = problem === 'not-signed-in' && place.byProvider
  const lines = isStranger ? [texts().problems.signInFirst] : text.lines
  const needsLink = status === 401 && !place.byProvider && !SIGN_IN.has(problem)
  const command = needsLink ? texts().problems.command : undefined
  const code = SIGN_IN.has(problem) ? CODES[problem] : undefined
  const links = linksFor(problem, place)
  return {
    view: 'problem',
    title: text.title,
    status,
    model: { lines, command, code, links, kept: place.kept },
  }
}

function linksFor(problem: Problem, { base, again, byProvider }: Place) {
  const signIn = { href: `${base}/aanmelden`, text: texts().problems.signIn, isMain: true }
  const retry = again ? [{ href: again, text: texts().problems.again }] : []
  if (SIGN_IN.has(problem) || problem === 'too-many') return [signIn]
  if (problem === 'not-signed-in' && byProvider) return [signIn, ...retry]
  if (retry.length > 0 && (problem === 'not-signed-in' || problem === 'store-away')) return retry
  if (problem === 'log-unreadable')
    return [{ href: `${base}/controle`, text: texts().problems.toVerify }]
  return [{ href: base, text: texts().problems.toOverview }]
}
