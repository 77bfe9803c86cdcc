/** Tries before a hand-over is parked: with the delays below, about 75 hours. */
export const MAX_ATTEMPTS = 30

const FIRST_SECONDS = 2
const LONGEST_SECONDS = 4 * 3600

/**
 * Seconds until the next try: doubling from 2 s to at most 4 h, with jitter from half to one and a
 * half, and never before what the peer asked for in Retry-After.
 * @param attempts tries done, from 1
 * @param random in [0, 1)
 * @param retryAfter seconds the peer asked for; capped at the longest delay
 */
export function retryDelay(attempts: number, random: number, retryAfter = 0): number {
  const base = Math.min(FIRST_SECONDS * 2 ** (attempts - 1), LONGEST_SECONDS)
  return Math.max(base * (0.5 + random), Math.min(retryAfter, LONGEST_SECONDS))
}

/** Seconds in a Retry-After header (RFC 9110: seconds or a date); 0 where it says nothing. */
export function parseRetryAfter(value: string | undefined, now: Date): number {
  if (!value) return 0
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? 0 : Math.max(0, (date - now.getTime()) / 1000)
}
