import type { Request } from 'express'
import {
  assertPerson,
  type Person,
  type PersonCredential,
  personCredential,
} from '../access/people.ts'
import type { ConsoleSession } from '../access/session.ts'
import type { Context } from '../context.ts'
import { Refusal, refuse } from '../errors.ts'
import { presentedBy } from './presented.ts'
import type { Route } from './route.ts'

/** Whether a request shows a person rather than a party. */
export function claimsPerson(context: Context, request: Request): boolean {
  return credentialOf(context, request) !== undefined
}

/**
 * The person behind a request to a route for people; a refusal is evidence. A party is told that this
 * is not for parties once its token has proven who it is.
 * @throws Refusal HB-113 to HB-115; for an access token HB-102 to HB-107
 */
export async function admitPerson(
  context: Context,
  { people, method, own }: Route,
  request: Request,
): Promise<Person> {
  const credential = credentialOf(context, request)
  if (!credential) await refuseParty(context, request)
  const session = credential && (await context.sessions.findSession(credential.secret))
  try {
    if (!credential || !people) throw refuse('HB-113', '', 'access: session')
    const changes = method !== 'get'
    return assertPerson(session, credential, { operation: people, changes, isOwn: own === true })
  } catch (error) {
    await noteRefusal(context, error, session)
    throw error
  }
}

function credentialOf(context: Context, request: Request): PersonCredential | undefined {
  return personCredential(context.config.publicUrl, name => request.get(name))
}

async function refuseParty(context: Context, request: Request): Promise<void> {
  const authorization = request.get('authorization')
  if (authorization === undefined) return
  const presented = presentedBy(context, request)
  const { party } = await context.tokens.verifyToken(authorization, undefined, presented)
  await context.tokens.noteRefusal('HB-107', party)
  throw refuse('HB-107', '', 'access: for people')
}

async function noteRefusal(
  context: Context,
  error: unknown,
  session: ConsoleSession | undefined,
): Promise<void> {
  if (error instanceof Refusal)
    await context.tokens.noteRefusal(error.code, session?.id, session?.role)
}
