import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a peer can do wrong; what it was sent it has taken in some, and not in others. */
export const PEER_FAULTS = [
  'slow',
  'busy-503',
  'busy-429',
  'half-body',
  'reset',
  'taken-then-gone',
  'redirect',
  'garbage',
] as const
export type PeerFault = (typeof PEER_FAULTS)[number]

/** A receiver on loopback that can be made to fail. */
export interface BreakPeer {
  name: string
  url: string
  /** What it does wrong now. */
  fault: PeerFault | undefined
  /** Instants at which something came that it did not have. */
  arrivals: number[]
  close(): Promise<void>
}

/** Takes one request whole; @returns the status of the answer, and whether it was new. */
export type Take = (
  request: IncomingMessage,
  body: Buffer,
) => Promise<{ status: number; isNew: boolean }>

// Beyond what the gateway waits for, now and then.
const SLOW_MS = [1_000, 3_000, 12_000]

/** Starts a receiver; it gives a token to whoever asks. */
export async function openPeer(name: string, take: Take, random: () => number): Promise<BreakPeer> {
  const server = createServer((request, response) => {
    answer(peer, take, random, request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const peer: BreakPeer = { name, url, fault: undefined, arrivals: [], close }
  return peer
}

async function answer(
  peer: BreakPeer,
  take: Take,
  random: () => number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readAll(request)
  // Some get through while it fails: that is what such a peer is like.
  const fault = random() < 0.8 ? peer.fault : undefined
  if (fault && refuses(fault, response)) return
  if (fault === 'reset' && random() < 0.5) return void response.destroy()
  const { status, text } = await takeIn(peer, take, request, body)
  if (fault === 'slow') await sleep(SLOW_MS[Math.floor(random() * SLOW_MS.length)] ?? 0)
  if (fault && disappears(fault, response)) return
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

async function takeIn(peer: BreakPeer, take: Take, request: IncomingMessage, body: Buffer) {
  if (request.url?.endsWith('/oauth/token')) {
    const token = { access_token: 'break-token', token_type: 'Bearer', expires_in: 60 }
    return { status: 200, text: JSON.stringify(token) }
  }
  const { status, isNew } = await take(request, body)
  if (isNew) peer.arrivals.push(Date.now())
  return { status, text: status === 204 ? '' : '{}' }
}

/** Nothing is taken. @returns whether that was it */
function refuses(fault: PeerFault, response: ServerResponse): boolean {
  if (fault === 'busy-503') response.writeHead(503).end()
  else if (fault === 'busy-429') response.writeHead(429, { 'retry-after': '1' }).end()
  else if (fault === 'redirect') response.writeHead(302, { location: '/elsewhere' }).end()
  else if (fault === 'garbage') response.socket?.end('\u0000\u0001 not HTTP at all \r\n\r\n')
  else return false
  return true
}

/** All is taken, and the answer does not get through. @returns whether that was it */
function disappears(fault: PeerFault, response: ServerResponse): boolean {
  if (fault === 'reset') response.socket?.resetAndDestroy()
  else if (fault === 'taken-then-gone') response.socket?.destroy()
  else if (fault === 'half-body') {
    response.writeHead(202, { 'content-length': '1000' })
    response.write('{"half":', () => response.socket?.destroy())
  } else return false
  return true
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
