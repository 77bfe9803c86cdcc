import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { receivedEvent } from '../delivery/event.ts'
import { type Reason, Refusal, reason, refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import { findRestricted } from '../pseudonym/restricted.ts'
import type { Outcome } from './outcome.ts'
import { insertCalls, insertOutgoing } from './outgoing.ts'
import { type Permission, permit } from './permission.ts'
import { findGone, restrictedReason, withdrawnReason } from './precondition.ts'
import { type Incoming, receive } from './receive.ts'

type Status = 'open' | 'taken-up' | 'closed'

interface Feedback {
  id: string
  protocol: string
  type: string
  domain: string
  tag: Buffer
  subject_tag: Buffer
  party_id: string
  status: Status
}

/** One step: what was done with one feedback, and on which day. */
interface Step {
  feedbackId: string
  status: 'taken-up' | 'closed'
  on: string
}

const ORDER: Status[] = ['open', 'taken-up', 'closed']

/**
 * Takes in what the receiver of an event did with it: POST /v1/feedback/{feedbackId}/progress, and
 * every type of the pattern `progress`, whose items each name a feedback. It goes where the protocol
 * says: no further than the register of the gateway, on to the employment service, or back to the
 * party that sent the event. All items are taken, or none.
 */
export function receiveProgress(
  context: Context,
  incoming: Incoming,
  feedbackId?: string,
): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const steps =
      feedbackId === undefined
        ? undefined
        : [{ ...(body as Omit<Step, 'feedbackId'>), feedbackId } as Step]
    const { permission, feedback } = steps
      ? await permitNamed(context, incoming, body, steps)
      : await permitGeneral(context, incoming, body)
    const taken = steps ?? (body['items'] as Step[])
    assertDates(taken, incoming)
    const forwardTo = destinationOf(permission, feedback)
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
        ...(feedback[0] && { domain: feedback[0].domain }),
      },
      accepted: taken.length,
      refused: [],
      evidence: { rule: permission.rule, subjects: feedback.map(one => one.subject_tag) },
      wake: [...new Set(forwardTo.filter(party => party !== undefined))],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, taken.length)
        await storeSteps(tx, { messageId, taken, feedback, forwardTo, permission, incoming })
      },
    }
  })
}

type Permitted = { permission: Permission; feedback: Feedback[] }

export async function permitNamed(
  context: Context,
  incoming: Incoming,
  body: Record<string, unknown>,
  steps: Step[],
): Promise<Permitted> {
  const [one] = await findFeedback(context, steps, incoming.caller.party)
  if (!one) throw refuse('HB-506', '', 'path /v1/feedback/{feedbackId}/progress')
  const permission = permit(context, incoming, { body, protocol: one.protocol })
  assertAnswers(permission, [one], () => '')
  return { permission, feedback: [one] }
}

export async function permitGeneral(
  context: Context,
  incoming: Incoming,
  body: Record<string, unknown>,
): Promise<Permitted> {
  const permission = permit(context, incoming, { body })
  const steps = body['items'] as Step[]
  const pointer = (index: number) => `/items/${index}/feedbackId`
  const found = await findFeedback(context, steps, incoming.caller.party)
  const byId = new Map(found.map(one => [one.id, one]))
  const faults = steps.flatMap((step, index) => {
    const known = byId.get(step.feedbackId)?.protocol === permission.protocol.id
    const first = steps.findIndex(other => other.feedbackId === step.feedbackId) === index
    return known && first ? [] : [unknown(pointer(index))]
  })
  if (faults.length > 0) throw new Refusal(faults)
  const feedback = steps.flatMap(step => byId.get(step.feedbackId) ?? [])
  assertAnswers(permission, feedback, pointer)
  return { permission, feedback }
}

/** Progress belongs to the type of event that the protocol says it answers. */
function assertAnswers(
  { profile }: Permission,
  feedback: Feedback[],
  pointer: (index: number) => string,
): void {
  const { answers } = profile.message
  const faults = feedback.flatMap((one, index) =>
    answers === undefined || one.type === answers ? [] : [unknown(pointer(index))],
  )
  if (faults.length > 0) throw new Refusal(faults)
}

function unknown(pointer: string): Reason {
  return reason('HB-506', pointer, 'one item per feedback, of the type that this answers')
}

export function assertDates(steps: Step[], { at, general }: Incoming): void {
  const today = at.toISOString().slice(0, 10)
  const remedy = 'Name the day on which it happened.'
  const faults = steps.flatMap((step, index) => {
    if (step.on <= today) return []
    const pointer = general ? `/items/${index}/on` : '/on'
    return [reason('HB-202', pointer, 'a date in the past or today', remedy)]
  })
  if (faults.length > 0) throw new Refusal(faults)
}

/** Where each step goes on to; nowhere where the protocol keeps it in the gateway. */
function destinationOf(
  { to, recipient }: Permission,
  feedback: Feedback[],
): (string | undefined)[] {
  if (to === 'gateway') return feedback.map(() => undefined)
  if (to === 'employment-service') return feedback.map(() => recipient)
  return feedback.map(one => one.party_id)
}

