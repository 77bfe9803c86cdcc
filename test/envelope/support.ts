import {
  createClient,
  generateEncryptionKeyPair,
  type KeyPair,
  toJwks,
} from '../../src/client/index.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import {
  type PartyId,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
  until,
} from '../support/gateway.ts'
import { testKey } from '../support/statements.ts'

export const REACHABILITY = 'be.huisbrug.feedback.reachability'

/** Asks for envelopes, in all that goes out or in one direction. */
export function envelope(calls = true, events = true) {
  return (document: Agreement) => {
    document.modalities.envelope = { calls, events }
  }
}

/** A gateway whose protocol asks for envelopes, its domain open; no party has a key for one yet. */
export async function openGateway(
  options: TestGatewayOptions = {},
): Promise<{ gateway: TestGateway; domain: string }> {
  const gateway = await testGateway({ framework: envelope(), ...options })
  return { gateway, domain: await openDomain(gateway) }
}

/** Registers encryption keys of a party beside its signing key, the one to use first. */
export async function register(
  gateway: TestGateway,
  party: PartyId,
  pairs: KeyPair[],
  overlapMs = 0,
): Promise<void> {
  const set = toJwks(testKey(party), ...pairs)
  await gateway.context.parties.rotate(party, { set }, overlapMs)
}

/** Makes a pair and registers it. */
export async function withKey(
  gateway: TestGateway,
  party: PartyId,
  curve?: 'X25519' | 'P-256',
): Promise<KeyPair> {
  const pair = await generateEncryptionKeyPair(curve)
  await register(gateway, party, [pair])
  return pair
}

/** A client of a party that opens its inbox with these keys. */
export function clientWith(gateway: TestGateway, party: PartyId, ...pairs: KeyPair[]) {
  return createClient({
    gateway: gateway.url,
    partyId: party,
    privateKey: testKey(party).privateKey,
    encryptionKeys: pairs.map(pair => pair.privateKey),
    retry: { attempts: 1 },
  })
}

let next = 0

/** A detection request for people who are in no other. */
export async function detect(gateway: TestGateway, count = 3) {
  next += count
  const people = tenants(next - count, count)
  const { messageId } = await gateway.clients.woonboog.detect(detection(people))
  return { messageId, people }
}

/** The states and reasons of a message's hand-overs. */
export async function handOversOf(gateway: TestGateway, messageId: string) {
  const { rows } = await gateway.db.pool.query(
    'SELECT state, reason, attempts FROM hand_over WHERE message_id = $1 ORDER BY id',
    [messageId],
  )
  return rows
}

export async function untilState(gateway: TestGateway, messageId: string, state: string) {
  await until(`it is ${state}`, async () => {
    return (await handOversOf(gateway, messageId))[0]?.state === state
  })
}

/** Sets every waiting hand-over due now, so that a test need not wait. */
export async function hurry(gateway: TestGateway): Promise<void> {
  await gateway.db.pool.query("UPDATE hand_over SET due_at = now() WHERE state = 'retrying'")
}

/** Feedback of VDAB about a person of a request. */
export async function giveFeedback(
  gateway: TestGateway,
  domain: string,
  about: string,
): Promise<string> {
  const { rows } = await gateway.db.pool.query(
    'SELECT tag FROM detection_row WHERE message_id = $1 LIMIT 1',
    [about],
  )
  const tag = rows[0].tag.toString('base64url')
  const establishedOn = new Date().toISOString().slice(0, 10)
  const { messageId } = await gateway.clients.vdab.feedback({
    protocol: 'wm-vdab',
    domain,
    items: [{ tag, reachability: 'hard-to-reach', establishedOn }],
  })
  return messageId
}
