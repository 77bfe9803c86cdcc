import { recordEntry } from '../audit/record.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { answeredEvent } from '../delivery/event.ts'
import { type ErrorCode, Refusal, reason, refuse } from '../errors.ts'
import { isId, newId } from '../ids.ts'
import { isFree } from '../pseudonym/restricted.ts'
import type { Outcome } from './outcome.ts'
import { type Permission, permit } from './permission.ts'
import type { Item } from './precondition.ts'
import { type Incoming, receive } from './receive.ts'
import { pick } from './request.ts'

interface Request {
  id: string
  type: string
  party_id: string
  protocol: string
  domain: string
  period: string
  purpose: string
  digest: string
  answer_state: 'awaiting' | 'answered' | 'expired' | null
}

/** What an answer says: how many were found, or which rows, with the fields of the answer to each. */
type Found = number | { row: string; content: Record<string, string> }[]

/**
 * Takes in the answer to a request: POST /v1/detections/{messageId}/answer, and every type of the
 * pattern `answer`, which names its request in the body. It is bound to the request by id and digest,
 * comes once, and has the form that the protocol grants.
 */
export function receiveAnswer(
  context: Context,
  incoming: Incoming,
  requestId?: string,
): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const { request, permission } = await permitReply(context, incoming, body, requestId)
    const found = readFound(body, permission, incoming.general)
    assertForm(found, permission)
    const { purpose, domain, period } = request
    return {
      message: {
        protocol: permission.protocol,
        purpose,
        fields: permission.fields,
        domain,
        period,
        inReplyTo: request.id,
        found: typeof found === 'number' ? found : found.length,
        answers: request.digest,
      },
      accepted: 1,
      refused: [],
      // How many were found is what the answer says: evidence does not repeat it.
      evidence: { recipient: request.party_id, rule: permission.rule },
      wake: permission.modalities.granularity === 'person' ? [request.party_id] : [],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, 1)
        await storeAnswer(tx, messageId, request, found, incoming)
      },
    }
  })
}

/**
 * Finds the request that a message is about and asks the protocol: the one of the path, or the one
 * that the general form names. The digest binds the message to it.
 * @throws Refusal HB-503, HB-505, and what `permit` throws
 */
export async function permitReply(
  context: Context,
  incoming: Incoming,
  body: Record<string, unknown>,
  requestId = body['inReplyTo'],
): Promise<{ request: Request; permission: Permission }> {
  const request = await findRequest(context, requestId, incoming.caller.party)
  if (!request || (incoming.general && request.protocol !== body['protocol'])) {
    // What cannot be answered is still checked first: shape and protocol say more than "no such".
    if (incoming.general) permit(context, incoming, { body })
    throw refuse('HB-503', incoming.general ? '/inReplyTo' : '', 'the request that it is about')
  }
  const permission = permit(context, incoming, {
    body,
    protocol: request.protocol,
    purpose: request.purpose,
    counterpart: request.party_id,
  })
  const { answers } = permission.profile.message
  if (answers !== undefined && answers !== request.type) {
    throw refuse('HB-503', incoming.general ? '/inReplyTo' : '', `a message of type ${answers}`)
  }
  if (body['requestDigest'] !== request.digest) {
    throw refuse('HB-505', '/requestDigest', 'an answer is bound to its request')
  }
  return { request, permission }
}

/** A request that the party sent, or that goes to it; another's is none. */
export async function findRequest(
  context: Context,
  id: unknown,
  party: string,
): Promise<Request | undefined> {
  if (typeof id !== 'string' || !isId('msg', id)) return undefined
  const { rows } = await context.pool.query<Request>(
    `SELECT id, type, party_id, protocol, domain, period, purpose, digest, answer_state
     FROM message m WHERE id = $1 AND period IS NOT NULL AND in_reply_to IS NULL AND accepted > 0
       AND (party_id = $2 OR EXISTS (
         SELECT FROM hand_over h WHERE h.message_id = m.id AND h.destination = $2))`,
    [id, party],
  )
  return rows[0]
}

/** The answer in one form, whichever it came in. */
export function readFound(
  body: Record<string, unknown>,
  { profile, modalities }: Permission,
  general = false,
): Found {
  if (!general) {
    const { found } = body as { found: number | string[] }
    return typeof found === 'number' ? found : found.map(row => ({ row, content: {} }))
  }
  const items = body['items'] as Item[]
  if (modalities.granularity === 'counts') {
    const [first] = items
    if (items.length === 1 && first) return Number(first[profile.count ?? 'found'])
    throw refuse('HB-202', '/items', 'one item, with the number of people found')
  }
  const field = profile.row ?? 'found'
  const told = profile.told.filter(name => name !== field)
  return items.map(item => ({ row: String(item[field]), content: pick(item, told) }))
}

export function assertForm(found: Found, { modalities, protocol }: Permission): void {
  if ((typeof found === 'number') === (modalities.granularity === 'counts')) return
  throw refuse('HB-315', '/found', `${protocol.id}, modalities.granularity`)
}

