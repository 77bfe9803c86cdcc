// The employment service, the same for all: a bare HTTP server in a process of its own that gives out a token,
// takes requests, counts their tenants, and tells when as many came as it was told to wait for.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the bench says: how many tenants come next. */
export interface Expected {
  tenants: number
}

/** What it says back: where it listens, and each time that all came. */
export type ReceiverTold = { port: number } | { arrived: number }

const ACCEPTED = '{}'
const TOKEN = JSON.stringify({ access_token: 'bench', token_type: 'Bearer', expires_in: 3600 })

let expected = 0
let arrived = 0

const server = createServer(async (request, response) => {
  const body = await read(request)
  const isToken = request.url === '/token'
  if (!isToken) count((JSON.parse(body.toString()) as { rows: unknown[] }).rows.length)
  const reply = isToken ? TOKEN : ACCEPTED
  response.writeHead(isToken ? 200 : 202, {
    'content-type': 'application/json',
    'content-length': reply.length,
  })
  response.end(reply)
})
// Longer than a side may be idle between its rounds.
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }))

process.on('message', message => {
  expected = (message as Expected).tenants
  arrived = 0
})
process.once('disconnect', () => process.exit())

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function count(tenants: number): void {
  arrived += tenants
  if (arrived - tenants < expected && arrived >= expected) tell({ arrived })
}

function tell(told: ReceiverTold): void {
  process.send?.(told)
}
