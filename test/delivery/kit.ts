import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { toJwks } from '../../src/client/index.ts'
import { newId } from '../../src/ids.ts'
import { type Company, type TestGateway, until } from '../support/gateway.ts'
import { seedRows } from '../support/seed.ts'

/** One request as a peer of raw sockets got it. */
export interface RawRequest {
  headers: Record<string, string>
  body: string
}

/** A peer that writes what it likes to its sockets, HTTP or not. */
export interface RawPeer {
  url: string
  requests: RawRequest[]
  /** Connections that were made to it. */
  connections: () => number
  /** What to do with the n-th request, from 1. */
  reply: (socket: Socket, n: number) => void
  close(): Promise<void>
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

/** Starts a peer of raw sockets on loopback; it answers 200 unless told otherwise. */
export async function startRawPeer(): Promise<RawPeer> {
  const sockets = new Set<Socket>()
  let made = 0
  const server = createServer(socket => {
    made += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    readRequests(socket, request => {
      peer.requests.push(request)
      peer.reply(socket, peer.requests.length)
    })
  })
  const peer: RawPeer = {
    url: '',
    requests: [],
    connections: () => made,
    reply: socket => void socket.write(OK),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  peer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return peer
}

function readRequests(socket: Socket, take: (request: RawRequest) => void): void {
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('utf8')
    for (;;) {
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const lines = text.slice(0, end).split('\r\n').slice(1)
      const headers = Object.fromEntries(
        lines.map(line => {
          const colon = line.indexOf(':')
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
        }),
      )
      const length = Number(headers['content-length'] ?? 0)
      if (text.length < end + 4 + length) return
      take({ headers, body: text.slice(end + 4, end + 4 + length) })
      text = text.slice(end + 4 + length)
    }
  })
}

export interface StoredDelivery {
  state: string
  reason: string | null
  attempts: number
  last_status: number | null
  /** Whether it was ever delivered. */
  delivered: boolean
  /** Seconds until it is due. */
  wait: number
}

export async function deliveryOf(gateway: TestGateway, id: string): Promise<StoredDelivery> {
  const { rows } = await gateway.db.pool.query<StoredDelivery>(
    `SELECT state, reason, attempts, last_status, delivered_at IS NOT NULL AS delivered,
       extract(epoch FROM due_at - now())::float8 AS wait FROM hand_over WHERE id = $1`,
    [id],
  )
  return rows[0]!
}

/** Every try of a hand-over, the first first. */
export async function attemptsOf(gateway: TestGateway, id: string) {
  const { rows } = await gateway.db.pool.query<{
    id: string
    outcome: string | null
    status: number | null
    reason: string | null
    milliseconds: number | null
  }>(
    'SELECT id, outcome, status, reason, milliseconds FROM attempt WHERE hand_over_id = $1 ORDER BY id',
    [id],
  )
  return rows
}

export async function untilState(gateway: TestGateway, id: string, state: string): Promise<void> {
  await until(`${id} is ${state}`, async () => (await deliveryOf(gateway, id)).state === state)
}

/** Waits until a try of it has ended, and gives how it ended. */
export async function untilTried(gateway: TestGateway, id: string, tries = 1) {
  return until(`${tries} tries of ${id}`, async () => {
    const attempts = await attemptsOf(gateway, id)
    return attempts[tries - 1]?.outcome ? attempts : undefined
  })
}

/** Makes what waits due now; pauses end where told so. */
export async function hurry(gateway: TestGateway, pauses: 'end' | 'stay' = 'end'): Promise<void> {
  if (pauses === 'end') await gateway.db.pool.query('DELETE FROM circuit')
  await gateway.db.pool.query(
    "UPDATE hand_over SET due_at = now() WHERE state IN ('queued', 'retrying')",
  )
}

export async function circuitOf(gateway: TestGateway, party: string) {
  const { rows } = await gateway.db.pool.query<{
    failures: number
    pauses: number
    wait: number | null
    reason: string
  }>(
    `SELECT failures, pauses, extract(epoch FROM paused_until - now())::float8 AS wait, reason
     FROM circuit WHERE party_id = $1`,
    [party],
  )
  return rows[0]
}

/** Registers further housing companies with these webhooks; their keys sign nothing. */
export async function addCompanies(
  gateway: TestGateway,
  webhooks: Record<string, string>,
): Promise<void> {
  const set = toJwks(gateway.keys.woonboog)
  for (const [id, webhook] of Object.entries(webhooks)) {
    const kbo = '0999000327'
    await gateway.context.parties.add({
      id,
      kind: 'housing-company',
      name: id,
      kbo,
      jwks: { set },
      webhook,
    })
  }
}

/** Puts test events in the outbox without waking anyone. */
export async function queueEvents(
  gateway: TestGateway,
  parties: string[],
  each = 1,
): Promise<void> {
  const to = parties.flatMap(party => Array.from({ length: each }, () => party))
  await gateway.db.pool.query(
    `INSERT INTO hand_over (id, destination, kind, event, counted, items, state, due_at, created_at)
     SELECT id, party, 'event', 'be.huisbrug.test', false, 0, 'queued', now(), now()
     FROM unnest($1::text[], $2::text[]) AS n (id, party)`,
    [to.map(() => newId('del', new Date())), to],
  )
}

/** A test event for a company's webhook. */
export async function sendTest(gateway: TestGateway, company: Company): Promise<string> {
  return (await gateway.clients[company].testWebhook()).deliveryId
}

/** Ends pauses and what earlier tests left waiting. */
export async function forgetAll(gateway: TestGateway): Promise<void> {
  await gateway.db.pool.query('DELETE FROM circuit')
  await seedRows(gateway.db.pool, tx =>
    tx.query(
      `UPDATE hand_over SET acknowledged_at = now(),
         state = CASE WHEN delivered_at IS NULL THEN 'withdrawn' ELSE 'delivered' END
       WHERE state IN ('queued', 'retrying', 'parked', 'delivered')`,
    ),
  )
}