async function storeAnswer(
  tx: Tx,
  messageId: string,
  request: Request,
  found: Found,
  { type, at, general }: Incoming,
): Promise<void> {
  const { rows } = await tx.query<Pick<Request, 'answer_state'> & { items: number } & Late>(
    `SELECT m.answer_state, h.items, m.answer_code AS code, m.answer_due_at AS "dueAt", (
       SELECT max(t.at) FROM transition t
       WHERE t.message_id = m.id AND t.hand_over_id IS NULL AND t.state = 'expired') AS "expiredAt"
     FROM message m JOIN hand_over h ON h.message_id = m.id AND h.kind = 'request'
     WHERE m.id = $1 FOR NO KEY UPDATE OF m`,
    [request.id],
  )
  const { answer_state: state, items = 0 } = rows[0] ?? {}
  if (state === 'answered') throw refuse('HB-502', '', 'one answer per request')
  if (state === 'expired' && rows[0]) throw tooLate(rows[0])
  if (state !== 'awaiting') {
    const remedy = 'Nothing to do: the request was withdrawn.'
    throw refuse('HB-504', '', 'state of the request', remedy)
  }
  const pointer = general ? '/items' : '/found'
  if (typeof found === 'number' && found > items) {
    const remedy = 'Answer with a number up to the number of rows of the request.'
    throw new Refusal(reason('HB-202', pointer, 'at most the rows of the request', remedy))
  }
  const perPerson = typeof found !== 'number'
  if (perPerson) await storeResults(tx, messageId, request, found, pointer)
  await tx.query(CLOSE_REQUEST, [request.id, at])
  await recordEntry(tx, {
    action: 'message.answered',
    at,
    actor: { role: 'gateway' },
    message: { id: request.id, type: request.type },
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
      answeredEvent(type, perPerson),
      request.domain,
      perPerson ? 'queued' : 'held',
      perPerson ? null : 'period-open',
      at,
    ],
  )
}

/** How a request came to expire. */
interface Late {
  code: ErrorCode | null
  dueAt: Date | null
  expiredAt: Date | null
}

/** HB-504 with what ended the request: its window, its key epoch or its agreement, and when. */
function tooLate({ code, dueAt, expiredAt }: Late): Refusal {
  const since = expiredAt ? ` at ${expiredAt.toISOString()}` : ''
  if (code !== null && code !== 'HB-504') {
    const rule = code === 'HB-413' ? 'key epoch' : 'state of the protocol'
    return refuse('HB-504', '', rule, `Nothing to do: the request ended${since}, with ${code}.`)
  }
  const due = dueAt ? `; its answer was due by ${dueAt.toISOString()}, suspensions not counted` : ''
  const remedy = `Nothing to do: the request expired${since}${due}.`
  return refuse('HB-504', '', 'modalities.answerWindowDays', remedy)
}

async function storeResults(
  tx: Tx,
  messageId: string,
  request: Request,
  found: Exclude<Found, number>,
  pointer: string,
): Promise<void> {
  const rowIds = found.map(({ row }) => Buffer.from(row, 'base64url'))
  const { rows } = await tx.query<{ known: number; erased: number }>(
    `SELECT erased, (SELECT count(*)::int FROM detection_row
       WHERE message_id = $1 AND row_id = ANY($2)) AS known FROM message WHERE id = $1`,
    [request.id, rowIds],
  )
  // What was erased after it was delivered is not told any more, nor does it spoil the answer.
  const { known = 0, erased = 0 } = rows[0] ?? {}
  if (known + erased < found.length || new Set(found.map(it => it.row)).size < found.length)
    throw refuse('HB-407', pointer, 'row ids of the request')
  await tx.query(
    `INSERT INTO detection_result (message_id, domain, tag, found, content)
     SELECT $2, $3, r.tag, a.row_id IS NOT NULL, a.content FROM detection_row r
     LEFT JOIN unnest($4::bytea[], $5::jsonb[]) AS a (row_id, content) ON a.row_id = r.row_id
     WHERE r.message_id = $1 AND ${isFree('r.subject_tag')}`,
    [
      request.id,
      messageId,
      request.domain,
      rowIds,
      found.map(({ content }) => JSON.stringify(content)),
    ],
  )
}

// An answer proves that the request arrived, also where our own record of it is still open.
const CLOSE_REQUEST = `
  WITH answered AS (
    UPDATE message SET answer_state = 'answered', answered_at = $2 WHERE id = $1 RETURNING id),
  arrived AS (
    UPDATE hand_over SET state = 'delivered', delivered_at = coalesce(delivered_at, $2),
      claimed_until = NULL, reason = NULL
    FROM answered WHERE message_id = answered.id AND kind = 'request'
      AND state IN ('queued', 'retrying', 'held', 'parked'))
  DELETE FROM detection_row USING answered WHERE message_id = answered.id`
