import type { KeyedCall, Settled } from '../exchange/once.ts'
import type { Incoming } from '../exchange/receive.ts'
import { isId } from '../ids.ts'
import { type ApiRequest, callerOf, type Reply, type Route } from './route.ts'

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

/** What a repetition of a call that bears no person is known by. */
export function toKeyedCall(request: ApiRequest, operation: string): KeyedCall {
  const { id, at, raw } = request
  const key = request.header('idempotency-key')
  return { id, at, raw, operation, key, caller: callerOf(request) }
}

/** Method and path of a call: the scope of its key is stored, so only ids of our own go into it. */
export function operationOf({ method, path }: Route, { params }: ApiRequest): string {
  const filled = path.replace(/:([a-zA-Z]+)/g, (_, name) => {
    const value = params[name] ?? ''
    return isId('del', value) ? value : '-'
  })
  return `${method.toUpperCase()} ${filled}`
}

/** The reply for a stored outcome: a refusal is a problem document. */
export function toReply({ status, body }: Settled): Reply {
  if (status === 204 || !body) return { status }
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  return { status, body, type }
}
