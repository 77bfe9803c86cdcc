import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that a peer received. */
export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  raw: string
  body: Record<string, unknown>
  at: number
}

/** What a peer answers; `hang` never answers. */
export type Reply = { status: number; body?: object; headers?: Record<string, string> } | 'hang'

/** A real HTTP server on loopback that keeps what it received and answers as told. */
export interface Peer {
  url: string
  received: Received[]
  /** Requests by path ending, parsed. */
  to(path: string): Received[]
  /** Answers from now on; a token request gets a token whatever this says. */
  reply: (request: Received) => Reply | Promise<Reply>
  close(): Promise<void>
}

export async function startPeer(): Promise<Peer> {
  const received: Received[] = []
  const peer: Peer = {
    url: '',
    received,
    to: path => received.filter(request => request.path.endsWith(path)),
    reply: () => ({ status: 202, body: {} }),
    close: () => stop(server),
  }
  const server = createServer(async (request, response) => {
    const raw = await readAll(request)
    if (request.url === '/oauth/token') {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ access_token: 'peer-token', token_type: 'Bearer', expires_in: 600 }),
      )
      return
    }
    const entry = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      raw,
      body: raw && !isSealed(request) ? JSON.parse(raw) : {},
      at: Date.now(),
    }
    received.push(entry)
    const reply = await peer.reply(entry)
    if (reply === 'hang') return
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(reply.body ? JSON.stringify(reply.body) : undefined)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  peer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return peer
}

/** A body in an envelope is in `raw` only. */
function isSealed({ headers }: IncomingMessage): boolean {
  return headers['content-type'] === 'application/jose'
}

async function readAll(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}
