import { actorOf, scopeOf } from '../../access/scope.ts'
import { decideApproval, listApprovals } from '../../subject/approval.ts'
import { readJson } from '../json.ts'
import { personOf, type Route } from '../route.ts'

/** What waits for a second person. */
export const getApprovals: Route = {
  method: 'get',
  path: '/v1/approvals',
  people: 'approvals:manage',
  own: true,
  handle: async (context, request) => {
    const scope = scopeOf(personOf(request))
    return {
      status: 200,
      body: { items: await listApprovals(context.pool, request.at, scope) },
    }
  },
}

/** A second person approves or refuses what another asked. */
export const postApproval: Route = {
  method: 'post',
  path: '/v1/approvals/:id',
  people: 'approvals:manage',
  own: true,
  repeats: 'natural',
  handle: async (context, request) => {
    const { decision, reason } = readJson(request, 'approval-decision')
    await decideApproval(context.pool, {
      id: request.params['id'] ?? '',
      decision,
      ...(reason !== undefined && { reason }),
      by: actorOf(personOf(request)),
      at: request.at,
    })
    return { status: 204 }
  },
}
