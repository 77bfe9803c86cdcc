import type { Context } from '../context.ts'
import type { Tx } from '../db/pool.ts'
import { refuse } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Outcome } from './outcome.ts'
import { permit } from './permission.ts'
import { type Incoming, receive } from './receive.ts'

type Status = 'open' | 'taken-up' | 'closed'

interface Feedback {
  id: string
  protocol: string
  domain: string
  subject_tag: Buffer
  status: Status
}

const ORDER: Status[] = ['open', 'taken-up', 'closed']

/**
 * Takes in what a housing company did with a feedback: POST /v1/feedback/{feedbackId}/progress. It
 * stays in the gateway's register, and goes on to VDAB only where the protocol lists that.
 */
export function receiveProgress(
  context: Context,
  incoming: Incoming,
  feedbackId: string,
): Promise<Outcome> {
  return receive(context, incoming, async body => {
    const feedback = await findFeedback(context, feedbackId, incoming.caller.party)
    const permission = permit(context, incoming, {
      body,
      protocol: feedback.protocol,
      fields: ['status', 'on'],
    })
    const { status, on } = body as { status: 'taken-up' | 'closed'; on: string }
    if (on > incoming.at.toISOString().slice(0, 10)) {
      throw refuse(
        'HB-202',
        '/on',
        'a date in the past or today',
        'Name the day on which it happened.',
      )
    }
    const forwardTo = permission.forwardTo
    return {
      message: {
        protocol: permission.protocol,
        purpose: permission.purpose,
        fields: permission.fields,
        domain: feedback.domain,
      },
      accepted: 1,
      refused: [],
      evidence: { rule: permission.rule, subjects: [feedback.subject_tag] },
      wake: forwardTo ? [forwardTo] : [],
      store: async (tx, messageId) => {
        await permission.assertCeilings(tx, 1)
        await storeProgress(tx, { messageId, feedback, status, on, forwardTo, at: incoming.at })
      },
    }
  })
}

async function findFeedback(context: Context, id: string, party: string): Promise<Feedback> {
  const { rows } = await context.pool.query<Feedback>(
    'SELECT id, protocol, domain, subject_tag, status FROM feedback WHERE id = $1 AND party_id = $2',
    [id, party],
  )
  if (!rows[0]) throw refuse('HB-506', '', 'path /v1/feedback/{feedbackId}/progress')
  return rows[0]
}

interface Progress {
  messageId: string
  feedback: Feedback
  status: 'taken-up' | 'closed'
  on: string
  forwardTo: string | undefined
  at: Date
}

async function storeProgress(tx: Tx, progress: Progress): Promise<void> {
  const { messageId, feedback, status, on, forwardTo, at } = progress
  const { rowCount } = await tx.query(
    `UPDATE feedback SET status = $2, taken_up_on = CASE WHEN $2 = 'taken-up' THEN $3::date ELSE taken_up_on END,
       closed_on = CASE WHEN $2 = 'closed' THEN $3::date ELSE closed_on END
     WHERE id = $1 AND array_position($4::text[], status) < array_position($4::text[], $2)`,
    [feedback.id, status, on, ORDER],
  )
  if (rowCount === 0) throw refuse('HB-507', '/status', 'open, taken-up, closed')
  await tx.query(
    `INSERT INTO hand_over (id, message_id, destination, kind, event, domain, feedback_id, items, state,
       due_at, created_at, delivered_at)
     VALUES ($1, $2, $3, CASE WHEN $3::text IS NULL THEN 'register' ELSE 'progress' END, $7, $4, $5, 1,
       CASE WHEN $3::text IS NULL THEN 'delivered' ELSE 'queued' END, now(), $6,
       CASE WHEN $3::text IS NULL THEN $6::timestamptz END)`,
    [newId('del', at), messageId, forwardTo, feedback.domain, feedback.id, at, status],
  )
}
