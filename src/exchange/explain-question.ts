import type { Caller, Operation } from '../access/operations.ts'
import { refuse } from '../errors.ts'
import { formOf } from '../protocol/forms.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { WireTypes } from '../schemas.generated.ts'
import { assertShape } from '../schemas.ts'
import { assertNoNumbers, numberFields, withPseudonyms } from './explain-numbers.ts'

/** A question that can be taken up: of the right shape, and without a national number. */
export interface Asking {
  caller: Caller
  type: string
  /** In the form of POST /v1/messages. */
  general: boolean
  body: Record<string, unknown>
  at: Date
  about?: string
  /** Places that hold "synthetic" for a national number. */
  synthetic: number
}

type Question = WireTypes['explain-request']

/** The scope that the named endpoint of a type asks for; every other type goes to /v1/messages. */
const NAMED: Readonly<Record<string, Operation>> = {
  'detection.request': 'detections:write',
  'detection.answer': 'answers:write',
  'feedback.reachability': 'feedback:write',
  'feedback.progress': 'progress:write',
  'tenancy.ended': 'tenancies:write',
}

/** What the endpoint for a message asks of its sender. */
export function operationFor(type: string, general: boolean): Operation {
  return (!general && Object.hasOwn(NAMED, type) && NAMED[type]) || 'messages:write'
}

/**
 * Reads the body of a question. It is refused unread where it holds a national number anywhere, or
 * anything but "synthetic" in the place of one.
 * @param now also the moment that is asked about where the question names none
 * @throws Refusal HB-209, HB-202
 */
export function readQuestion(
  set: ProtocolSet,
  caller: Caller,
  question: unknown,
  now: Date,
): Asking {
  const named = (question as { message?: { protocol?: unknown } } | null)?.message?.protocol
  const day = now.toISOString().slice(0, 10)
  const synthetic = assertNoNumbers(question, numberFields(set, named), day)
  assertShape('explain-request', question)
  const { type, at, about, message } = question as Question
  const body = withPseudonyms(message as Record<string, unknown>)
  const general = Object.hasOwn(body, 'type') || formOf(type).schema === 'message-request'
  if (general && typeof body['type'] === 'string' && body['type'] !== type) {
    const remedy = 'Name the same type in the message and beside it.'
    throw refuse('HB-202', '/message/type', 'explain-request.json#/properties/type', remedy)
  }
  const moment = at === undefined ? now : new Date(at)
  const place = about === undefined ? {} : { about }
  return { caller, type, general, body, at: moment, synthetic, ...place }
}
