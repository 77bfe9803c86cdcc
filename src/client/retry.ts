import { setTimeout as delay } from 'node:timers/promises'
import { HuisbrugProblem, HuisbrugUnreachable } from './problem.ts'

/** How often and how patiently a call is repeated; times in milliseconds. */
export interface RetryPolicy {
  /** Tries in total. */
  attempts: number
  /** Upper bound of the first pause; it doubles every time. */
  firstPauseMs: number
  longestPauseMs: number
  /** Where a Retry-After asks for more, the refusal is thrown at once: the caller knows better when. */
  longestWaitMs: number
  sleep(ms: number): Promise<unknown>
  /** A number in [0, 1). */
  random(): number
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 10,
  firstPauseMs: 200,
  longestPauseMs: 15_000,
  longestWaitMs: 300_000,
  sleep: ms => delay(ms),
  random: Math.random,
}

/**
 * Repeats `work` while it fails in a way that may pass: no answer, 429, 5xx. Pauses with full
 * jitter; a Retry-After is honoured as the least pause, with jitter on top so that many callers
 * do not return together. A quota that is used up until tomorrow is not waited for.
 * @throws the last error, or at once one that will not pass
 */
export async function withRetries<T>(work: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= policy.attempts || !mayPass(error, policy)) throw error
      await policy.sleep(pauseBefore(attempt, error, policy))
    }
  }
}

function mayPass(error: unknown, { longestWaitMs }: RetryPolicy): boolean {
  if (error instanceof HuisbrugUnreachable) return error.mayPass
  const isProblem = error instanceof HuisbrugProblem && error.mayPass
  return isProblem && (error.retryAfterMs ?? 0) <= longestWaitMs
}

function pauseBefore(attempt: number, error: unknown, policy: RetryPolicy): number {
  const ceiling = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (attempt - 1))
  const jittered = policy.random() * ceiling
  const asked = error instanceof HuisbrugProblem ? error.retryAfterMs : undefined
  return asked === undefined ? jittered : asked + jittered
}

/**
 * A Retry-After header in milliseconds (RFC 9110, 10.2.3): seconds or an HTTP date; undefined
 * where it is missing or unreadable.
 */
export function parseRetryAfter(header: unknown, now: Date): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime())
}
