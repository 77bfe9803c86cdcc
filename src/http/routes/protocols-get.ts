import { refuse } from '../../errors.ts'
import { publishedCopyOf, summariesOf } from '../../protocol/lookup.ts'
import type { Route } from '../route.ts'

/** All protocols with their state; open to anyone, as the decree wants them published. */
export const getProtocols: Route = {
  method: 'get',
  path: '/v1/protocols',
  access: 'public',
  handle: async (context, request) => ({
    status: 200,
    body: { items: summariesOf(context.protocols.current(), request.at), next: null },
  }),
}

/** One protocol document with its state and digest. */
export const getProtocol: Route = {
  method: 'get',
  path: '/v1/protocols/:id',
  access: 'public',
  handle: async (context, request) => {
    const body = publishedCopyOf(context.protocols.current(), request.params['id'] ?? '')
    if (!body) throw refuse('HB-301', '', 'GET /v1/protocols')
    return { status: 200, body }
  },
}
