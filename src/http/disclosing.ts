import type { Operation } from '../access/operations.ts'
import type { PeopleOperation } from '../access/people.ts'
import type { Context } from '../context.ts'
import type { Route } from './route.ts'

// What bears persons, or is about one.
const PERSONS: ReadonlySet<Operation | PeopleOperation | 'public'> = new Set<
  Operation | PeopleOperation
>([
  'detections:write',
  'messages:write',
  'answers:write',
  'feedback:write',
  'progress:write',
  'tenancies:write',
  'evaluations:write',
  'usage:read',
  'usage:search',
])

/**
 * Lets a call through that bears no person, or whose evidence will be signed: before anything of it is
 * written or computed.
 * @throws Refusal HB-907, HB-908
 */
export async function assertDisclosing(context: Context, route: Route): Promise<void> {
  const { access = 'public', people = 'public' } = route
  if (PERSONS.has(access) || PERSONS.has(people)) await context.disclosures.assertOpen()
}
