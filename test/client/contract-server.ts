import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the server saw it. */
export interface Seen {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

export type Answer = (seen: Seen, response: ServerResponse) => void

export interface ContractServer {
  url: string
  /** Every request but those for tokens. */
  seen: Seen[]
  /** Requests for tokens. */
  tokenRequests: Seen[]
  /** What to do with the next requests, in order; then `otherwise`. */
  next: Answer[]
  close(): Promise<void>
}

/** Answers with JSON. */
export function reply(status: number, body?: object, headers: Record<string, string> = {}): Answer {
  return (_seen, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(body && JSON.stringify(body))
  }
}

/** Breaks the connection without an answer. */
export const hangUp: Answer = (_seen, response) => response.destroy()

/** A server that gives tokens as the contract says and otherwise does what the test tells it. */
export async function contractServer(
  otherwise: Answer = reply(200, {}),
  tokenLifetime = 600,
): Promise<ContractServer> {
  const seen: Seen[] = []
  const tokenRequests: Seen[] = []
  const next: Answer[] = []
  const server = createServer(async (request, response) => {
    const one = await readRequest(request)
    if (one.path === '/oauth/token') {
      tokenRequests.push(one)
      const token = { access_token: `token-${tokenRequests.length}`, token_type: 'Bearer' }
      reply(200, { ...token, expires_in: tokenLifetime, scope: '' })(one, response)
      return
    }
    seen.push(one)
    const answer = next.shift() ?? otherwise
    answer(one, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    tokenRequests,
    next,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  return { method, path: url, headers, body: Buffer.concat(chunks).toString() }
}
