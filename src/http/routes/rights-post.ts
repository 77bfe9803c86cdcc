import { actorOf } from '../../access/scope.ts'
import type { Context } from '../../context.ts'
import { erase, previewErasure } from '../../subject/erasure.ts'
import type { RightsRequest } from '../../subject/request.ts'
import { lift, previewLift, previewRestriction, restrict } from '../../subject/restriction.ts'
import { tellErasure, tellLift, tellRestriction } from '../../subject/rights-words.ts'
import { readJson } from '../json.ts'
import { type ApiRequest, personOf, type Reply, type Route } from '../route.ts'

type Act<T> = (context: Context, request: RightsRequest) => Promise<T>

/** Does what a privacy officer asks for a person, or shows what it would come to. */
async function answer<T extends object>(
  context: Context,
  request: ApiRequest,
  [act, preview]: readonly [Act<T>, Act<T>],
  tell: (outcome: T) => string[],
): Promise<Reply> {
  const body = readJson(request, 'right-request')
  const isPreview = body.preview === true
  const outcome = await (isPreview ? preview : act)(context, {
    insz: body.insz,
    caseRef: body.case,
    reason: body.reason,
    approval: body.approval,
    by: actorOf(personOf(request)),
    at: request.at,
  })
  return { status: 200, body: { preview: isPreview, ...outcome, text: tell(outcome) } }
}

/** Stops all exchange about a person (GDPR art. 18 and 21). */
export const postRestriction: Route = {
  method: 'post',
  path: '/v1/subjects/restrictions',
  people: 'subjects:restrict',
  repeats: 'natural',
  handle: (context, request) =>
    answer(context, request, [restrict, previewRestriction], tellRestriction),
}

/** Ends such a restriction. */
export const postRestrictionLift: Route = {
  method: 'post',
  path: '/v1/subjects/restrictions/lift',
  people: 'subjects:restrict',
  repeats: 'natural',
  handle: (context, request) => answer(context, request, [lift, previewLift], tellLift),
}

/** Erases what is held of a person (GDPR art. 17). */
export const postErasure: Route = {
  method: 'post',
  path: '/v1/subjects/erasures',
  people: 'subjects:erase',
  repeats: 'natural',
  handle: (context, request) => answer(context, request, [erase, previewErasure], tellErasure),
}
