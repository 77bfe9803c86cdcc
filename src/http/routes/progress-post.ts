import { receiveProgress } from '../../exchange/progress.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** A housing company says what it did with a feedback. */
export const postProgress: Route = {
  method: 'post',
  path: '/v1/feedback/:feedbackId/progress',
  access: 'progress:write',
  handle: async (context, request) => {
    const feedbackId = request.params['feedbackId'] ?? ''
    const operation = `POST /v1/feedback/${feedbackId.slice(0, 64)}/progress`
    const incoming = toIncoming(request, 'feedback.progress', operation)
    return toReply(await receiveProgress(context, incoming, feedbackId))
  },
}
