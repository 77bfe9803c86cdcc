import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { webhookHeaders } from './webhook-signature.ts'

const MAX_BYTES = 4 * 1024

/**
 * The gateway as a peer of its own, for probes: on a port of loopback that the system chooses, at a
 * path that nobody knows, for messages that this process signed. It takes them and keeps nothing.
 */
export class ProbePeer {
  readonly #secret = randomBytes(32)
  readonly #path = `/${randomBytes(16).toString('hex')}`
  #server: Server | undefined

  /** Where it is, undefined while it is not open. */
  get url(): string | undefined {
    const address = this.#server?.address() as AddressInfo | null | undefined
    return address ? `http://127.0.0.1:${address.port}${this.#path}` : undefined
  }

  async open(): Promise<void> {
    const server = createServer((request, response) => {
      this.#judge(request).then(
        status => response.writeHead(status).end(),
        () => response.destroy(),
      )
    })
    server.headersTimeout = 5_000
    server.requestTimeout = 5_000
    server.maxConnections = 64
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    this.#server = server
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<void>(resolve => (server ? server.close(() => resolve()) : resolve()))
  }

  /** The headers of one try. */
  sign(id: string, at: Date, body: string): Record<string, string> {
    return webhookHeaders(id, at, body, [this.#secret])
  }

  async #judge(request: IncomingMessage): Promise<number> {
    if (request.method !== 'POST' || request.url !== this.#path) return 404
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_BYTES) return 413
      chunks.push(chunk)
    }
    return this.#isOurs(request, Buffer.concat(chunks).toString('utf8')) ? 204 : 401
  }

  #isOurs({ headers }: IncomingMessage, body: string): boolean {
    const at = new Date(Number(headers['webhook-timestamp']) * 1000)
    const signed = this.sign(String(headers['webhook-id']), at, body)['webhook-signature'] ?? ''
    const given = Buffer.from(String(headers['webhook-signature']))
    const wanted = Buffer.from(signed)
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  }
}
