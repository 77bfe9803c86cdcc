import { proofOfMessage } from '../../audit/query.ts'
import { refuse } from '../../errors.ts'
import { callerOf, type Route } from '../route.ts'

/** The receipt of a message of the caller, with its inclusion proof once it is sequenced. */
export const getReceipt: Route = {
  method: 'get',
  path: '/v1/receipts/:messageId',
  access: 'receipts:read',
  handle: async (context, request) => {
    const messageId = request.params['messageId'] ?? ''
    const { rows } = await context.pool.query<{ receipt: string | null }>(
      'SELECT receipt FROM message WHERE id = $1 AND party_id = $2',
      [messageId, callerOf(request).party],
    )
    const receipt = rows[0]?.receipt
    if (!receipt) throw refuse('HB-503', '', 'path /v1/receipts/{messageId}')
    const proof = await proofOfMessage(context.pool, messageId)
    return { status: 200, body: { messageId, receipt, proof: proof ?? null } }
  },
}
