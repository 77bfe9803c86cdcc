import { receiveAnswer } from '../../exchange/answer.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** VDAB answers a detection request. */
export const postAnswer: Route = {
  method: 'post',
  path: '/v1/detections/:messageId/answer',
  access: 'answers:write',
  handle: async (context, request) => {
    const requestId = request.params['messageId'] ?? ''
    const operation = `POST /v1/detections/${requestId.slice(0, 64)}/answer`
    const incoming = toIncoming(request, 'detection.answer', operation)
    return toReply(await receiveAnswer(context, incoming, requestId))
  },
}
