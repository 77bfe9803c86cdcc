import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')

/** A reply, as far as load looks at it. */
export interface Reply {
  status: number
  body: Buffer
}

/**
 * A keep-alive HTTP/1.1 connection that sends requests which are whole already, one after the other: so
 * little of its own that what is measured is the server.
 */
export class Connection {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<Reply> | undefined

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
  }

  /** Opens it; otherwise the first request does. */
  async open(): Promise<void> {
    if (this.#socket) return
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    await once(socket, 'connect')
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      this.#fail(new Error('the connection was closed before the reply was whole'))
    })
    this.#socket = socket
    this.#received = Buffer.alloc(0)
  }

  /** Sends one request; the reply. @throws Error where the connection breaks */
  async send(request: Buffer): Promise<Reply> {
    if (!this.#socket) await this.open()
    this.#waiting = Promise.withResolvers<Reply>()
    this.#socket?.write(request)
    return this.#waiting.promise
  }

  close(): void {
    this.#socket?.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      this.#socket?.destroy(new Error('a reply without Content-Length cannot be read'))
      return
    }
    const end = headEnd + HEAD_END.length + Number(length)
    if (this.#received.length < end) return
    const body = this.#received.subarray(headEnd + HEAD_END.length, end)
    this.#received = this.#received.subarray(end)
    // The server lets go of a connection now and then; the next request makes another.
    if (/\r\nconnection: *close/i.test(head)) this.#letGo()
    this.#settle({ status: Number(head.slice(9, 12)), body })
  }

  #letGo(): void {
    this.#socket?.removeAllListeners('close').end()
    this.#socket = undefined
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(reply)
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}
