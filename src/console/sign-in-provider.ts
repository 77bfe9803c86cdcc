import type { Request, Response, Router } from 'express'
import type { PeopleProvider } from '../access/oidc.ts'
import { useLogoutToken } from '../access/oidc-logout.ts'
import { SESSION_COOKIE } from '../access/people.ts'
import { Refusal, refuse } from '../errors.ts'
import type { Frame } from './console.ts'
import { PageProblem } from './page.ts'
import { cookieFor, readCookie } from './security.ts'
import { texts } from './texts/index.ts'

const ATTEMPT = 'huisbrug-aanmelding'
const ATTEMPT_MS = 10 * 60_000
const ATTEMPT_FORM = /^[A-Za-z0-9_-]{43}$/

/**
 * Signing in at the identity provider: there and back. The cookie of the attempt is Lax, for the way back
 * starts at another site; it binds the answer to this browser and is gone once there is one.
 */
export function addProviderSignIn(router: Router, frame: Frame): void {
  const { deps, base } = frame
  const { provider } = deps
  if (!provider) return
  const session = cookieFor(deps.config.publicUrl, SESSION_COOKIE)
  const strict = cookieFor(deps.config.publicUrl, ATTEMPT)
  const attempt = { ...strict, options: { ...strict.options, sameSite: 'lax' as const } }

  router.get('/aanmelden/start', async (req, res) => {
    takeOfAddress(frame, req)
    const secret = provider.newAttempt()
    const url = await provider.start(secret)
    res.cookie(attempt.name, secret, { ...attempt.options, maxAge: ATTEMPT_MS })
    res.redirect(303, url.href)
  })

  router.get('/aanmelden/terug', async (req, res) => {
    takeOfAddress(frame, req)
    res.clearCookie(attempt.name, attempt.options)
    const opened = await finish(frame, provider, readCookie(req, attempt.name) ?? '', req)
    // A new secret at each sign-in: what another put into this browser before opens nothing.
    res.cookie(session.name, opened.cookie, session.options)
    // Not a redirect: that would still belong to the other site, and a Strict cookie stays behind then.
    res.set('Refresh', `0; url=${base}`)
    frame.draw(res, { view: 'signed-in', title: texts().signIn.signedInTitle, model: {} })
  })

  router.post('/afgemeld-door-aanbieder', (req, res) => signOut(frame, provider, req, res))
}

/**
 * The provider itself says that somebody signed out there (OpenID Connect Back-Channel Logout 1.0): no browser,
 * no session, no form of ours; its signature is all there is. What is no good token counts by address.
 */
async function signOut(
  frame: Frame,
  provider: Pick<PeopleProvider, 'readLogout'>,
  req: Request,
  res: Response,
): Promise<void> {
  const { deps } = frame
  try {
    const { logout_token: token } = (req.body ?? {}) as Record<string, unknown>
    const out = await provider.readLogout(typeof token === 'string' ? token : '', deps.clock())
    await deps.sessions.endAtProvider(out, tx => useLogoutToken(tx, out.token))
    res.status(200).end()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    takeOfAddress(frame, req)
    const isAway = error.code === 'HB-118'
    if (!isAway) await deps.tokens?.noteRefusal(error.code)
    const said = isAway ? 'temporarily_unavailable' : 'invalid_request'
    res.status(isAway ? 503 : 400).json({ error: said })
  }
}

async function finish(
  { deps }: Frame,
  provider: Pick<PeopleProvider, 'finish'>,
  secret: string,
  req: Request,
): Promise<{ cookie: string }> {
  try {
    if (!ATTEMPT_FORM.test(secret)) throw refuse('HB-117', '', 'console: no attempt')
    const query = new URL(req.url, 'http://localhost').search.slice(1)
    return await deps.sessions.openFor(await provider.finish(secret, query))
  } catch (error) {
    const isHere = error instanceof Refusal && error.code !== 'HB-118'
    if (isHere) await deps.tokens?.noteRefusal(error.code)
    throw error
  }
}

// Who is not signed in can have the gateway call the provider: no more often than a call without a token.
function takeOfAddress({ deps }: Frame, req: Request): void {
  try {
    deps.limits?.addresses.take(req.ip ?? req.socket.remoteAddress ?? '')
  } catch (error) {
    throw error instanceof Refusal ? new PageProblem('too-many') : error
  }
}
