import { evaluateBlindly } from '../../exchange/evaluation.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/** Evaluates blinded elements under a domain's key, within the caller's quota. */
export const postEvaluations: Route = {
  method: 'post',
  path: '/v1/pseudonyms/evaluations',
  access: 'evaluations:write',
  handle: async (context, request) => {
    const { domain, blinded } = readJson(request, 'evaluation-request')
    const body = await evaluateBlindly(context, callerOf(request), domain, blinded, request.at)
    return { status: 200, body }
  },
}
