/** A token bucket: `burst` tokens when full, `perSecond` added until it is. A call takes one. */
export interface Limit {
  perSecond: number
  burst: number
}

/** Where a caller stands after it asked for one token. */
export interface Standing {
  limit: Limit
  granted: boolean
  /** Tokens left, a whole number. */
  left: number
  /** Whole seconds until the next token for a caller that got none; at least 1. */
  retryAfter: number
}

/** The tokens in a bucket after some time; a clock that went back adds none. */
export function refill(level: number, seconds: number, { perSecond, burst }: Limit): number {
  return Math.min(burst, level + Math.max(0, seconds) * perSecond)
}

/**
 * Where a caller stands that asked for the `turn`th token (from 0) of those that were asked for at once.
 * @param granted how many of those there were
 * @param level tokens that are left after them
 */
export function standingOf(
  limit: Limit,
  { turn, granted, level }: { turn: number; granted: number; level: number },
): Standing {
  const behind = turn - granted + 1
  const isGranted = behind <= 0
  return {
    limit,
    granted: isGranted,
    left: Math.max(0, Math.floor(level) - (isGranted ? behind : 0)),
    retryAfter: isGranted ? 1 : Math.max(1, Math.ceil((behind - level) / limit.perSecond)),
  }
}

/**
 * The header fields that tell a caller its limit and where it stands (draft-ietf-httpapi-ratelimit-
 * headers-08): `q` tokens in `w` seconds; `r` left, and `t` seconds until all are there again.
 */
export function rateLimitHeaders({ limit, left }: Standing): Record<string, string> {
  const { burst, perSecond } = limit
  const window = Math.max(1, Math.ceil(burst / perSecond))
  const reset = Math.ceil((burst - left) / perSecond)
  return {
    'RateLimit-Policy': `"party";q=${burst};w=${window}`,
    RateLimit: `"party";r=${left};t=${reset}`,
  }
}
