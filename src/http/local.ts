import type { Request } from 'express'
import { isLoopbackAddress } from '../access/peer-url.ts'

// What proxies add. A client can have one of them taken out on the way (RFC 9110 section 7.6.1), hardly all.
const OF_PROXIES = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
]

/** Whether a call comes from this machine itself, not through a proxy. */
export function isLocal(request: Request): boolean {
  const isProxied = OF_PROXIES.some(name => request.get(name) !== undefined)
  return isLoopbackAddress(request.socket.remoteAddress ?? '') && !isProxied
}
