import { type RequestOptions as HttpOptions, request as requestByHttp } from 'node:http'
import { Agent, type AgentOptions, request as requestByHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import { isLoopbackAddress } from '../access/peer-url.ts'
import { errorWithCode, type Found } from './outbound-guard.ts'

export const PROXY_FAILED = 'EPROXY'
const TIMEOUT_MS = 10_000

type Options = Parameters<Agent['createConnection']>[0]
type Callback = (error: Error | null, socket: Duplex) => void

/**
 * Connects through a proxy (CONNECT, RFC 9110 section 9.3.6). Names are resolved and checked here, and
 * the proxy is asked for the checked address: it gets no name that it could resolve otherwise. TLS is
 * with the peer, under its name. This host itself is never asked of a proxy.
 */
export class ProxyAgent extends Agent {
  readonly #proxy: URL
  readonly #find: (hostname: string) => Promise<[Found, ...Found[]]>

  /** @param parts.find the checked addresses of a name; it throws where one is not allowed */
  constructor(
    options: AgentOptions,
    parts: { proxy: string; find: (hostname: string) => Promise<[Found, ...Found[]]> },
  ) {
    super(options)
    this.#proxy = new URL(parts.proxy)
    this.#find = parts.find
  }

  override createConnection(options: Options, callback?: Callback): Duplex | null | undefined {
    this.#connect(options).then(
      socket => callback?.(null, socket),
      error => callback?.(error, undefined as unknown as Duplex),
    )
    return undefined
  }

  async #connect(options: Options): Promise<Duplex> {
    const [{ address, family }] = await this.#find(String(options.host))
    const port = Number(options.port ?? 443)
    if (!isLoopbackAddress(address)) {
      const { ca } = this.options
      const socket = await openTunnel(this.#proxy, { address, family, port }, { ca })
      return this.#secure({ ...options, socket } as Options)
    }
    return this.#secure({
      ...options,
      lookup: (_name, { all }, done) =>
        all ? done(null, [{ address, family }]) : done(null, address, family),
    } as Options)
  }

  #secure(options: Options): Duplex {
    const socket = super.createConnection(options)
    if (socket) return socket
    throw errorWithCode(PROXY_FAILED)
  }
}

/** @throws Error with code EPROXY, which holds nothing of the proxy's address or its answer */
function openTunnel(
  proxy: URL,
  to: Found & { port: number },
  { ca }: Pick<AgentOptions, 'ca'>,
): Promise<Duplex> {
  const authority = `${to.family === 6 ? `[${to.address}]` : to.address}:${to.port}`
  const options: HttpOptions = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: authority,
    headers: { host: authority, ...credentialsOf(proxy) },
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const fail = () => {
      clearTimeout(timer)
      request.destroy()
      reject(errorWithCode(PROXY_FAILED))
    }
    const secure = proxy.protocol === 'https:'
    const request = secure ? requestByHttps({ ...options, ca }) : requestByHttp(options)
    const timer = setTimeout(fail, TIMEOUT_MS)
    request.on('error', fail).on('response', fail)
    request.on('connect', ({ statusCode }, socket, head) => {
      clearTimeout(timer)
      // The peer says nothing before it is greeted: such bytes are the proxy's own.
      if (statusCode === 200 && head.length === 0) return resolve(socket)
      socket.destroy()
      reject(errorWithCode(PROXY_FAILED))
    })
    request.end()
  })
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (!username) return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` }
}
