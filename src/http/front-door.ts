import type { IncomingMessage } from 'node:http'
import { type Refusal, refuse } from '../errors.ts'

const MOST_HEADERS = 100
// Of these Node takes the first and a proxy perhaps the last, or it joins them.
const ONCE = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'dpop',
  'expect',
  'host',
  'idempotency-key',
  'transfer-encoding',
  'x-csrf-token',
  'x-jws-signature',
])

/**
 * What is wrong with the form of a request that Node's parser let through, though a proxy in front may
 * have read it otherwise (RFC 9112 section 11.2): another target than a path, a header twice that means one
 * thing, another transfer coding than chunked. Undefined for an ordinary request.
 */
export function findAmbiguity(request: IncomingMessage): Refusal | undefined {
  const fault = faultOfTarget(request) ?? faultOfHeaders(request) ?? faultOfCoding(request)
  return fault === undefined ? undefined : refuse('HB-213', '', fault)
}

// A gateway is the origin: the other forms of a target are for proxies.
function faultOfTarget({ url = '' }: IncomingMessage): string | undefined {
  return url.startsWith('/') && !url.startsWith('//')
    ? undefined
    : 'RFC 9112 section 3.2.1: a path as target'
}

function faultOfHeaders({ rawHeaders }: IncomingMessage): string | undefined {
  if (rawHeaders.length / 2 > MOST_HEADERS) return 'http: at most 100 headers'
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    // A proxy that knows the interface of CGI reads this as the name with a hyphen.
    const plain = name.replaceAll('_', '-')
    if (!ONCE.has(plain)) continue
    if (seen.has(plain) || plain !== name) return 'RFC 9110 section 5.3: each header once'
    seen.add(plain)
  }
  return undefined
}

function faultOfCoding({ headers, httpVersion }: IncomingMessage): string | undefined {
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  const isPlain = coding.toLowerCase() === 'chunked' && httpVersion === '1.1'
  return isPlain ? undefined : 'RFC 9112 section 6.1: chunked, in HTTP/1.1'
}
