import { actorOf } from '../../access/scope.ts'
import { usageByNumber, usageByReference } from '../../subject/usage.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/**
 * What the log says about a person: all of it for a privacy officer, by national number, or what concerns
 * the one party of that officer; for a housing company what it sent or got about a current tenant of its own, by its own reference.
 */
export const postUsage: Route = {
  method: 'post',
  path: '/v1/subjects/usage',
  access: 'usage:read',
  people: 'usage:search',
  own: true,
  repeats: 'nothing',
  handle: async (context, request) => {
    const { at, person } = request
    if (person) {
      const question = readJson(request, 'usage-by-number')
      return { status: 200, body: await usageByNumber(context, question, actorOf(person), at) }
    }
    const question = readJson(request, 'usage-by-reference')
    const { party, kind } = callerOf(request)
    return {
      status: 200,
      body: await usageByReference(context, question, { party, role: kind }, at),
    }
  },
}
