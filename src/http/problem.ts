import { explain, problemOf, Refusal, refuse } from '../errors.ts'
import { faultOf, type Logger } from '../log.ts'
import { PseudonymError } from '../pseudonym/errors.ts'
import type { Reply } from './route.ts'

/** The reply for a refusal. */
export function problemReply(refusal: Refusal, instance: string): Reply {
  return {
    status: refusal.status,
    body: problemOf(refusal, instance),
    type: 'application/problem+json',
    headers: refusal.retryAfter ? { 'Retry-After': String(refusal.retryAfter) } : {},
  }
}

const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'])

/** The one funnel from anything thrown to a refusal; what is ours is logged without its input. */
export function toRefusal(thrown: unknown, requestId: string, log: Logger): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof PseudonymError && thrown.code === 'pool-busy')
    return refuse('HB-605', '', 'gateway')
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  const code = String((error as { code?: unknown }).code ?? '')
  const storeIsAway = CONNECTION_CODES.has(code) || /^(08|53|57)/.test(code) || isPoolTimeout(error)
  log.error('a request failed', { requestId, ...faultOf(error) })
  const answer = storeIsAway ? 'HB-903' : 'HB-901'
  return new Refusal({ pointer: '', code: answer, rule: 'gateway', remedy: explain(answer).remedy })
}

// pg's pool gives plain errors; a message is only ever compared, never passed on.
function isPoolTimeout(error: Error): boolean {
  return /timeout exceeded when trying to connect|Connection terminated/.test(error.message)
}
