import { randomUUID } from 'node:crypto'
import { newNonce } from '../../src/client/index.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { detection, tenants } from '../support/detection.ts'
import type { PartyId, TestGateway } from '../support/gateway.ts'
import { call, type RawReply } from '../support/raw.ts'
import { testKey } from '../support/statements.ts'
import { fromJwk, type HandKey, type Header, signByHand } from './by-hand.ts'

/** Every message must be signed. */
export function mustSign(document: Agreement): void {
  document.modalities.signature = true
}

let next = 0

/** The bytes of a good detection request for people who are in no other. */
export function detectionBody(changes: Record<string, unknown> = {}): string {
  next += 1
  return JSON.stringify({ ...detection(tenants(next, 1)), nonce: newNonce(), ...changes })
}

/** One call as it is to be sent. */
export interface Sent {
  path: string
  method: string
  key: string
  body: string
}

export function newCall(body = detectionBody(), path = '/v1/detections', method = 'POST'): Sent {
  return { path, method, key: randomUUID(), body }
}

/** The protected header for a call, as it should be. */
export function headerFor(gateway: TestGateway, party: PartyId, key: HandKey, sent: Sent): Header {
  return {
    ...{ alg: key.alg, kid: key.kid, typ: 'message+jws', b64: false, crit: ['b64'] },
    ...{ iss: party, aud: gateway.url, iat: Math.floor(Date.now() / 1000) },
    ...{ htm: sent.method, htu: `${gateway.url}${sent.path}`, id: sent.key },
  }
}

/** A good signature over a call, with these members of its header changed; undefined takes one out. */
export function signed(
  gateway: TestGateway,
  party: PartyId,
  sent: Sent,
  changes: Header = {},
  key = fromJwk(testKey(party).privateKey),
): string {
  return signByHand(key, { ...headerFor(gateway, party, key, sent), ...changes }, sent.body)
}

export function send(
  gateway: TestGateway,
  token: string,
  { method, path, key, body }: Sent,
  jws?: string,
): Promise<RawReply> {
  const headers: Record<string, string> = jws === undefined ? {} : { 'x-jws-signature': jws }
  return call(gateway, method, path, { token, key, body, headers })
}
