import { timingSafeEqual } from 'node:crypto'
import { CONSOLE_ROLES, type ConsoleRole } from '../config-people.ts'
import { refuse } from '../errors.ts'
import { mayPerson, type PeopleOperation, RIGHTS } from './operations.ts'
import type { Holder } from './scope.ts'
import { type ConsoleSession, isPersonToken } from './session.ts'

export type { PeopleOperation } from './operations.ts'

/** The roles that may do each operation of people at the interface, of all parties. */
export const PEOPLE_OPERATIONS: Readonly<Record<PeopleOperation, readonly ConsoleRole[]>> = {
  'audit:read': rolesOf('audit:read'),
  'tiles:read': rolesOf('tiles:read'),
  'usage:search': rolesOf('usage:search'),
  'subjects:restrict': rolesOf('subjects:restrict'),
  'subjects:erase': rolesOf('subjects:erase'),
  'approvals:manage': rolesOf('approvals:manage'),
}

/** The signed-in person behind a request. */
export interface Person extends Holder {
  /** `ses_…`, the session: names the person in evidence until there are accounts; opens nothing. */
  id: string
}

/** How a person shows who it is; both attacker-controlled. */
export type PersonCredential =
  | { kind: 'bearer'; secret: string }
  | { kind: 'cookie'; secret: string; csrf: string | undefined }

/** The name of the header that carries the session's token where the cookie does the rest. */
export const CSRF_HEADER = 'X-CSRF-Token'
/** The name of the console's session cookie; with the prefix of cookieName over https. */
export const SESSION_COOKIE = 'huisbrug-sessie'

/** The full name of a cookie; `__Host-` binds it to this host over https. */
export function cookieName(publicUrl: string, name: string): string {
  return publicUrl.startsWith('https:') ? `__Host-${name}` : name
}

/** The value of a cookie in a Cookie header, or undefined. Attacker-controlled. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/** Compares two tokens in constant time; a missing one never fits. */
export function tokensMatch(given: unknown, expected: string | undefined): boolean {
  if (typeof given !== 'string' || !expected) return false
  const left = Buffer.from(given)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * What a request shows of a person, or undefined: a token of `huisbrug console token`, else, where
 * there is no Authorization header, the console's cookie.
 */
export function personCredential(
  publicUrl: string,
  header: (name: string) => string | undefined,
): PersonCredential | undefined {
  const authorization = header('authorization')
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    return secret !== undefined && isPersonToken(secret) ? { kind: 'bearer', secret } : undefined
  }
  const secret = cookieValue(header('cookie'), cookieName(publicUrl, SESSION_COOKIE))
  return secret ? { kind: 'cookie', secret, csrf: header(CSRF_HEADER) } : undefined
}

/**
 * Lets a person through who is signed in with a role that may do the operation. A cookie goes along by
 * itself, so a call that changes something also carries what only the session's own pages know.
 * @param session what the credential opened; absent where it is unknown or has ended
 * @throws Refusal HB-113, HB-114, HB-115
 */
export function assertPerson(
  session: ConsoleSession | undefined,
  credential: PersonCredential,
  call: { operation: PeopleOperation; changes: boolean; isOwn: boolean },
): Person {
  if (!session) throw refuse('HB-113', '', 'access: session')
  const isOpen = session.party === undefined || call.isOwn
  if (!isOpen || !mayPerson(session, call.operation))
    throw refuse('HB-114', '', `access: ${call.operation}`)
  if (call.changes && credential.kind === 'cookie' && !tokensMatch(credential.csrf, session.csrf))
    throw refuse('HB-115', '', `access: ${CSRF_HEADER}`)
  const { id, role, party } = session
  return { id, role, ...(party !== undefined && { party }) }
}

function rolesOf(operation: PeopleOperation): readonly ConsoleRole[] {
  return CONSOLE_ROLES.filter(role => Object.hasOwn(RIGHTS.people[operation], role))
}
