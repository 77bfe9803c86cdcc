import type { Retries } from '../access/party-types.ts'

/** The schedule of a party that has none of its own. */
export const DEFAULT_RETRIES: Retries = { firstSeconds: 2, tries: 30, hours: 75 }

/** The longest that a peer is left alone because it asked for it in Retry-After. */
export const LONGEST_RETRY_AFTER = 4 * 3600

/**
 * The seconds between the tries, without jitter: doubling from the first until a longest delay, such
 * that together they last the hours; growing faster where doubling would not get there.
 */
export function baseDelays({ firstSeconds, tries, hours }: Retries): number[] {
  const total = hours * 3600
  const delays = (growth: number, longest: number) =>
    Array.from({ length: tries - 1 }, (_, turn) => Math.min(firstSeconds * growth ** turn, longest))
  const enough = sum(delays(2, Number.POSITIVE_INFINITY)) >= total
  if (enough)
    return delays(
      2,
      solve(longest => sum(delays(2, longest)), total, total),
    )
  const growth = solve(it => sum(delays(it, total)), total, Math.max(2, total / firstSeconds))
  return delays(growth, total)
}

/**
 * Seconds until the next try, with jitter from half to one and a half, and never before what the peer
 * asked for in Retry-After, as far as that is honoured.
 * @param tries done, from 1
 * @param random in [0, 1)
 * @param retryAfter seconds the peer asked for
 */
export function retryDelay(
  tries: number,
  random: number,
  retryAfter = 0,
  schedule: Retries = DEFAULT_RETRIES,
): number {
  const delays = baseDelays(schedule)
  const base = delays[Math.min(tries, delays.length) - 1] ?? schedule.firstSeconds
  return Math.max(base * (0.5 + random), Math.min(retryAfter, LONGEST_RETRY_AFTER))
}

/** Seconds in a Retry-After header (RFC 9110: seconds or a date); 0 where it says nothing. */
export function parseRetryAfter(value: string | undefined, now: Date): number {
  if (!value) return 0
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? 0 : Math.max(0, (date - now.getTime()) / 1000)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Where a growing function reaches a value, between 0 and `most`, by halving. */
function solve(grows: (x: number) => number, value: number, most: number): number {
  let [low, high] = [0, most]
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (grows(middle) < value) low = middle
    else high = middle
  }
  return high
}
