import { receiveRequest } from '../../exchange/request.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** A housing company asks which of its tenants are in VDAB's client file. */
export const postDetections: Route = {
  method: 'post',
  path: '/v1/detections',
  access: 'detections:write',
  repeats: 'message',
  handle: async (context, request) =>
    toReply(
      await receiveRequest(
        context,
        toIncoming(request, 'detection.request', 'POST /v1/detections'),
      ),
    ),
}
