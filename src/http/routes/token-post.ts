import { oauthErrorOf } from '../../access/token.ts'
import { problemOf, type Refusal } from '../../errors.ts'
import { problemReply } from '../problem.ts'
import type { Reply, Route } from '../route.ts'

/** Gives an access token for a client assertion (RFC 6749 4.4, RFC 7523 2.2), bound by RFC 9449 or 8705. */
export const postToken: Route = {
  method: 'post',
  path: '/oauth/token',
  access: 'public',
  handle: async (context, request) => {
    const form = new URLSearchParams(request.raw.toString('utf8'))
    return { status: 200, body: await context.tokens.issueToken(readForm(form), request.presented) }
  },
  refuse: refusalReply,
}

// RFC 6749 3.2: a parameter comes once; a list is refused like any other wrong value. Read in one pass:
// who sends it is not known yet, and thousands of names fit in.
function readForm(form: URLSearchParams): Record<string, string | string[]> {
  const byName = Map.groupBy(form, ([name]) => name)
  return Object.fromEntries(
    [...byName].map(([name, pairs]) => {
      const values = pairs.map(([, value]) => value)
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}

// RFC 6749 5.2 asks for `error` and fixes the type; the members of a problem document stand beside it.
function refusalReply(refusal: Refusal, requestId: string): Reply {
  const { status } = problemReply(refusal, requestId)
  // The client did not authenticate by a header, so there is nothing to challenge it for.
  const headers = refusal.retryAfter ? { 'Retry-After': String(refusal.retryAfter) } : {}
  const error = oauthErrorOf(refusal.code)
  return { status, headers, body: { error, ...problemOf(refusal, requestId) } }
}
