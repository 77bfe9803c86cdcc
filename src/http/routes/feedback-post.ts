import { receiveTaggedEvent } from '../../exchange/event-in.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** VDAB reports tenants it reaches with difficulty or not at all. */
export const postFeedback: Route = {
  method: 'post',
  path: '/v1/feedback',
  access: 'feedback:write',
  repeats: 'message',
  handle: async (context, request) =>
    toReply(
      await receiveTaggedEvent(
        context,
        toIncoming(request, 'feedback.reachability', 'POST /v1/feedback'),
      ),
    ),
}
