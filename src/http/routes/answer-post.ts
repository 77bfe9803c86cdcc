import { receiveAnswer } from '../../exchange/answer.ts'
import { isId } from '../../ids.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** VDAB answers a detection request. */
export const postAnswer: Route = {
  method: 'post',
  path: '/v1/detections/:messageId/answer',
  access: 'answers:write',
  repeats: 'message',
  handle: async (context, request) => {
    const requestId = request.params['messageId'] ?? ''
    // The scope of a key is stored: only an id of our own form goes into it.
    const known = isId('msg', requestId) ? requestId : '-'
    const operation = `POST /v1/detections/${known}/answer`
    const incoming = toIncoming(request, 'detection.answer', operation)
    return toReply(await receiveAnswer(context, incoming, requestId))
  },
}
