import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { garbage } from './door.ts'
import type { Fault, Faults } from './fault.ts'
import { type Answer, forward, give, readBody } from './forward.ts'
import { parseJson, type Recorder, readHandOver } from './record.ts'
import type { Scenario } from './scenario.ts'

/** Where what goes out under one name ends up. */
export interface Destination {
  party: string
  /** Whether it is the partner's own software, which is left as it is. */
  isPartner: boolean
  /** Its address; what comes after the name in the path is added. */
  url: string
}

export interface BackDoorParts {
  /** By the first segment of the path. */
  destinations: ReadonlyMap<string, Destination>
  recorder: Recorder
  faults: Faults
  scenario(): Scenario
  slowMs: number
}

/**
 * What the gateway calls instead of its peers: passes calls on, and keeps what was sent and what came back.
 * A simulated peer meets the scenario.
 */
export async function openBackDoor(
  parts: BackDoorParts,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    passOn(parts, request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function passOn(
  parts: BackDoorParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, name = '', ...rest] = (request.url ?? '').split('/')
  const destination = parts.destinations.get(name)
  const body = await readBody(request)
  if (!destination || !body) {
    response.writeHead(404).end()
    return
  }
  const path = rest.length > 0 ? `/${rest.join('/')}` : ''
  const target = new URL(`${destination.url.replace(/\/+$/, '')}${path}`)
  const key = `${request.headers['idempotency-key'] ?? ''} ${path}`
  const fault = destination.isPartner ? undefined : parts.faults.next(parts.scenario().pace, key)
  const began = performance.now()
  const answer = await answerFor(parts, fault, () => forward(target, request, body)).catch(
    () => undefined,
  )
  parts.recorder.add({
    at: new Date().toISOString(),
    way: destination.isPartner ? 'to-partner' : 'to-counterpart',
    party: destination.party,
    method: request.method ?? '',
    path: target.pathname,
    ms: Math.round(performance.now() - began),
    ...(answer && { status: answer.status }),
    ...(fault && { fault }),
    ...readHandOver(parseJson(body), answer && parseJson(answer.body)),
  })
  if (answer) give(response, answer)
  else request.socket.destroy()
}

async function answerFor(
  { slowMs }: BackDoorParts,
  fault: Fault | undefined,
  send: () => Promise<Answer>,
): Promise<Answer | undefined> {
  if (fault === 'busy') return { status: 503, headers: {}, body: Buffer.alloc(0) }
  if (fault === 'garbage') return garbage()
  if (fault === 'slow') await sleep(slowMs)
  const answer = await send()
  return fault === 'lost' ? undefined : answer
}
