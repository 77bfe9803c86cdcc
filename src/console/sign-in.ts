import type { Request, Router } from 'express'
import { SESSION_COOKIE } from '../access/people.ts'
import type { Frame } from './console.ts'
import type { ConsoleDeps, Session } from './deps.ts'
import { PageProblem } from './page.ts'
import { cookieFor, newFormToken, readCookie, tokensMatch } from './security.ts'
import { texts } from './texts/index.ts'

const FORM = 'huisbrug-aanmelden'
const FORM_MS = 15 * 60_000
const LINK_FORM = /^[A-Za-z0-9_-]{16,200}$/

/**
 * The session of a request, or undefined.
 * The cookie is attacker-controlled; what it opens is decided by its digest in the database.
 */
export async function findSession(deps: ConsoleDeps, req: Request): Promise<Session | undefined> {
  return deps.sessions.findSession(
    readCookie(req, cookieFor(deps.config.publicUrl, SESSION_COOKIE).name),
  )
}

/**
 * Signing in with a link, and out. Opening a link only shows a button, so that a preview of the link in a
 * mail or chat does not use it up; the button's form is bound to this browser by a cookie of its own, for
 * there is no session yet. Without a link the page leads to the identity provider, where there is one.
 */
export function addSignIn(router: Router, frame: Frame): void {
  const { deps, base } = frame
  const session = cookieFor(deps.config.publicUrl, SESSION_COOKIE)
  const form = cookieFor(deps.config.publicUrl, FORM)

  router.get('/aanmelden', (req, res) => {
    const link = String(req.query['link'] ?? '')
    if (!LINK_FORM.test(link)) {
      if (!deps.provider || link !== '') throw new PageProblem('not-signed-in')
      frame.draw(res, { view: 'sign-in-provider', title: texts().signIn.title, model: {} })
      return
    }
    const csrf = newFormToken()
    res.cookie(form.name, csrf, { ...form.options, maxAge: FORM_MS })
    frame.draw(res, { view: 'sign-in', title: texts().signIn.title, model: { link, csrf } })
  })

  router.post('/aanmelden', async (req, res) => {
    const { link, csrf } = (req.body ?? {}) as Record<string, unknown>
    if (!tokensMatch(csrf, readCookie(req, form.name))) throw new PageProblem('foreign-form')
    if (typeof link !== 'string' || !LINK_FORM.test(link)) throw new PageProblem('link-used')
    const opened = await deps.sessions.openSession(link)
    res.clearCookie(form.name, form.options)
    // Without an end of its own: it goes with the browser, and the server decides how long it works.
    res.cookie(session.name, opened.cookie, session.options)
    res.redirect(303, base)
  })

  router.post('/afmelden', async (req, res) => {
    const found = await findSession(deps, req)
    if (!found) throw new PageProblem('not-signed-in')
    if (!tokensMatch(req.body?.csrf, found.csrf)) throw new PageProblem('foreign-form')
    await deps.sessions.closeSession(readCookie(req, session.name) ?? '')
    res.clearCookie(session.name, session.options)
    const model = { again: Boolean(deps.provider), elsewhere: await deps.provider?.signOutUrl() }
    frame.draw(res, { view: 'signed-out', title: texts().signIn.signedOutTitle, model })
  })
}