export async function findFeedback(
  context: Context,
  steps: Step[],
  party: string,
): Promise<Feedback[]> {
  const { rows } = await context.pool.query<Feedback>(
    `SELECT id, protocol, type, domain, tag, subject_tag, party_id, status FROM feedback
     WHERE id = ANY($1) AND receiver_id = $2 AND tag IS NOT NULL`,
    [steps.map(step => step.feedbackId), party],
  )
  return rows
}

interface Steps {
  messageId: string
  taken: Step[]
  /** In the order of the steps. */
  feedback: Feedback[]
  forwardTo: (string | undefined)[]
  permission: Permission
  incoming: Incoming
}

async function storeSteps(tx: Tx, steps: Steps): Promise<void> {
  const { messageId, taken, feedback, forwardTo, permission, incoming } = steps
  const { at, general, type } = incoming
  const ids = taken.map(step => step.feedbackId)
  await assertFree(tx, steps)
  const { rows } = await tx.query<{ id: string }>(MOVE, [
    ids,
    taken.map(step => step.status),
    taken.map(step => step.on),
    ORDER,
  ])
  const moved = new Set(rows.map(row => row.id))
  const faults = ids.flatMap((id, index) => {
    const pointer = general ? `/items/${index}/status` : '/status'
    return moved.has(id) ? [] : [reason('HB-507', pointer, 'open, taken-up, closed')]
  })
  if (faults.length > 0) throw new Refusal(faults)
  if (permission.to === 'gateway') {
    const handOvers = taken.map(() => newId('del', at))
    await tx.query(REGISTER, [messageId, handOvers, feedback.map(one => one.domain), ids, at])
    return
  }
  if (permission.to === 'employment-service') await assertParticipating(tx, steps)
  const items = taken.map(({ feedbackId, status, on }, index) => {
    const { domain = '', tag, subject_tag: subjectTag } = feedback[index] ?? {}
    if (!tag || !subjectTag) throw new Error('a step without its feedback')
    return { domain, tag, subjectTag, feedbackId, content: { status, on } }
  })
  await insertOutgoing(tx, messageId, items)
  if (permission.to === 'employment-service') {
    await insertCalls(tx, { messageId, destination: permission.recipient, at }, items)
  } else {
    const handOvers = taken.map(() => newId('del', at))
    const domains = feedback.map(one => one.domain)
    await tx.query(EVENTS_BACK, [
      messageId,
      handOvers,
      forwardTo,
      domains,
      ids,
      at,
      receivedEvent(type),
    ])
  }
}

/**
 * Nothing is taken in about persons whose processing is restricted. The employment service learns no more
 * than of feedback that is not there. @throws Refusal HB-408, or HB-506 to the employment service
 */
async function assertFree(tx: Tx, { feedback, incoming }: Steps): Promise<void> {
  const restricted = await findRestricted(
    tx,
    feedback.map(one => one.subject_tag),
  )
  if (restricted.length === 0) return
  const isAsked = incoming.caller.kind === 'employment-service'
  throw new Refusal(
    restricted.map(index => {
      const place = incoming.general ? `/items/${index}` : ''
      return isAsked ? unknown(`${place}/feedbackId`) : restrictedReason(place)
    }),
  )
}

/** Nothing more goes out about persons who withdrew their participation. @throws Refusal HB-415 */
async function assertParticipating(tx: Tx, { feedback, permission, incoming }: Steps) {
  const holder = { protocol: permission.protocol.id, party: incoming.caller.party }
  const gone = await findGone(
    tx,
    holder,
    feedback.map(one => one.subject_tag),
  )
  if (gone.length === 0) return
  const pointer = (index: number) => (incoming.general ? `/items/${index}` : '')
  throw new Refusal(gone.map(index => withdrawnReason(permission.profile, pointer(index))))
}

const MOVE = `
  UPDATE feedback f SET status = s.status,
    taken_up_on = CASE WHEN s.status = 'taken-up' THEN s.day ELSE taken_up_on END,
    closed_on = CASE WHEN s.status = 'closed' THEN s.day ELSE closed_on END
  FROM unnest($1::text[], $2::text[], $3::date[]) AS s (id, status, day)
  WHERE f.id = s.id AND array_position($4::text[], f.status) < array_position($4::text[], s.status)
  RETURNING f.id`

// What stays in the register has arrived.
const REGISTER = `
  INSERT INTO hand_over (id, message_id, kind, domain, feedback_id, items, state, due_at, created_at,
    delivered_at)
  SELECT s.id, $1, 'register', s.domain, s.feedback, 1, 'delivered', now(), $5, $5
  FROM unnest($2::text[], $3::text[], $4::text[]) AS s (id, domain, feedback)`

const EVENTS_BACK = `
  INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, state,
    due_at, created_at)
  SELECT s.id, $1, s.party, 'event', $7, s.domain, s.feedback, 1, 'queued', now(), $6
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS s (id, party, domain, feedback)`
