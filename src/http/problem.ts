import { SIGNING_ALGORITHMS } from '../access/public-jwks.ts'
import { AuditError } from '../audit/errors.ts'
import { isStoreAway } from '../db/away.ts'
import { type ErrorCode, explain, problemOf, Refusal, refuse } from '../errors.ts'
import { faultOf, type Logger } from '../log.ts'
import { PseudonymError } from '../pseudonym/errors.ts'
import type { Reply } from './route.ts'

/** The reply for a refusal. */
export function problemReply(refusal: Refusal, instance: string): Reply {
  return {
    status: refusal.status,
    body: problemOf(refusal, instance),
    type: 'application/problem+json',
    headers: {
      ...(refusal.retryAfter && { 'Retry-After': String(refusal.retryAfter) }),
      ...(refusal.status === 401 && { 'WWW-Authenticate': challengeOf(refusal.code) }),
    },
  }
}

// RFC 6750 3, RFC 9449 7.1: how to come in, for clients that know no codes of ours.
function challengeOf(code: ErrorCode): string {
  if (code === 'HB-120' || code === 'HB-121')
    return `DPoP error="invalid_dpop_proof", algs="${SIGNING_ALGORITHMS.join(' ')}"`
  return code === 'HB-101' ? 'Bearer' : 'Bearer error="invalid_token"'
}

/** The one funnel from anything thrown to a refusal; what is ours is logged without its input. */
export function toRefusal(thrown: unknown, requestId: string, log: Logger): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof PseudonymError && thrown.code === 'pool-busy')
    return refuse('HB-605', '', 'gateway')
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  log.error('a request failed', { requestId, ...faultOf(error) })
  const answer = codeOf(thrown)
  return new Refusal({ pointer: '', code: answer, rule: 'gateway', remedy: explain(answer).remedy })
}

function codeOf(thrown: unknown): ErrorCode {
  if (thrown instanceof AuditError) return 'HB-902'
  return isStoreAway(thrown) ? 'HB-903' : 'HB-901'
}
