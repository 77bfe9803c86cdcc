import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

const CONNECT_MS = 1_000
// How long an address that did not answer gets nothing, as a health check would have it.
const LEFT_OUT_MS = 5_000

/** Passes connections on to several addresses by turns; TLS goes through. */
export interface Balancer {
  port: number
  close(): void
}

/** Starts it on an address, before servers on `port` of several others. */
export async function openBalancer(
  address: string,
  servers: readonly string[],
  port: number,
): Promise<Balancer> {
  const sockets = new Set<Socket>()
  const leftOut = new Map<string, number>()
  let turn = 0
  const pass = (client: Socket, tries: number) => {
    const now = performance.now()
    const well = servers.filter(one => (leftOut.get(one) ?? 0) < now)
    const server = (well.length > 0 ? well : servers)[turn++ % (well.length || servers.length)]
    if (!server || tries === 0) return void client.destroy()
    const upstream = connect({ host: server, port })
    const late = setTimeout(() => upstream.destroy(new Error('late')), CONNECT_MS)
    upstream.once('connect', () => {
      clearTimeout(late)
      client.pipe(upstream).pipe(client)
      client.on('close', () => upstream.destroy())
      upstream.on('close', () => client.destroy())
    })
    upstream.on('error', () => {
      clearTimeout(late)
      if (!upstream.connecting && upstream.bytesRead > 0) return
      leftOut.set(server, performance.now() + LEFT_OUT_MS)
      pass(client, tries - 1)
    })
  }
  const server = createServer(client => {
    sockets.add(client)
    client.on('close', () => sockets.delete(client)).on('error', () => {})
    pass(client, servers.length)
  }).listen(0, address)
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as { port: number }).port, close }
}
