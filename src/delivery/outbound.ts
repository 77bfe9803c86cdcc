import { promises as dns } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import axios, { type AxiosResponse } from 'axios'
import { assertAllowedUrl, isLoopbackAddress, isPublicAddress } from '../access/peer-url.ts'
import { Refusal } from '../errors.ts'
import type { Logger } from '../log.ts'

export { assertAllowedUrl } from '../access/peer-url.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1024 * 1024
const MAX_JWKS_BYTES = 64 * 1024
const NOT_ALLOWED = 'EADDRNOTALLOWED'

export type OutboundReason =
  | 'address'
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'too-large'
  | 'redirect'
  | 'broken'

/** A call to a peer that brought no answer. It holds nothing of the request or the answer. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly reason: OutboundReason
  /** HTTP status, for a redirect. */
  readonly status: number | undefined

  constructor(reason: OutboundReason, status?: number) {
    super(`the peer could not be called: ${reason}`)
    this.reason = reason
    this.status = status
  }
}

export interface OutboundRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  url: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** For all of it, from looking up the name to the last byte; 10 s by default. */
  timeoutMs?: number
  /** Largest answer; 1 MiB by default. */
  maxBytes?: number
  /** Gives it up before that. */
  signal?: AbortSignal
}

export interface OutboundResponse {
  status: number
  headers: Record<string, string>
  /** As received: never decompressed. */
  body: Buffer
}

export interface Outbound {
  /** @throws OutboundError where there is no answer; any status but 3xx is an answer */
  request(request: OutboundRequest): Promise<OutboundResponse>
  close(): void
}

/** Looks a name up: every address it has. */
export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>

/**
 * The one client for addresses that peers choose: https to public addresses (with `allowLoopback`
 * also this host, there by http too), names looked up once and the connection made to exactly what
 * was checked, no redirects, no proxy from the environment, bounded in time and size.
 * @param options.ca further trusted certificates (PEM); `resolve` replaces the system's resolver
 */
export function createOutbound(options: {
  allowLoopback: boolean
  log: Logger
  /** The one address of this process itself that may be called, whatever is allowed else. */
  own?: () => string | undefined
  resolve?: Resolve
  ca?: string
}): Outbound {
  const { allowLoopback, log } = options
  const resolve = options.resolve ?? lookUp
  const common = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16 }
  const httpAgent = new HttpAgent({ ...common, lookup: guardedLookup(resolve, isLoopbackAddress) })
  const httpsAgent = new HttpsAgent({
    ...common,
    lookup: guardedLookup(
      resolve,
      it => isPublicAddress(it) || (allowLoopback && isLoopbackAddress(it)),
    ),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(options.ca && { ca: options.ca }),
  })
  const send = (request: OutboundRequest) => call(request, { httpAgent, httpsAgent })
  return {
    request: async request => {
      const isOwn = request.url === options.own?.()
      const host = isOwn ? 'this process' : checkUrl(request.url, allowLoopback)
      try {
        return await send(request).catch(error => retryStale(error, () => send(request)))
      } catch (error) {
        const failure = toOutboundError(error)
        log.debug('a peer could not be called', { host, reason: failure.reason })
        throw failure
      }
    },
    close: () => {
      httpAgent.destroy()
      httpsAgent.destroy()
    },
  }
}

/** Fetches the bytes of a peer's key set through the guarded client. */
export function jwksFetcher(outbound: Outbound): (url: string) => Promise<Buffer> {
  return async url => {
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const request = {
      method: 'GET',
      url,
      headers,
      timeoutMs: 5_000,
      maxBytes: MAX_JWKS_BYTES,
    } as const
    const { status, body } = await outbound.request(request)
    if (status !== 200) throw new OutboundError('broken', status)
    return body
  }
}

async function call(
  request: OutboundRequest,
  agents: { httpAgent: HttpAgent; httpsAgent: HttpsAgent },
): Promise<OutboundResponse> {
  const { status, headers, data } = await axios.request<Buffer>({
    ...agents,
    adapter: 'http',
    method: request.method,
    url: request.url,
    headers: { 'user-agent': 'huisbrug', 'accept-encoding': 'identity', ...request.headers },
    data: request.body,
    signal: AbortSignal.any([
      AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
      ...(request.signal ? [request.signal] : []),
    ]),
    maxContentLength: request.maxBytes ?? MAX_BYTES,
    maxBodyLength: Infinity,
    maxRedirects: 0,
    proxy: false,
    decompress: false,
    responseType: 'arraybuffer',
    transformRequest: [data => data],
    transformResponse: [data => data],
    validateStatus: () => true,
  })
  if (status >= 300 && status < 400) throw new OutboundError('redirect', status)
  return { status, headers: flatten(headers), body: data }
}

function flatten(headers: AxiosResponse['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

function checkUrl(url: string, allowLoopback: boolean): string {
  try {
    return assertAllowedUrl(url, { allowLoopback }).host
  } catch (error) {
    throw error instanceof Refusal ? new OutboundError('address') : error
  }
}

// The address that is checked is the address that is connected to: there is no second look-up that
// could answer otherwise. One forbidden address among several refuses the name.
function guardedLookup(resolve: Resolve, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      addresses => {
        const [first] = addresses
        if (!first || !addresses.every(found => isAllowed(found.address))) {
          callback(errorWithCode(first ? NOT_ALLOWED : 'ENOTFOUND'), '', 0)
        } else if (options.all) callback(null, addresses)
        else callback(null, first.address, first.family)
      },
      () => callback(errorWithCode('ENOTFOUND'), '', 0),
    )
  }
}

function lookUp(hostname: string): Promise<{ address: string; family: number }[]> {
  return dns.lookup(hostname, { all: true, order: 'verbatim' })
}

function errorWithCode(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

// A peer may close a kept connection at the very moment it is used again: nothing was read, and a
// new connection is tried once.
function retryStale<T>(error: unknown, again: () => Promise<T>): Promise<T> {
  const stale =
    axios.isAxiosError(error) && error.code === 'ECONNRESET' && error.request?.reusedSocket
  if (stale) return again()
  throw error
}

function toOutboundError(error: unknown): OutboundError {
  if (error instanceof OutboundError) return error
  if (!axios.isAxiosError(error)) throw error
  if (error.message.startsWith('maxContentLength')) return new OutboundError('too-large')
  return new OutboundError(reasonOf(error.code ?? ''))
}

const REASONS: Readonly<Record<string, OutboundReason>> = {
  [NOT_ALLOWED]: 'address',
  ERR_CANCELED: 'timeout',
  ETIMEDOUT: 'timeout',
  ECONNABORTED: 'timeout',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EPROTO: 'tls',
}

function reasonOf(code: string): OutboundReason {
  if (REASONS[code]) return REASONS[code]
  return /TLS|SSL|CERT|SIGNATURE|CRL|SELF_SIGNED|ISSUER/.test(code) ? 'tls' : 'broken'
}
