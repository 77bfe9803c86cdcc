import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express, { type Request, type Response, type Router } from 'express'
import { mayPerson } from '../access/operations.ts'
import { scopeOf } from '../access/scope.ts'
import { containsNationalNumber } from '../pseudonym/national-number.ts'
import { ASSETS_VERSION, serveAsset } from './assets.ts'
import type { ConsoleDeps, Session } from './deps.ts'
import { languageOfPages, otherLanguage } from './language.ts'
import {
  type Answer,
  type Download,
  type Drawing,
  type Page,
  PageProblem,
  type PageRequest,
} from './page.ts'
import { MENU, PAGES } from './pages/index.ts'
import { problemDrawing, toPageProblem } from './problem.ts'
import { createRender } from './render.ts'
import { allowOwnScript, securityHeaders, tokensMatch } from './security.ts'
import { addSignIn, findSession } from './sign-in.ts'
import { addProviderSignIn } from './sign-in-provider.ts'

const MAX_FORM = '16kb'

/** What the sign-in pages and the others share: how to answer with a page. */
export interface Frame {
  deps: ConsoleDeps
  /** Path of the console on its public address, such as /console. */
  base: string
  draw(res: Response, drawing: Drawing, frame?: { session: Session; nav: string }): void
}

/**
 * The privacy officer's pages, to be mounted at /console. Every page but those of signing in asks for
 * a session of a role that may open it; every form carries its session's token; a failure is a page
 * that shows nothing of the input or of the inside.
 */
export function createConsole(deps: ConsoleDeps): Router {
  const router = express.Router({ caseSensitive: true })
  const frame = createFrame(deps)
  router.use(securityHeaders(deps.config.publicUrl))
  router.get('/bestanden/:name', serveAsset)
  router.use(languageOfPages(deps.config.publicUrl, frame.base))
  router.use(express.urlencoded({ extended: false, limit: MAX_FORM, parameterLimit: 50 }))
  addSignIn(router, frame)
  addProviderSignIn(router, frame)
  for (const page of PAGES)
    router[page.method](page.path, (req, res) => serve(frame, page, req, res))
  router.use(async (req: Request) => {
    await requireSession(frame, req)
    throw new PageProblem('not-found')
  })
  router.use((error: unknown, req: Request, res: Response, _next: unknown) =>
    fail(frame, error, req, res),
  )
  return router
}

function createFrame(deps: ConsoleDeps): Frame {
  const render = createRender()
  const base = `${new URL(deps.config.publicUrl).pathname.replace(/\/$/, '')}/console`
  return {
    deps,
    base,
    draw: (res, drawing, signedIn) => {
      const shell = {
        base,
        version: ASSETS_VERSION,
        menu: menuFor(signedIn?.session),
        other: otherLanguage(res.req, base, addressOf(drawing, signedIn)),
        at: deps.clock(),
      }
      const body = render(drawing.view, {
        ...shell,
        title: drawing.title,
        ...signedIn,
        ...drawing.model,
        script: drawing.script,
      })
      if (drawing.script) allowOwnScript(res)
      res
        .status(drawing.status ?? 200)
        .type('html')
        .send(body)
    },
  }
}

async function serve(frame: Frame, page: Page, req: Request, res: Response): Promise<void> {
  const { deps } = frame
  const form = singleValues(req.body)
  const session = await findSession(deps, req)
  if (!session) throw new PageProblem('not-signed-in', keptOf(page, form))
  const isForeign = page.method === 'post' && !tokensMatch(form['csrf'], session.csrf)
  if (isForeign && !page.keeps) throw new PageProblem('foreign-form')
  if (!mayOpen(session, page)) throw new PageProblem('not-allowed')
  const request: PageRequest = {
    session,
    scope: scopeOf(session),
    form: isForeign ? (keptOf(page, form) ?? {}) : form,
    params: singleValues(req.params),
    query: singleValues(req.query),
    at: deps.clock(),
  }
  const answer =
    isForeign && page.keeps
      ? { ...(await page.keeps.again(deps, request)), status: 403 }
      : await page.answer(deps, request)
  await reply(frame, res, answer, { session, nav: page.nav })
}

async function reply(
  frame: Frame,
  res: Response,
  answer: Answer,
  signedIn: { session: Session; nav: string },
): Promise<void> {
  if ('view' in answer) return frame.draw(res, answer, signedIn)
  if ('file' in answer) return send(res, answer)
  res.type('text/event-stream')
  res.flushHeaders()
  // Who closes the page ends the feed: no fault of ours.
  await pipeline(Readable.from(answer.feed), res).catch(() => {})
}

function send(res: Response, { file, type, content }: Download): void {
  res.attachment(file.replace(/[^A-Za-z0-9._-]/g, '-'))
  res.setHeader('Content-Type', type)
  res.setHeader('Cache-Control', 'no-store')
  res.send(content)
}

function keptOf(page: Page, form: Record<string, string>): Record<string, string> | undefined {
  if (!page.keeps || page.method !== 'post') return undefined
  const day = new Date().toISOString().slice(0, 10)
  const keep = (text = '') => (containsNationalNumber(text, day) ? '' : text)
  return Object.fromEntries(page.keeps.fields.map(name => [name, keep(form[name])]))
}

async function requireSession(frame: Frame, req: Request): Promise<Session> {
  const session = await findSession(frame.deps, req)
  if (!session) throw new PageProblem('not-signed-in')
  return session
}

async function fail(frame: Frame, error: unknown, req: Request, res: Response): Promise<void> {
  const problem = toPageProblem(error, frame.deps.log)
  const again = req.method === 'GET' ? `${frame.base}${req.url}` : undefined
  const byProvider = Boolean(frame.deps.provider)
  const kept = problem.kept && { action: `${frame.base}${req.path}`, fields: problem.kept }
  const drawing = problemDrawing(problem, { base: frame.base, again, byProvider, kept })
  // A person who is signed in keeps the menu; one who is not sees a page of its own.
  const session =
    problem.status === 503 ? undefined : await findSession(frame.deps, req).catch(() => undefined)
  frame.draw(res, drawing, session && { session, nav: '' })
}

/** Where a drawing is in another language, if not at its own address. */
function addressOf({ view }: Drawing, signedIn: { nav: string } | undefined) {
  const item = MENU.find(({ key }) => key === signedIn?.nav)
  const path = item?.path || (signedIn ? '/' : '/aanmelden')
  // A page about a problem repeats nothing of what was asked.
  return { path, isElsewhere: view === 'problem' }
}

/** Whether a person may open a page: by the table of rights, and of one party only where it is made for that. */
export function mayOpen(session: Session, page: Pick<Page, 'operation' | 'own'>): boolean {
  return mayPerson(session, page.operation) && (session.party === undefined || page.own === true)
}

function menuFor(session: Session | undefined): typeof MENU {
  return MENU.filter(item => session && mayOpen(session, item))
}

// A parameter given twice counts once, the last: no page has a use for a list.
function singleValues(values: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries((values ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name,
      String(Array.isArray(value) ? value.at(-1) : value).trim(),
    ]),
  )
}
