import type { Context } from '../context.ts'
import type { MessageType } from '../protocol/document.ts'
import { agreementOf } from '../protocol/lookup.ts'
import { profileOf } from '../protocol/profile.ts'
import { assertShape } from '../schemas.ts'
import { receiveAnswer } from './answer.ts'
import { parseBody, protocolNamed } from './body.ts'
import { receiveCounts } from './counts.ts'
import { receiveTaggedEvent } from './event-in.ts'
import { receiveReferencedEvent } from './event-out.ts'
import type { Outcome } from './outcome.ts'
import { permit } from './permission.ts'
import { receiveProgress } from './progress.ts'
import { type Incoming, receive } from './receive.ts'
import { receiveRequest } from './request.ts'
import { receiveWithdrawal } from './withdrawal.ts'

type Receive = (context: Context, incoming: Incoming) => Promise<Outcome>

/** The interaction patterns: how a type behaves is code, everything else of it is data. */
const PATTERNS: Readonly<Record<MessageType['pattern'], Receive>> = {
  request: receiveRequest,
  answer: receiveAnswer,
  event: receiveTaggedEvent,
  progress: receiveProgress,
  withdrawal: receiveWithdrawal,
  counts: receiveCounts,
}

/** What a message is called whose type no protocol lists: what was sent is not repeated. */
const UNLISTED = 'message.unlisted'

/**
 * Takes in a message of the general form: POST /v1/messages. The protocol that it names says of its
 * type how it behaves and what it may hold; the named operations are shorthands of this.
 */
export function receiveMessage(
  context: Context,
  incoming: Omit<Incoming, 'type'>,
): Promise<Outcome> {
  const parsed = parseBody(incoming)
  const body = 'body' in parsed ? parsed.body : undefined
  const agreement = agreementOf(context.protocols.current(), protocolNamed(body) ?? '')
  const type: unknown = (body as { type?: unknown } | null | undefined)?.type
  const profile =
    agreement && typeof type === 'string' ? profileOf(agreement.document, type) : undefined
  if (!profile)
    return receiveUnlisted(context, { ...incoming, type: UNLISTED, general: true }, type)
  const { pattern } = profile.message
  const byReference = pattern === 'event' && profile.reference !== undefined
  const take = byReference ? receiveReferencedEvent : PATTERNS[pattern]
  return take(context, { ...incoming, type: profile.message.type, general: true })
}

/** Refuses what no protocol lists, with the reason of the protocol or of the schema. */
function receiveUnlisted(context: Context, incoming: Incoming, type: unknown): Promise<Outcome> {
  return receive(context, incoming, async body => {
    if (typeof type !== 'string') assertShape('message-request', body)
    permit(context, { ...incoming, type: String(type) }, { body })
    throw new Error('a message without a listed type was permitted')
  })
}
