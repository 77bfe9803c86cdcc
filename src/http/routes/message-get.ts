import { viewMessage } from '../../exchange/view.ts'
import { callerOf, type Route } from '../route.ts'

/** A message of the caller, with its states. */
export const getMessage: Route = {
  method: 'get',
  path: '/v1/messages/:id',
  access: 'messages:read',
  handle: async (context, request) => ({
    status: 200,
    body: await viewMessage(context.pool, callerOf(request).party, request.params['id'] ?? ''),
  }),
}
