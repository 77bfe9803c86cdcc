import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { EVENTS } from '../delivery/event.ts'
import { Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Outcome } from './outcome.ts'
import { type Permission, permit } from './permission.ts'
import { type Incoming, receive } from './receive.ts'

interface Answer {
  nonce: string
  requestDigest: string
  found: number | string[]
}

interface Request {
  id: string
  party_id: string
  protocol: string
  domain: string
  period: string
  purpose: string
  digest: string
  accepted: number
  answer_state: 'awaiting' | 'answered' | 'expired'
}

/**
 * Takes in VDAB's answer to a request: POST /v1/detections/{messageId}/answer. It is bound to the
 * request by id and digest, comes once, and has the form that the protocol grants.
 */
export function receiveAnswer(
  context: Context,
  incoming: Incoming,
  requestId: string,
): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const request = await findRequest(context, requestId)
    const permission = permit(context, incoming, {
      body,
      protocol: request.protocol,
      purpose: request.purpose,
      counterpart: request.party_id,
      fields: ['found'],
    })
    const answer = body as unknown as Answer
    assertForm(answer, permission, request)
    const count = typeof answer.found === 'number' ? answer.found : answer.found.length
    const { protocol } = permission
    const { purpose, domain, period } = request
    return {
      message: {
        protocol,
        purpose,
        fields: ['found'],
        domain,
        period,
        inReplyTo: request.id,
        found: count,
        answers: request.digest,
      },
      accepted: 1,
      refused: [],
      // How many were found is what the answer says: evidence does not repeat it.
      evidence: { recipient: request.party_id, rule: permission.rule },
      wake: permission.modalities.granularity === 'person' ? [request.party_id] : [],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, 1)
        await storeAnswer(tx, messageId, request, answer, incoming.at)
      },
    }
  })
}

async function findRequest(context: Context, id: string): Promise<Request> {
  const { rows } = await context.pool.query<Request>(
    `SELECT id, party_id, protocol, domain, period, purpose, digest, accepted, answer_state
     FROM message WHERE id = $1 AND type = 'detection.request' AND accepted > 0`,
    [id],
  )
  if (!rows[0]) throw refuse('HB-503', '', 'path /v1/detections/{messageId}/answer')
  return rows[0]
}

function assertForm(answer: Answer, permission: Permission, request: Request): void {
  const { granularity } = permission.modalities
  if ((typeof answer.found === 'number') !== (granularity === 'counts')) {
    throw refuse('HB-315', '/found', `${permission.protocol.id}, modalities.granularity`)
  }
  if (answer.requestDigest !== request.digest) {
    throw refuse('HB-505', '/requestDigest', 'an answer is bound to its request')
  }
}

async function storeAnswer(
  tx: Tx,
  messageId: string,
  request: Request,
  answer: Answer,
  at: Date,
): Promise<void> {
  const { rows } = await tx.query<Pick<Request, 'answer_state'> & { items: number }>(
    `SELECT m.answer_state, h.items FROM message m
     JOIN hand_over h ON h.message_id = m.id AND h.kind = 'detection'
     WHERE m.id = $1 FOR NO KEY UPDATE OF m`,
    [request.id],
  )
  const { answer_state: state, items = 0 } = rows[0] ?? {}
  if (state === 'answered') throw refuse('HB-502', '', 'one answer per request')
  if (state === 'expired') throw refuse('HB-504', '', 'modalities.answerWindowDays')
  if (typeof answer.found === 'number' && answer.found > items) {
    const remedy = 'Answer with a number up to the number of rows of the request.'
    throw new Refusal(reason('HB-202', '/found', 'at most the rows of the request', remedy))
  }
  const perPerson = Array.isArray(answer.found)
  if (Array.isArray(answer.found)) await storeResults(tx, messageId, request, answer.found)
  await tx.query(CLOSE_REQUEST, [request.id, at])
  await recordEntry(tx, {
    action: 'message.answered',
    at,
    actor: { role: 'gateway' },
    message: { id: request.id, type: 'detection.request' },
    recipient: request.party_id,
    details: { answer: messageId },
  })
  await tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, event, domain, items, state, reason,
       due_at, created_at)
     VALUES ($1, $2, $3, 'event', $4, $5, 1, $6, $7, now(), $8)`,
    [
      newId('del', at),
      messageId,
      request.party_id,
      EVENTS.answered,
      request.domain,
      perPerson ? 'queued' : 'held',
      perPerson ? null : 'period-open',
      at,
    ],
  )
}

async function storeResults(
  tx: Tx,
  messageId: string,
  request: Request,
  found: string[],
): Promise<void> {
  const rowIds = found.map(id => Buffer.from(id, 'base64url'))
  const { rows } = await tx.query<{ known: number }>(
    'SELECT count(*)::int AS known FROM detection_row WHERE message_id = $1 AND row_id = ANY($2)',
    [request.id, rowIds],
  )
  if (rows[0]?.known !== found.length) throw refuse('HB-407', '/found', 'row ids of the request')
  await tx.query(
    `INSERT INTO detection_result (message_id, domain, tag, found)
     SELECT $2, $3, tag, row_id = ANY($4) FROM detection_row WHERE message_id = $1`,
    [request.id, messageId, request.domain, rowIds],
  )
}

// An answer proves that the request arrived, also where our own record of it is still open.
const CLOSE_REQUEST = `
  WITH answered AS (
    UPDATE message SET answer_state = 'answered', answered_at = $2 WHERE id = $1 RETURNING id),
  arrived AS (
    UPDATE hand_over SET state = 'delivered', delivered_at = coalesce(delivered_at, $2),
      claimed_until = NULL, reason = NULL
    FROM answered WHERE message_id = answered.id AND kind = 'detection'
      AND state IN ('queued', 'retrying', 'held', 'parked') RETURNING message_id),
  erased AS (DELETE FROM detection_row USING answered WHERE message_id = answered.id),
  stepped AS (
    INSERT INTO transition (message_id, state, at) SELECT DISTINCT message_id, 'delivered', $2::timestamptz FROM arrived)
  INSERT INTO transition (message_id, state, at) SELECT id, 'answered', $2::timestamptz FROM answered`
