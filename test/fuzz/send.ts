import { Agent, request as startRequest } from 'node:http'
import type { FuzzRequest } from './draft.ts'

export interface FuzzReply {
  status: number
  /** Without parameters. */
  type: string
  headers: Record<string, string | string[] | undefined>
  text: string
}

type Sendable = Pick<FuzzRequest, 'method' | 'target' | 'headers' | 'body'>

const TIMEOUT_MS = 30_000

/** Connections that are kept, as many as calls go at once. */
export class Sender {
  readonly #url: URL
  readonly #agent: Agent

  constructor(url: string, connections: number) {
    this.#url = new URL(url)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** @returns the reply, or what went wrong where none came; undefined where Node cannot write it */
  async send(call: FuzzRequest): Promise<FuzzReply | Error | undefined> {
    for (let tries = 0; ; tries++) {
      const reply = await this.#sendOnce(call).catch((error: Error & { code?: string }) => error)
      if (!(reply instanceof Error)) return reply
      const { code = '' } = reply as { code?: string }
      if (code.startsWith('ERR_')) return undefined
      // A kept connection may be closed at the other side just as it is used again.
      if (tries >= 2 || !['ECONNRESET', 'EPIPE'].includes(code)) return reply
    }
  }

  /** One call, once; nothing is done beside it. @throws where no reply comes */
  time(
    ask: { method: string; target: string; headers: Record<string, string> },
    body?: string,
  ): Promise<FuzzReply> {
    const bytes = body === undefined ? undefined : Buffer.from(body)
    const length = bytes && { 'content-length': String(bytes.length) }
    return this.#sendOnce({ ...ask, headers: { ...ask.headers, ...length }, body: bytes })
  }

  #sendOnce({ method, target, headers, body }: Sendable): Promise<FuzzReply> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#url
      const options = { agent: this.#agent, method, path: target, headers, timeout: TIMEOUT_MS }
      const call = startRequest({ ...options, hostname, port, setHost: true }, response => {
        const chunks: Buffer[] = []
        response.on('data', chunk => chunks.push(chunk)).on('error', reject)
        response.on('end', () => {
          const type = String(response.headers['content-type'] ?? '').split(';')[0] ?? ''
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode ?? 0, type, headers: response.headers, text })
        })
      })
      call.on('timeout', () => call.destroy(new Error('no reply in time')))
      call.on('error', reject)
      call.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
