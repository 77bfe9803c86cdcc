import { receiveMessage } from '../../exchange/messages.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** A party sends a message of any type that a protocol lists. */
export const postMessages: Route = {
  method: 'post',
  path: '/v1/messages',
  access: 'messages:write',
  repeats: 'message',
  handle: async (context, request) =>
    toReply(await receiveMessage(context, toIncoming(request, '', 'POST /v1/messages'))),
}
