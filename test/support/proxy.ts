import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'

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

/**
 * What becomes of what a client sends: passed on; never seen by the server, which loses its client; or seen
 * and done by the server, whose answer the client never gets.
 */
export type Fate = 'pass' | 'drop' | 'mute'

/**
 * Stands before the TCP server of that URL, which may be another one for the next connection.
 * @param judge for each connection, what decides about each piece that its client sends
 */
export async function openProxy(
  target: string | (() => string),
  judge: () => (piece: Buffer) => Fate = () => () => 'pass',
): Promise<ServerProxy> {
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
    client
      .pipe(judging(judge(), client, upstream))
      .pipe(upstream)
      .pipe(client)
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

/** Passes on what it is told to, and otherwise ends the connection, before the server or after it. */
function judging(fateOf: (piece: Buffer) => Fate, client: Socket, upstream: Socket): Transform {
  return new Transform({
    transform(piece, _, done) {
      const fate = fateOf(piece)
      if (fate === 'drop') return void client.destroy()
      if (fate === 'mute') {
        upstream.unpipe(client)
        upstream.once('data', () => client.destroy()).resume()
      }
      done(null, piece)
    },
  })
}
