import { randomUUID } from 'node:crypto'
import { newNonce } from '../../src/client/nonce.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'
import { syntheticNumber } from '../../src/sandbox/synthetic-number.ts'

/** A sender of detection requests, with what it shows. */
export interface Sender {
  party: string
  token: string
}

/** Detection requests to prepare: each of new persons, and no two alike. */
export interface Batch {
  senders: readonly Sender[]
  /** Requests in all; sent by the senders in turn. */
  requests: number
  /** Tenants in each. */
  tenants: number
  /** Index of the first person: rounds on one database take other persons. */
  firstPerson: number
}

/** The bodies of detection requests, with who sends them. */
export function detectionBodies(batch: Batch): { sender: Sender; body: string }[] {
  const { senders, requests, tenants, firstPerson } = batch
  const referenceDate = new Date().toISOString().slice(0, 10)
  return Array.from({ length: requests }, (_, turn) => {
    const from = firstPerson + turn * tenants
    const body = {
      ...WM_VDAB,
      referenceDate,
      tenants: Array.from({ length: tenants }, (_, i) => tenant(from + i)),
      nonce: newNonce(),
    }
    return { sender: senders[turn % senders.length]!, body: JSON.stringify(body) }
  })
}

function tenant(person: number) {
  return {
    insz: syntheticNumber('working-age', person, 0),
    tenantRef: `H-${String(person).padStart(9, '0')}`,
    tenantGround: 'art-6.1-1-a',
  }
}

/** Whole HTTP requests, to the byte: a POST of each body, with token and Idempotency-Key. */
export function detectionRequests(host: string, path: string, batch: Batch): Buffer[] {
  return detectionBodies(batch).map(({ sender, body }) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${sender.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `Idempotency-Key: ${randomUUID()}`,
    ]
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
}
