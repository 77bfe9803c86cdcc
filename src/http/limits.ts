import type { Request, Response } from 'express'
import { rateLimitHeaders } from '../access/limit-bucket.ts'
import { refuseTooMany } from '../access/limits.ts'
import type { Caller } from '../access/operations.ts'
import type { Person } from '../access/people.ts'
import type { Context } from '../context.ts'
import { type ErrorCode, Refusal } from '../errors.ts'
import { assertBoundForAll } from '../exchange/token-binding.ts'
import { isLocal } from './local.ts'
import { admitPerson, claimsPerson } from './people.ts'
import { presentedBy } from './presented.ts'
import type { Route } from './route.ts'

/** What is noted here: nobody else sees it of a caller that was let in. */
const LIMITS: ReadonlySet<ErrorCode> = new Set(['HB-123', 'HB-601', 'HB-605'])

/** Who was let in: a party, a person, or on public routes nobody in particular. */
export interface Admitted {
  caller?: Caller
  person?: Person
}

/** Where a call comes from, as far as a trusted proxy or the connection says. */
export function addressOf(request: Request): string {
  return request.ip ?? request.socket.remoteAddress ?? ''
}

/** Whose limits a call counts for; no party's id has a colon. Undefined for nobody in particular. */
export function holderOf({ caller, person }: Admitted): string | undefined {
  return caller?.party ?? (person && `person:${person.id}`)
}

/**
 * Who calls, where they may and have not used up their limit; nobody on public routes. A token that
 * is good is let through whatever others do at the same address; what is done without one counts there.
 * @throws Refusal of the 1xx family, HB-601
 */
export async function admit(
  context: Context,
  route: Route,
  request: Request,
  response: Response,
): Promise<Admitted> {
  if (route.access === 'public') {
    if (route.method === 'post') takeOfAddress(context, request)
    return {}
  }
  const admitted = await identify(context, route, request).catch(error => {
    if (error instanceof Refusal) takeOfAddress(context, request)
    throw error
  })
  const standing = await context.limits.parties.take(holderOf(admitted) ?? '')
  response.set(rateLimitHeaders(standing))
  return noted(context, admitted, () => {
    if (!standing.granted) throw refuseTooMany(standing.retryAfter)
    return admitted
  })
}

/** Does the work; where a limit stops it that is evidence, as far as it is known whose it is. */
export async function noted<T>(
  context: Context,
  { caller, person }: Admitted,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isLimit = error instanceof Refusal && LIMITS.has(error.code)
    if (isLimit && caller) await context.tokens.noteRefusal(error.code, caller.party)
    if (isLimit && person) await context.tokens.noteRefusal(error.code, person.id, person.role)
    throw error
  }
}

async function identify(
  context: Context,
  route: Exclude<Route, { access: 'public' }>,
  request: Request,
): Promise<Admitted> {
  if (route.access === undefined || (route.people && claimsPerson(context, request)))
    return { person: await admitPerson(context, route, request) }
  const presented = presentedBy(context, request)
  const authorization = request.get('authorization')
  const caller = await context.tokens.verifyToken(authorization, route.access, presented)
  const admitted = { caller }
  return noted(context, admitted, () => {
    assertBoundForAll(context.protocols.current(), caller, route.access, context.clock())
    return admitted
  })
}

// What runs on this machine would share one address, and is the operator's own.
function takeOfAddress(context: Context, request: Request): void {
  if (!isLocal(request)) context.limits.addresses.take(addressOf(request))
}
