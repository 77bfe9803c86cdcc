import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { CookieOptions, Request, RequestHandler } from 'express'
import helmet from 'helmet'

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

/** Name and attributes of a cookie of the console; `__Host-` binds it to this host over https. */
export function cookieFor(
  publicUrl: string,
  name: string,
): { name: string; options: CookieOptions } {
  const secure = isSecure(publicUrl)
  return {
    name: secure ? `__Host-${name}` : name,
    options: { httpOnly: true, sameSite: 'strict', secure, path: '/' },
  }
}

/** The value of a cookie of this request, or undefined. Attacker-controlled. */
export function readCookie(req: Request, name: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/** A random token for a form, 32 bytes in base64url. */
export function newFormToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Compares two tokens in constant time; a missing one never fits. */
export function tokensMatch(given: unknown, expected: string | undefined): boolean {
  if (typeof given !== 'string' || !expected) return false
  const left = Buffer.from(given)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:')
}
