import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A server that can be made to go away and come back, seen from its clients. */
export interface ServerProxy {
  /** The URL of the server, through the proxy. */
  url: string
  /** Ends all connections and takes no more. */
  cut(): void
  /** Keeps the connections, and passes nothing on any more. */
  hang(): void
  restore(): void
  close(): Promise<void>
}

/** Stands before the TCP server of that URL, which may be another one for the next connection. */
export async function openProxy(target: string | (() => string)): Promise<ServerProxy> {
  const targetNow = () => new URL(typeof target === 'string' ? target : target())
  const sockets = new Set<Socket>()
  let open = true
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const server = createServer(client => {
    keep(client)
    if (!open) return client.destroy()
    const { hostname, port } = targetNow()
    const upstream = connect(Number(port), hostname)
    keep(upstream)
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    return client
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = targetNow()
  url.port = String((server.address() as { port: number }).port)
  url.hostname = '127.0.0.1'
  const cut = () => {
    open = false
    for (const socket of sockets) socket.destroy()
  }
  const hang = () => {
    for (const socket of sockets) socket.pause().unpipe()
  }
  const restore = () => {
    open = true
  }
  const close = async () => {
    cut()
    server.close()
    await once(server, 'close')
  }
  return { url: url.href, cut, hang, restore, close }
}
