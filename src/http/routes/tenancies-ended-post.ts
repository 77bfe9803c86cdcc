import { receiveWithdrawal } from '../../exchange/withdrawal.ts'
import { toIncoming, toReply } from '../incoming.ts'
import type { Route } from '../route.ts'

/** A housing company reports ended tenancies. */
export const postTenanciesEnded: Route = {
  method: 'post',
  path: '/v1/tenancies/ended',
  access: 'tenancies:write',
  repeats: 'message',
  handle: async (context, request) =>
    toReply(
      await receiveWithdrawal(
        context,
        toIncoming(request, 'tenancy.ended', 'POST /v1/tenancies/ended'),
      ),
    ),
}
