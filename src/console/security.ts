import { randomBytes } from 'node:crypto'
import type { CookieOptions, Request, RequestHandler, Response } from 'express'
import helmet from 'helmet'
import { cookieName, cookieValue } from '../access/people.ts'

export { tokensMatch } from '../access/people.ts'

/** Headers for every answer of the console: nothing from elsewhere, nothing framed, nothing stored. */
export function securityHeaders(publicUrl: string): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'none'"],
          'style-src': ["'self'"],
          'img-src': ["'self'", 'data:'],
          'form-action': ["'self'"],
          'frame-ancestors': ["'none'"],
          'base-uri': ["'none'"],
        },
      },
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: isSecure(publicUrl),
      xFrameOptions: { action: 'deny' },
    }),
    (_req, res, next) => {
      res.set('Cache-Control', 'no-store')
      res.set('X-Robots-Tag', 'noindex, nofollow')
      next()
    },
  ]
}

/** Lets this one page run a script file of ours, which may ask this host alone; no other page runs any. */
export function allowOwnScript(res: Response): void {
  const policy = String(res.getHeader('Content-Security-Policy'))
  res.set('Content-Security-Policy', `${policy};script-src 'self';connect-src 'self'`)
}

/** Name and attributes of a cookie of the console; `__Host-` binds it to this host over https. */
export function cookieFor(
  publicUrl: string,
  name: string,
): { name: string; options: CookieOptions } {
  const secure = isSecure(publicUrl)
  return {
    name: cookieName(publicUrl, name),
    options: { httpOnly: true, sameSite: 'strict', secure, path: '/' },
  }
}

/** The value of a cookie of this request, or undefined. Attacker-controlled. */
export function readCookie(req: Request, name: string): string | undefined {
  return cookieValue(req.headers.cookie, name)
}

/** A random token for a form, 32 bytes in base64url. */
export function newFormToken(): string {
  return randomBytes(32).toString('base64url')
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:')
}
