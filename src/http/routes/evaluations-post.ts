import { evaluateBlindly } from '../../exchange/evaluation.ts'
import { evaluateOnce } from '../../exchange/evaluation-once.ts'
import { toKeyedCall, toReply } from '../incoming.ts'
import { readJson } from '../json.ts'
import { callerOf, type Route } from '../route.ts'

/** Evaluates blinded elements under a domain's key, within the caller's quota. */
export const postEvaluations: Route = {
  method: 'post',
  path: '/v1/pseudonyms/evaluations',
  access: 'evaluations:write',
  repeats: 'own',
  handle: async (context, request) => {
    const read = () => readJson(request, 'evaluation-request')
    const operation = 'POST /v1/pseudonyms/evaluations'
    const call = toKeyedCall(request, operation)
    if (call.key !== undefined) return toReply(await evaluateOnce(context, call, read))
    const { domain, blinded } = read()
    const body = await evaluateBlindly(context, callerOf(request), domain, blinded, request.at)
    return { status: 200, body }
  },
}
