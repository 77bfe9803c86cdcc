import type { Person } from '../../access/people.ts'
import type { By } from '../../subject/approval.ts'
import { usageByNumber, usageByReference } from '../../subject/usage.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/**
 * What the log says about a person: all of it for a privacy officer, by national number; for a housing
 * company what it sent or got about a current tenant of its own, by its own reference.
 */
export const postUsage: Route = {
  method: 'post',
  path: '/v1/subjects/usage',
  access: 'usage:read',
  people: 'usage:search',
  repeats: 'nothing',
  handle: async (context, request) => {
    const { at, person } = request
    if (person) {
      const question = readJson(request, 'usage-by-number')
      return { status: 200, body: await usageByNumber(context, question, byOf(person), at) }
    }
    const question = readJson(request, 'usage-by-reference')
    const { party, kind } = callerOf(request)
    return {
      status: 200,
      body: await usageByReference(context, question, { party, role: kind }, at),
    }
  },
}

/** A person of the interface as one who acts. */
export function byOf({ id, role }: Person): By {
  return { role, client: id }
}
