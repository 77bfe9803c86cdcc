import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import {
  gatewayKeys,
  generateEncryptionKeyPair,
  MessageError,
  openCall,
  signMessage,
  toJwks,
  verifyMessage,
} from '../../src/client/index.ts'
import { createWebhookReceiver } from '../../src/client/webhook-listener.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { testKey } from '../support/statements.ts'
import { encode, fromJwk, type Header, macByHand, signByHand, verifyByHand } from './by-hand.ts'

let gateway: TestGateway
let jwks: { keys: (JWK & { kid: string })[] }

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      document.modalities.envelope = { calls: true, events: false }
    },
  })
  const sealing = await generateEncryptionKeyPair()
  await gateway.context.parties.rotate('vdab', { set: toJwks(testKey('vdab'), sealing) }, 0)
  await openDomain(gateway)
  jwks = await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(1, 2)))
  call = await until('it is forwarded', () =>
    gateway.vdab.to('/api/detections').find(it => it.headers['idempotency-key'] === messageId),
  )
  const content = await openCall(call.raw, messageId, [sealing.privateKey])
  expect(content).toMatchObject({ messageId })
  await gateway.clients.woonboog.testWebhook()
  event = await until('an event arrives', () => gateway.hooks.woonboog.to('/webhook')[0])
})
afterAll(() => gateway.close())

let call: Received
let event: Received

const bytes = (received: Received) => Buffer.from(received.raw)
const jwsOf = (received: Received) => String(received.headers['x-jws-signature'])
const keyOf = (header: Header) => jwks.keys.find(({ kid }) => kid === header['kid'])
const openHeader = (received: Received): Header =>
  JSON.parse(Buffer.from(jwsOf(received).split('.')[0] ?? '', 'base64url').toString())

test('a call in an envelope and a webhook are signed over the bytes that were sent', () => {
  const sent = [
    { received: call, aud: 'vdab', id: call.headers['idempotency-key'], at: gateway.vdab.url },
    {
      ...{ received: event, aud: 'woonboog', id: event.headers['webhook-id'] },
      at: gateway.hooks.woonboog.url,
    },
  ]
  expect(call.headers['content-type']).toBe('application/jose')
  for (const { received, aud, id, at } of sent) {
    const key = keyOf(openHeader(received))
    // Its own key: neither that of tokens nor that of receipts.
    expect(jwks.keys.indexOf(key!)).toBe(2)
    const header = verifyByHand(jwsOf(received), bytes(received), key as never)
    expect(header).toEqual({
      ...{ alg: 'EdDSA', kid: key!.kid, typ: 'message+jws', b64: false, crit: ['b64'] },
      ...{ iss: gateway.url, aud, htm: 'POST', htu: `${at}${received.path}`, id },
      iat: expect.closeTo(Date.now() / 1000, -2),
    })
    expect(verifyByHand(jwsOf(received), Buffer.from(`${received.raw} `), key as never)).toBe(
      undefined,
    )
  }
})

const check = () => ({ gateway: gateway.url, partyId: 'vdab', keys: gatewayKeys(gateway.url) })

test('the kit takes both as the gateway sent them', async () => {
  const url = `${gateway.vdab.url}/api/detections`
  const { signedAt } = await verifyMessage(call.headers, bytes(call), { ...check(), url })
  expect(Math.abs(signedAt.getTime() - call.at)).toBeLessThan(10_000)
  const party = { ...check(), partyId: 'woonboog' }
  await expect(verifyMessage(event.headers, bytes(event), party)).resolves.toBeDefined()
})

type Changed = {
  headers?: Record<string, string | string[] | undefined>
  body?: Buffer
  check?: object
}
const with_ = (jws: string | string[] | undefined): Changed => ({
  headers: { 'x-jws-signature': jws },
})
const foreign = (header: Header) =>
  signByHand(fromJwk(testKey('woonboog').privateKey), header, call.raw)
const receiptKey = () => ({ kid: jwks.keys[1]?.kid })

