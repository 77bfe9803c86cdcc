import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from './certificates.ts'
import { OUTSIDE } from './network.ts'

/** What came to VDAB: by Idempotency-Key, from which hosts, how often. */
export interface Vdab {
  url: string
  /** Milliseconds that it takes for each call. */
  takes: number
  came: Map<string, { from: string[]; at: number }>
  /** Calls that are open now, by the address that made them. */
  open: Map<string, number>
  close(): Promise<void>
}

function count({ open }: Vdab, host: string, more: 1 | -1): void {
  open.set(host, (open.get(host) ?? 0) + more)
}

/** A well VDAB over TLS that takes all, each once by its key, and notes which host brought it. */
export async function openVdab({ cert, key }: Certificate): Promise<Vdab> {
  const files = { cert: readFileSync(cert), key: readFileSync(key) }
  const server = createServer(files, async (request, response) => {
    request.resume()
    await once(request, 'end').catch(() => {})
    response.setHeader('content-type', 'application/json')
    if (request.url === '/oauth/token')
      return response.end(
        JSON.stringify({ access_token: 'scale-token', token_type: 'Bearer', expires_in: 600 }),
      )
    const host = request.socket.remoteAddress ?? ''
    count(vdab, host, 1)
    const id = String(request.headers['idempotency-key'])
    const known = vdab.came.get(id) ?? { from: [], at: Date.now() }
    known.from.push(host)
    vdab.came.set(id, known)
    await sleep(vdab.takes)
    count(vdab, host, -1)
    return response.writeHead(202).end('{}')
  }).listen(0, OUTSIDE)
  server.on('clientError', (_, socket) => void socket.destroy())
  await once(server, 'listening')
  const vdab: Vdab = {
    url: `https://${OUTSIDE}:${(server.address() as AddressInfo).port}`,
    takes: 5,
    came: new Map(),
    open: new Map(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return vdab
}
