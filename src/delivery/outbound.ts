import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { getCACertificates } from 'node:tls'
import axios, { type AxiosResponse } from 'axios'
import {
  assertAllowedUrl,
  isAllowedAddress,
  isLoopbackAddress,
  type Reach,
} from '../access/peer-url.ts'
import type { Config } from '../config.ts'
import { Refusal } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  guardedLookup,
  lookUp,
  NOT_ALLOWED,
  type Resolve,
  resolveAllowed,
} from './outbound-guard.ts'
import { PROXY_FAILED, ProxyAgent } from './outbound-proxy.ts'

export { assertAllowedUrl } from '../access/peer-url.ts'
export type { Resolve } from './outbound-guard.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1024 * 1024
const MAX_JWKS_BYTES = 64 * 1024

export type OutboundReason =
  | 'address'
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'proxy'
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
  /** Private networks that are allowed for the party that is called, and for it only. */
  networks?: readonly string[] | undefined
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

export interface OutboundOptions {
  allowLoopback: boolean
  log: Logger
  /** The one address of this process itself that may be called, whatever is allowed else. */
  own?: () => string | undefined
  /** Replaces the system's resolver. */
  resolve?: Resolve
  /** Trusted certificates (PEM) beside those of Node. */
  ca?: string
  /** Address of a proxy for all but this host, with its credentials. */
  proxy?: string
}

/**
 * The one client for addresses that peers choose: https to public addresses and the networks allowed for
 * the party (with `allowLoopback` also this host, there by http too), names looked up once and the
 * connection made to exactly what was checked, no redirects, no proxy but the one given, bounded in time
 * and size.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  const { allowLoopback, log } = options
  const lookup = guardedLookup(options.resolve ?? lookUp, isLoopbackAddress)
  const httpAgent = new HttpAgent({ ...POOL, lookup })
  // A kept connection is for who may make it: parties with other networks never share one.
  const agents = new Map<string, HttpsAgent>()
  const agentFor = (networks: readonly string[] = []) => {
    const key = networks.join(' ')
    const agent = agents.get(key) ?? makeAgent(options, { allowLoopback, networks })
    agents.set(key, agent)
    return agent
  }
  return {
    request: async request => {
      const { networks } = request
      const isOwn = request.url === options.own?.()
      const host = isOwn ? 'this process' : checkUrl(request.url, { allowLoopback, networks })
      const send = () => call(request, { httpAgent, httpsAgent: agentFor(networks) })
      try {
        return await send().catch(error => retryStale(error, send))
      } catch (error) {
        const failure = toOutboundError(error)
        log.debug('a peer could not be called', { host, reason: failure.reason })
        throw failure
      }
    },
    close: () => {
      for (const agent of [httpAgent, ...agents.values()]) agent.destroy()
    },
  }
}

/**
 * The client as the settings want it.
 * @throws Error naming the setting, where its file cannot be read
 */
export function openOutbound(
  config: Pick<Config, 'allowLoopback' | 'outbound'>,
  rest: Pick<OutboundOptions, 'log' | 'own' | 'resolve'>,
): Outbound {
  const { allowLoopback, outbound } = config
  const { proxyUrl: proxy, caFile } = outbound
  const ca = caFile === undefined ? undefined : readCertificates(caFile)
  return createOutbound({ ...rest, allowLoopback, ...(proxy && { proxy }), ...(ca && { ca }) })
}

const POOL = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64 }

function makeAgent(options: OutboundOptions, reach: Reach): HttpsAgent {
  const { ca, proxy, resolve = lookUp } = options
  const isAllowed = (address: string) => isAllowedAddress(address, reach)
  const how = {
    ...POOL,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca && { ca: [...getCACertificates('default'), ca] }),
  } as const
  if (!proxy) return new HttpsAgent({ ...how, lookup: guardedLookup(resolve, isAllowed) })
  return new ProxyAgent(how, { proxy, find: name => resolveAllowed(name, resolve, isAllowed) })
}

function readCertificates(file: string): string {
  const wrong = 'HUISBRUG_CA_FILE must name a file with certificates (PEM)'
  try {
    const text = readFileSync(file, 'utf8')
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  } catch {
    throw new Error(wrong)
  }
  throw new Error(wrong)
}

/**
 * The client for what the operator's own settings name, such as an identity provider or a witness: it may
 * be in the networks that are open for those, where no address of a party ever leads.
 */
export function forServices(
  outbound: Outbound,
  { outbound: { serviceNetworks } }: Pick<Config, 'outbound'>,
): Pick<Outbound, 'request'> {
  return { request: request => outbound.request({ ...request, networks: serviceNetworks }) }
}

/** Fetches the bytes of a peer's key set through the guarded client. */
export function jwksFetcher(
  outbound: Pick<Outbound, 'request'>,
): (url: string, networks?: readonly string[]) => Promise<Buffer> {
  return async (url, networks) => {
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const request = {
      method: 'GET',
      url,
      headers,
      networks,
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

function checkUrl(url: string, reach: Reach): string {
  try {
    return assertAllowedUrl(url, reach).host
  } catch (error) {
    throw error instanceof Refusal ? new OutboundError('address') : error
  }
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
  [PROXY_FAILED]: 'proxy',
}

function reasonOf(code: string): OutboundReason {
  if (REASONS[code]) return REASONS[code]
  return /TLS|SSL|CERT|SIGNATURE|CRL|SELF_SIGNED|ISSUER/.test(code) ? 'tls' : 'broken'
}
