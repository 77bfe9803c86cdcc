import { CONSOLE_ROLES, type RoleMapping } from '../config-people.ts'
import type { Holder } from './scope.ts'

const MAX_NAME = 80

/**
 * The role that claims give, the one that may do most where there are several; undefined where they give
 * none. To be the officer of one party is more than a viewer and less than any other role of all. Who would
 * be that of two parties has no role: a session is of one, and which one is not ours to choose. Values are
 * compared exactly. Pure.
 */
export function roleOf(
  claims: Readonly<Record<string, unknown>>,
  { claim, roles, officers }: RoleMapping,
): Holder | undefined {
  const values = textsOf(claim.reduce<unknown>(member, claims))
  const fits = (list: readonly string[] = []) => list.some(value => values.has(value))
  const role = CONSOLE_ROLES.find(one => fits(roles[one]))
  const [party, second] = [...officers.keys()].filter(one => fits(officers.get(one)))
  if (party === undefined || (role !== undefined && role !== 'viewer')) return role && { role }
  return second === undefined ? { role: 'privacy-officer', party } : undefined
}

/** A name to show in the list of sessions: the first of the usual claims, in one short line. Pure. */
export function nameOf(claims: Readonly<Record<string, unknown>>): string | undefined {
  const found = ['name', 'preferred_username'].map(it => claims[it]).find(isText)
  const line = found?.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return line ? [...line].slice(0, MAX_NAME).join('') : undefined
}

function member(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function textsOf(value: unknown): ReadonlySet<string> {
  return new Set((Array.isArray(value) ? value : [value]).filter(isText))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
