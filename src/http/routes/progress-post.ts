import { receiveProgress } from '../../exchange/progress.ts'
import { isId } from '../../ids.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** A housing company says what it did with a feedback. */
export const postProgress: Route = {
  method: 'post',
  path: '/v1/feedback/:feedbackId/progress',
  access: 'progress:write',
  repeats: 'message',
  handle: async (context, request) => {
    const feedbackId = request.params['feedbackId'] ?? ''
    // The scope of a key is stored: only an id of our own form goes into it.
    const known = isId('fb', feedbackId) ? feedbackId : '-'
    const operation = `POST /v1/feedback/${known}/progress`
    const incoming = toIncoming(request, 'feedback.progress', operation)
    return toReply(await receiveProgress(context, incoming, feedbackId))
  },
}
