import type { Context } from '../context.ts'
import { refuse } from '../errors.ts'
import { formOf } from '../protocol/forms.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { findRequest, permitReply } from './answer.ts'
import { isSentBlind } from './blind-items.ts'
import { assertDomain } from './event-in.ts'
import { incomingOf, type LookUps, type Origin } from './explain.ts'
import type { Asking } from './explain-question.ts'
import type { Permission } from './permission.ts'
import type { Item } from './precondition.ts'
import { findFeedback, permitGeneral, permitNamed } from './progress.ts'
import { domainOf } from './request.ts'

/**
 * What a gateway can look up for an explanation, by reading only. What a caller learns from it, the
 * endpoint would tell it too: whether a message or feedback that it names is there for it, whether
 * there is a pseudonym domain, and how much of its own allowance is left. Never anything of a person.
 */
export function lookUpsOf(context: Context): LookUps {
  return {
    origin: asking => findOrigin(context, asking),
    assertAbout: (asking, permission) => assertAbout(context, asking, permission),
    assertDomain: (permission, body) => assertDomainFor(context, permission, body),
    used: (permission, asking) => readUse(context, permission, asking),
  }
}

async function findOrigin(context: Context, asking: Asking): Promise<Origin | undefined> {
  const { type, general, body, about, caller } = asking
  if (general) return findRequestNamed(context, asking)
  if (about === undefined) return undefined
  if (type === 'detection.answer') {
    const request = await findRequest(context, about, caller.party)
    if (!request) throw refuse('HB-503', '', 'the request that it is about')
    return originFrom(request)
  }
  if (type !== 'feedback.progress') return undefined
  const step = { ...body, feedbackId: about } as Parameters<typeof findFeedback>[1][number]
  const [feedback] = await findFeedback(context, [step], caller.party)
  if (!feedback) throw refuse('HB-506', '', 'path /v1/feedback/{feedbackId}/progress')
  return { protocol: feedback.protocol }
}

/** The request that an answer in the general form names, if it is under the protocol that it names. */
async function findRequestNamed(
  context: Context,
  { type, body, caller }: Asking,
): Promise<Origin | undefined> {
  const { protocol, inReplyTo } = body
  const pattern = typeof protocol === 'string' && patternOf(context, protocol, type)
  if (pattern !== 'answer' && pattern !== 'counts') return undefined
  const request = await findRequest(context, inReplyTo, caller.party)
  return request && request.protocol === protocol ? originFrom(request) : undefined
}

function patternOf(context: Context, protocol: string, type: string) {
  const agreement = agreementOf(context.protocols.current(), protocol)
  return agreement && profileOf(agreement.document, type)?.message.pattern
}

type Request = NonNullable<Awaited<ReturnType<typeof findRequest>>>

function originFrom({ protocol, purpose, party_id: counterpart }: Request): Origin {
  return { protocol, purpose, counterpart }
}

async function assertAbout(
  context: Context,
  asking: Asking,
  permission: Permission,
): Promise<void> {
  const { general, body, about } = asking
  if (!general && about === undefined) return
  const incoming = incomingOf(asking)
  const { pattern } = permission.profile.message
  if (pattern === 'answer' || pattern === 'counts') {
    await permitReply(context, incoming, body, about)
  } else if (pattern === 'progress' && general) {
    await permitGeneral(context, incoming, body)
  } else if (pattern === 'progress') {
    const step = { ...body, feedbackId: about } as Parameters<typeof permitNamed>[3][number]
    await permitNamed(context, incoming, body, [step])
  }
}

async function assertDomainFor(
  context: Context,
  permission: Permission,
  body: Record<string, unknown>,
): Promise<void> {
  const { number, tag, message } = permission.profile
  const items = body[formOf(message.type, Object.hasOwn(body, 'type')).items ?? 'items'] as Item[]
  if (tag !== undefined && message.pattern === 'event') {
    await assertDomain(context, permission, String(body['domain']))
  }
  if (number === undefined) return
  await domainOf(context, permission, body, isSentBlind(permission.profile, items))
}

/** Items counted before, as the ceilings count them: that day, and under the key epoch. */
async function readUse(
  { pool, domains }: Context,
  { protocol, profile }: Permission,
  { caller, type, body, at }: Asking,
): Promise<{ day: number; epoch: number }> {
  const own = typeof body['domain'] === 'string' && profile.tag !== undefined && body['domain']
  const current = profile.number === undefined ? '' : ((await domains.current(protocol.id)) ?? '')
  const { rows } = await pool.query<{ day: number; epoch: number }>(
    `SELECT coalesce(sum(used) FILTER (WHERE day = $5), 0)::float8 AS day,
       coalesce(sum(used), 0)::float8 AS epoch FROM volume_use
     WHERE protocol = $1 AND party_id = $2 AND type = $3 AND domain = $4`,
    [protocol.id, caller.party, type, own || current, at.toISOString().slice(0, 10)],
  )
  return rows[0] ?? { day: 0, epoch: 0 }
}