const REFUSED: Record<string, [string, () => Changed | Promise<Changed>]> = {
  'no signature': ['missing', () => with_(undefined)],
  'an empty one': ['missing', () => with_('')],
  'two of them': ['malformed', () => with_([jwsOf(call), jwsOf(call)])],
  'no detached one': ['malformed', () => with_(jwsOf(call).replace('..', '.e30.'))],
  'a huge one': ['malformed', () => with_(`${'a'.repeat(5_000)}..b`)],
  'no header inside': ['malformed', () => with_(`${encode('{')}..b`)],
  'alg none': ['malformed', () => with_(foreign({ ...openHeader(call), alg: 'none' }))],
  'a MAC with the public key': [
    'malformed',
    () => {
      const secret = Buffer.from(String(keyOf(openHeader(call))?.x), 'base64url')
      return with_(macByHand(secret, { ...openHeader(call), alg: 'HS256' }, call.raw))
    },
  ],
  'another typ': ['malformed', () => with_(foreign({ ...openHeader(call), typ: 'JWT' }))],
  'b64 true': ['malformed', () => with_(foreign({ ...openHeader(call), b64: true }))],
  'an unknown crit': [
    'malformed',
    () => with_(foreign({ ...openHeader(call), crit: ['b64', 'exp'], exp: 1 })),
  ],
  'a key of a party': ['bad-signature', () => with_(foreign(openHeader(call)))],
  'the kid of a party': [
    'bad-signature',
    () => with_(foreign({ ...openHeader(call), kid: testKey('woonboog').publicKey.kid })),
  ],
  'the kid of the receipts': [
    'bad-signature',
    () => with_(foreign({ ...openHeader(call), ...receiptKey() })),
  ],
  'one byte changed': ['bad-signature', () => ({ body: Buffer.from(`${call.raw}A`) })],
  'no body': ['bad-signature', () => ({ body: Buffer.alloc(0) })],
  'for another party': ['another-message', () => ({ check: { partyId: 'woonboog' } })],
  'of another gateway': ['another-message', () => ({ check: { gateway: 'https://a.example' } })],
  'on another address': ['another-message', () => ({ check: { url: 'https://a.example/x' } })],
  'under another key': ['another-message', () => ({ headers: { 'idempotency-key': 'other' } })],
  'under no key': ['another-message', () => ({ headers: { 'idempotency-key': undefined } })],
  'as an event too': ['another-message', () => ({ headers: { 'webhook-id': 'del_1' } })],
  stale: ['too-old', () => ({ check: { now: new Date(Date.now() + 330_000) } })],
  'of the future': ['too-new', () => ({ check: { now: new Date(Date.now() - 330_000) } })],
  'while the keys cannot be had': [
    'no-keys',
    () => ({ check: { keys: gatewayKeys('http://127.0.0.1:9') } }),
  ],
}

test.each(Object.entries(REFUSED))('the kit refuses %s', async (_name, [code, change]) => {
  const { headers, body = bytes(call), check: other } = await change()
  const refused = verifyMessage({ ...call.headers, ...headers }, body, { ...check(), ...other })
  const error = await refused.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(MessageError)
  expect((error as MessageError).code).toBe(code)
  expect((error as MessageError).mayPass).toBe(code === 'no-keys')
})

test('a receiver of webhooks that asks for it takes no event with the shared secret alone', async () => {
  const taken: string[] = []
  const told: string[] = []
  const receiver = createWebhookReceiver({
    secrets: () => [gateway.webhookSecrets.woonboog],
    gateway: { ...check(), partyId: 'woonboog' },
    seen: { has: () => false, add: () => {} },
    onRefused: error => told.push(error.code),
    handle: ({ id }) => taken.push(id),
  })
  const { 'x-jws-signature': _, ...bare } = event.headers
  expect(await receiver(bare, bytes(event))).toEqual({ status: 401 })
  const away = createWebhookReceiver({
    secrets: () => [gateway.webhookSecrets.woonboog],
    gateway: { ...check(), partyId: 'woonboog', keys: gatewayKeys('http://127.0.0.1:9') },
    seen: { has: () => false, add: () => {} },
    handle: ({ id }) => taken.push(id),
  })
  expect(await away(event.headers, bytes(event))).toEqual({ status: 500 })
  expect(taken).toEqual([])
  expect(await receiver(event.headers, bytes(event))).toEqual({ status: 204 })
  expect(taken).toEqual([event.headers['webhook-id']])
  expect(told).toEqual(['missing'])
})

test('what the kit signs node:crypto verifies, byte for byte, of any body', async () => {
  const { privateKey, publicKey } = testKey('woonboog')
  for (const body of [Buffer.alloc(0), Buffer.from('{"a":"é"}'), randomBytes(1_000)]) {
    const about = { issuer: 'woonboog', audience: 'https://gateway.example', method: 'POST' }
    const url = 'https://gateway.example/v1/messages'
    const jws = await signMessage(body, { ...about, url, id: 'k', privateKey })
    expect(verifyByHand(jws, body, publicKey as never)).toMatchObject({ id: 'k', htu: url })
    expect(verifyByHand(jws, Buffer.concat([body, Buffer.of(0)]), publicKey as never)).toBe(
      undefined,
    )
  }
})
