import { isStoreAway } from '../db/away.ts'
import { faultOf, type Logger } from '../log.ts'
import { type Drawing, PageProblem } from './page.ts'
import { nl } from './texts/nl.ts'

/** The one funnel from anything thrown to a page; what is ours is logged without its message. */
export function toPageProblem(thrown: unknown, log: Pick<Logger, 'error'>): PageProblem {
  if (thrown instanceof PageProblem) return thrown
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  const { code, status } = error as { code?: unknown; status?: unknown }
  if (code === 'HB-112') return new PageProblem('link-used')
  if (code === 'HB-110') return new PageProblem('not-signed-in')
  if (code === 'HB-208') return new PageProblem('unreadable-form')
  // body-parser and the router give a status to what a caller did wrong.
  if (typeof status === 'number' && status >= 400 && status < 500 && code === undefined) {
    return new PageProblem('unreadable-form')
  }
  if (code === 'entry-malformed') return new PageProblem('log-unreadable')
  log.error('a console page failed', { ...faultOf(error) })
  return new PageProblem(isStoreAway(thrown) ? 'store-away' : 'failed')
}

/**
 * The page that explains a problem and says what to do.
 * @param again where the same page can be tried again; absent after a form
 */
export function problemDrawing(problem: PageProblem, base: string, again?: string): Drawing {
  const text = nl.problems[problem.problem]
  const link = linkFor(problem, base, again)
  return {
    view: 'problem',
    title: text.title,
    status: problem.status,
    model: {
      lines: text.lines,
      command: problem.status === 401 ? nl.problems.command : undefined,
      link,
    },
  }
}

function linkFor({ problem }: PageProblem, base: string, again: string | undefined) {
  const mayHelp = problem === 'not-signed-in' || problem === 'store-away'
  if (again && mayHelp) return { href: again, text: nl.problems.again }
  if (problem === 'log-unreadable') return { href: `${base}/controle`, text: nl.problems.toVerify }
  return { href: base, text: nl.problems.toOverview }
}
