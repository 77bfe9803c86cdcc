import { AsyncLocalStorage } from 'node:async_hooks'
import type { Request, RequestHandler } from 'express'
import type { Language } from '../language.ts'
import { cookieFor, readCookie } from './security.ts'

export type { Language } from '../language.ts'

const COOKIE = 'huisbrug-taal'
const PARAMETER = 'taal'
const YEAR_MS = 365 * 86_400_000

const drawn = new AsyncLocalStorage<Language>()

/** The language of the page being drawn; Dutch outside of one. */
export function language(): Language {
  return drawn.getStore() ?? 'nl'
}

/** Runs `draw`, and all it waits for, in a language. */
export function inLanguage<T>(chosen: Language, draw: () => T): T {
  return drawn.run(chosen, draw)
}

/**
 * Draws every page in the language that the person chose, Dutch until then: what a browser says it
 * likes says little, for many are installed in English. `?taal=en` on any page keeps a choice for a
 * year and leads to the same page; it is no more than a liking, so a GET may do that.
 * @param base path of the console on its public address
 */
export function languageOfPages(publicUrl: string, base: string): RequestHandler {
  const strict = cookieFor(publicUrl, COOKIE)
  // Lax: the page that comes back from the identity provider is in the language too.
  const options = { ...strict.options, sameSite: 'lax' as const, maxAge: YEAR_MS }
  return (req, res, next) => {
    const asked = req.query[PARAMETER]
    if (req.method === 'GET' && isLanguage(asked)) {
      res.cookie(strict.name, asked, options)
      res.redirect(303, base + withLanguage(req.url))
      return
    }
    const chosen = readCookie(req, strict.name)
    inLanguage(isLanguage(chosen) ? chosen : 'nl', next)
  }
}

/**
 * The other language, and where the page of this request is in it.
 * @param place the path below /console to go to where what was drawn is at no address of its own
 */
export function otherLanguage(
  req: Request,
  base: string,
  { path, isElsewhere }: { path: string; isElsewhere: boolean },
) {
  const other: Language = language() === 'nl' ? 'en' : 'nl'
  // What a form answered with is at no address; nor does an answer of the provider work twice.
  const isOnce = req.method !== 'GET' || req.path === '/aanmelden/terug'
  return { lang: other, href: base + withLanguage(isElsewhere || isOnce ? path : req.url, other) }
}

function withLanguage(address: string, chosen?: Language): string {
  const url = new URL(`http://localhost${address}`)
  url.searchParams.delete(PARAMETER)
  if (chosen) url.searchParams.set(PARAMETER, chosen)
  return url.pathname + url.search
}

function isLanguage(value: unknown): value is Language {
  return value === 'nl' || value === 'en'
}
