import type { Outcome } from '../exchange/outcome.ts'
import type { Incoming } from '../exchange/receive.ts'
import { type ApiRequest, callerOf, type Reply } from './route.ts'

/** What the exchange needs of a person-bearing request. */
export function toIncoming(request: ApiRequest, type: string, operation: string): Incoming {
  return {
    operation,
    type,
    caller: callerOf(request),
    key: request.header('idempotency-key'),
    raw: request.raw,
    at: request.at,
    ...(request.unreadable && { unreadable: request.unreadable }),
  }
}

/** The reply for a stored outcome: a refusal is a problem document. */
export function toReply(outcome: Outcome): Reply {
  const type = outcome.status < 400 ? 'application/json' : 'application/problem+json'
  return { status: outcome.status, body: outcome.body, type }
}
