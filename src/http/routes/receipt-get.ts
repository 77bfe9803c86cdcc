import { proofOfMessage } from '../../audit/query.ts'
import { refuse } from '../../errors.ts'
import { findReceipt } from '../../exchange/receipt.ts'
import { callerOf, type Route } from '../route.ts'

/** The receipt of a message of the caller, with its inclusion proof once it is sequenced. */
export const getReceipt: Route = {
  method: 'get',
  path: '/v1/receipts/:messageId',
  access: 'receipts:read',
  handle: async (context, request) => {
    const messageId = request.params['messageId'] ?? ''
    const receipt = await findReceipt(context.pool, messageId, callerOf(request).party)
    if (!receipt) throw refuse('HB-503', '', 'path /v1/receipts/{messageId}')
    const proof = await proofOfMessage(context.pool, messageId)
    return { status: 200, body: { messageId, receipt, proof: proof ?? null } }
  },
}
