import { connect, type Socket } from 'node:net'

/** What came back on a connection that was written to as it is, byte by byte. */
export interface RawAnswer {
  /** Of every reply, in order. */
  statuses: number[]
  text: string
  /** Whether the other side closed it by itself. */
  closed: boolean
}

/** Writes bytes to a port and reads until the other side closes, or is silent for a moment. */
export function sayRaw(port: number, bytes: string | Buffer, quietMs = 150): Promise<RawAnswer> {
  return new Promise(resolve => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    const end = (closed: boolean) => {
      socket.destroy()
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code))
      resolve({ statuses, text, closed })
    }
    let timer = setTimeout(() => end(false), 3_000)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(() => end(false), quietMs)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      end(true)
    })
    socket.write(bytes)
  })
}

/** A connection, once it is there. */
export function open(port: number, localAddress?: string): Promise<Socket> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) })
    socket.on('error', () => {})
    socket.once('connect', () => resolve(socket))
  })
}
