import type { Request, Response } from 'express'
import { rateLimitHeaders } from '../access/limit-bucket.ts'
import { refuseTooMany } from '../access/limits.ts'
import type { Caller } from '../access/operations.ts'
import { isLoopbackAddress } from '../access/peer-url.ts'
import type { Context } from '../context.ts'
import { type ErrorCode, Refusal } from '../errors.ts'
import type { Route } from './route.ts'

const LIMITS: ReadonlySet<ErrorCode> = new Set(['HB-601', 'HB-605'])

/** Whether a call comes from this machine itself, not through a proxy. */
export function isLocal(request: Request): boolean {
  return isLoopbackAddress(request.socket.remoteAddress ?? '') && !request.get('x-forwarded-for')
}

/** Where a call comes from, as far as a trusted proxy or the connection says. */
export function addressOf(request: Request): string {
  return request.ip ?? request.socket.remoteAddress ?? ''
}

/**
 * Who calls, where they may and have not used up their limit; undefined on public routes. A token that
 * is good is let through whatever others do at the same address; what is done without one counts there.
 * @throws Refusal of the 1xx family, HB-601
 */
export async function admit(
  context: Context,
  { access, path }: Route,
  request: Request,
  response: Response,
): Promise<Caller | undefined> {
  if (access === 'public') {
    if (path === '/oauth/token') takeOfAddress(context, request)
    return undefined
  }
  const authorization = request.get('authorization')
  const caller = await context.tokens.verifyToken(authorization, access).catch(error => {
    if (error instanceof Refusal) takeOfAddress(context, request)
    throw error
  })
  const standing = await context.limits.parties.take(caller.party)
  response.set(rateLimitHeaders(standing))
  return noted(context, caller, () => {
    if (!standing.granted) throw refuseTooMany(standing.retryAfter)
    return caller
  })
}

/** Does the work; where a limit stops it that is evidence, as far as it is known whose it is. */
export async function noted<T>(
  context: Context,
  caller: Caller | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isLimit = error instanceof Refusal && LIMITS.has(error.code)
    if (isLimit && caller) await context.tokens.noteRefusal(error.code, caller.party)
    throw error
  }
}

// What runs on this machine would share one address, and is the operator's own.
function takeOfAddress(context: Context, request: Request): void {
  if (!isLocal(request)) context.limits.addresses.take(addressOf(request))
}
