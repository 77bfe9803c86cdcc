import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { readBody as readWhole } from '../../client/read-body.ts'

/** An answer as it came. */
export interface Answer {
  status: number
  headers: NodeJS.Dict<string | string[]>
  body: Buffer
}

const MOST_BYTES = 20 * 1024 * 1024
const ANSWER_MS = 60_000
// Of one connection, not of the message (RFC 9110 section 7.6.1).
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'content-length',
  'expect',
  'upgrade',
])

/** The whole body of a request; undefined where it is larger than 20 MiB. */
export const readBody = (request: IncomingMessage) => readWhole(request, MOST_BYTES)

/**
 * Sends a request on as it came, with its own headers.
 * @param target address to send it to, whole
 * @param host what it says of its host: as it came, or that of the target where absent
 * @throws Error of the network where no answer comes
 */
export function forward(
  target: URL,
  { method = 'GET', headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  body: Buffer,
  host?: string,
): Promise<Answer> {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name))
  const sent = {
    ...Object.fromEntries(kept),
    host: host ?? target.host,
    ...((body.length > 0 || method !== 'GET') && { 'content-length': String(body.length) }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // A connection of its own: one that was kept may just have been closed, which would look like a fault.
  const options = { method, headers: sent, timeout: ANSWER_MS, agent: false as const }
  const send = target.protocol === 'http:' ? httpRequest : httpsRequest
  const call = send(target, options, answer => {
    readBody(answer).then(
      bytes =>
        resolve({
          status: answer.statusCode ?? 502,
          headers: answer.headers,
          body: bytes ?? Buffer.alloc(0),
        }),
      reject,
    )
  })
  call.on('timeout', () => call.destroy(new Error('no answer in time')))
  call.on('error', reject)
  call.end(body)
  return promise
}

/** Gives an answer on as it came. */
export function give(response: ServerResponse, { status, headers, body }: Answer): void {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name))
  response.writeHead(status, { ...Object.fromEntries(kept), 'content-length': body.length })
  response.end(body)
}
