import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import axios from 'axios'
import { parseStrictJson } from '../json.ts'
import { KeyProviderError } from './provider.ts'

// An answer of 5,000 elements has some 230 KB.
const MAX_BYTES = 1024 * 1024
const PAUSES_MS = [100, 400]
const REST_MS = 1_000

export interface ServiceReply {
  status: number
  /** Undefined where it is no JSON. */
  body: unknown
}

export interface ServiceClientOptions {
  url: string
  secret: string
  /** For a call with all its tries. */
  timeoutMs: number
  /** Told when the service stops answering, and when it answers again. */
  note?: (answers: boolean, message: string) => void
}

/**
 * Calls the key service over kept connections: bounded in time and size, without redirects or a proxy.
 * What fails is tried again within the time, for every call may be repeated; after that it rests for
 * a second, so that requests do not pile up on a service that is away.
 */
export class ServiceClient {
  readonly #options: ServiceClientOptions
  readonly #agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 16 }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: 16, minVersion: 'TLSv1.2' }),
  }
  #lost: { message: string; until: number } | undefined

  constructor(options: ServiceClientOptions) {
    this.#options = options
  }

  /**
   * @param path under the address of the service
   * @returns its answer, if it is one: 2xx or 4xx, or 503 with a reason of its own
   * @throws KeyProviderError (HB-904) where there is none, or the secret is refused
   */
  async call(method: 'GET' | 'POST', path: string, body?: object): Promise<ServiceReply> {
    this.assertNotResting()
    const signal = AbortSignal.timeout(this.#options.timeoutMs)
    for (const wait of [...PAUSES_MS, undefined]) {
      const reply = await this.#try(method, path, body, signal)
      if (typeof reply === 'object') return this.#found(reply)
      if (wait === undefined || signal.aborted) throw this.#lose(reply)
      await pause(wait)
    }
    throw new Error('unreachable')
  }

  /** @throws KeyProviderError where it did not answer a moment ago */
  assertNotResting(): void {
    if (this.#lost && this.#lost.until > performance.now()) {
      throw new KeyProviderError(this.#lost.message)
    }
  }

  close(): void {
    this.#agents.httpAgent.destroy()
    this.#agents.httpsAgent.destroy()
  }

  /** The answer, or why there is none. */
  async #try(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<ServiceReply | string> {
    try {
      const { status, data } = await axios.request<string>({
        ...this.#agents,
        adapter: 'http',
        method,
        url: `${this.#options.url}${path}`,
        headers: { authorization: `Bearer ${this.#options.secret}`, 'user-agent': 'huisbrug' },
        ...(body && { data: body }),
        signal,
        maxContentLength: MAX_BYTES,
        maxRedirects: 0,
        proxy: false,
        responseType: 'text',
        transformResponse: [text => text],
        validateStatus: () => true,
      })
      const reply = { status, body: parse(data) }
      return isAnswer(reply) ? reply : `status ${status}${codeOf(reply.body)}`
    } catch (error) {
      // A message of axios may quote; the code does not.
      const code = axios.isAxiosError(error) ? error.code : undefined
      return code === 'ERR_CANCELED' ? 'it takes too long' : (code ?? 'no connection')
    }
  }

  #found(reply: ServiceReply): ServiceReply {
    if (reply.status === 401) {
      throw this.#lose('it refuses the secret: give both the same HUISBRUG_EVALUATOR_SECRET')
    }
    if (this.#lost) this.#options.note?.(true, 'the key service answers again')
    this.#lost = undefined
    return reply
  }

  #lose(why: string): KeyProviderError {
    const message = `the key service does not answer (${why})`
    if (!this.#lost) this.#options.note?.(false, message)
    this.#lost = { message, until: performance.now() + REST_MS }
    return new KeyProviderError(message)
  }
}

/** The stable code of a refusal of the service, where it has one. */
export function refusalCode(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('code' in body)) return undefined
  return typeof body.code === 'string' && /^HB-[0-9]{3}$/.test(body.code) ? body.code : undefined
}

// Its ceiling of the day is an answer; that its own store or vault is away is not.
function isAnswer({ status, body }: ServiceReply): boolean {
  return status < 500 || refusalCode(body) === 'HB-905'
}

function codeOf(body: unknown): string {
  const code = refusalCode(body)
  return code ? ` ${code}` : ''
}

function parse(text: string): unknown {
  try {
    return parseStrictJson(Buffer.from(text))
  } catch {
    return undefined
  }
}
