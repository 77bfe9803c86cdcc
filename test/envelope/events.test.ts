import { openCall, openEvent, verifyWebhook } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { type TestGateway, until } from '../support/gateway.ts'
import { openByHand } from './by-hand.ts'
import {
  clientWith,
  detect,
  envelope,
  giveFeedback,
  hurry,
  openGateway,
  REACHABILITY,
  register,
  untilState,
  withKey,
} from './support.ts'

let gateway: TestGateway
let domain: string

async function start(webhooks: boolean): Promise<void> {
  ;({ gateway, domain } = await openGateway({ webhooks, framework: envelope(false, true) }))
}

beforeEach(async () => {
  await register(gateway, 'woonboog', [])
  gateway.hooks.woonboog.received.length = 0
})
afterEach(async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
})

describe('webhooks', () => {
  beforeAll(() => start(true))
  afterAll(() => gateway.close())

  test.each(['X25519', 'P-256'] as const)('carry data sealed for a key of %s', async curve => {
    const pair = await withKey(gateway, 'woonboog', curve)
    const { messageId, people } = await detect(gateway)
    // This protocol asks it of events only.
    await untilState(gateway, messageId, 'delivered')
    expect(gateway.vdab.to('/api/detections').at(-1)!.body).toMatchObject({ messageId })
    await giveFeedback(gateway, domain, messageId)
    const hook = gateway.hooks.woonboog
    const received = await until('the event', () => hook.received[0])
    const seen = [received.raw, Buffer.from(String(received.body['data']), 'base64url')]
    for (const text of [...people.map(one => one.tenantRef), 'hard-to-reach', 'tenantRef']) {
      expect(seen.filter(raw => raw.includes(text))).toEqual([])
    }
    // What routes it is readable, and the signature is over what was sent.
    const secrets = [gateway.webhookSecrets.woonboog]
    const event = verifyWebhook(received.headers, Buffer.from(received.raw), { secrets })
    expect(event).toMatchObject({
      specversion: '1.0',
      type: REACHABILITY,
      source: gateway.url,
      datacontenttype: 'application/jose',
    })
    expect(event.subject).toMatch(/^fb_/)
    const { header, content } = openByHand(String(event.data), pair.privateKey)
    expect(header).toMatchObject({
      ...{ alg: 'ECDH-ES', enc: 'A256GCM', kid: pair.publicKey.kid },
      ...{ typ: 'event+jwe', cty: 'json', id: event.id },
    })
    const opened = await openEvent(event, [pair.privateKey])
    expect(opened.data).toEqual(content)
    expect(opened.data).toMatchObject({
      feedbackId: event.subject,
      reachability: 'hard-to-reach',
    })
    expect(people.map(one => one.tenantRef)).toContain(opened.data['tenantRef'])
  })

  test('a test event says nothing of anyone and needs no key', async () => {
    const { deliveryId } = await gateway.clients.woonboog.testWebhook()
    const received = await until('the test', () => gateway.hooks.woonboog.received[0])
    expect(received.body).toMatchObject({
      ...{ id: deliveryId, type: 'be.huisbrug.test', datacontenttype: 'application/json' },
    })
  })

  test('without a key nothing leaves, and the party sees why; with one it goes, once', async () => {
    const { messageId: about } = await detect(gateway)
    const messageId = await giveFeedback(gateway, domain, about)
    await untilState(gateway, messageId, 'retrying')
    const hook = gateway.hooks.woonboog
    expect(hook.received).toEqual([])
    const { items } = await gateway.clients.woonboog.deliveries({ limit: 1 })
    expect(items).toMatchObject([{ state: 'retrying', reason: 'no-encryption-key' }])
    const shown = (await gateway.clients.woonboog.inbox()).items.map(({ type }) => type)
    expect(shown).toEqual(['be.huisbrug.test'])
    const pair = await withKey(gateway, 'woonboog')
    await hurry(gateway)
    await untilState(gateway, messageId, 'delivered')
    expect(hook.received).toHaveLength(1)
    expect(
      openByHand(String(hook.received[0]!.body['data']), pair.privateKey).content,
    ).toMatchObject({ reachability: 'hard-to-reach' })
  })

  test('an event about a message goes sealed also where it names no person', async () => {
    const pair = await withKey(gateway, 'woonboog')
    const { messageId } = await detect(gateway)
    await untilState(gateway, messageId, 'delivered')
    await gateway.db.pool.query(
      "UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id = $1",
      [messageId],
    )
    const received = await until('the notice', () => gateway.hooks.woonboog.received[0])
    expect(received.body['type']).toBe('be.huisbrug.interaction.expired')
    expect(openByHand(String(received.body['data']), pair.privateKey).content).toMatchObject({
      messageId,
    })
  })
})

describe('the inbox', () => {
  beforeAll(() => start(false))
  afterAll(() => gateway.close())

  test('shows data sealed anew at each reading, opened by the kit', async () => {
    const pair = await withKey(gateway, 'woonboog')
    const { messageId } = await detect(gateway)
    await giveFeedback(gateway, domain, messageId)
    const woonboog = clientWith(gateway, 'woonboog', pair)
    const { items } = await woonboog.inbox()
    expect(items).toMatchObject([
      {
        ...{ type: REACHABILITY, datacontenttype: 'application/json' },
        data: { reachability: 'hard-to-reach', feedbackId: items[0]!.subject },
      },
    ])
    await expect(gateway.clients.woonboog.inbox()).rejects.toMatchObject({ code: 'no-keys' })
    expect(await woonboog.inbox()).toEqual({ items, next: null })
    const upTo = items[0]!.id
    expect(await woonboog.acknowledge(upTo)).toEqual({ upTo, acknowledged: 1 })
  })

  test('does not show what it cannot seal, and acknowledging past it leaves it', async () => {
    const { messageId: about } = await detect(gateway)
    const messageId = await giveFeedback(gateway, domain, about)
    const { woonboog } = gateway.clients
    expect(await woonboog.inbox()).toMatchObject({ items: [] })
    const { items: waiting } = await woonboog.deliveries({ limit: 1 })
    expect(waiting).toMatchObject([{ state: 'queued', attempts: 0, reason: 'no-encryption-key' }])
    const upTo = waiting[0]!.deliveryId
    expect(await woonboog.acknowledge(upTo)).toEqual({ upTo, acknowledged: 0 })
    const pair = await withKey(gateway, 'woonboog')
    const opening = clientWith(gateway, 'woonboog', pair)
    expect((await opening.inbox()).items).toMatchObject([{ id: upTo }])
    expect(await opening.acknowledge(upTo)).toEqual({ upTo, acknowledged: 1 })
    await untilState(gateway, messageId, 'delivered')
  })
})

describe('answers per person', () => {
  beforeAll(async () => {
    const framework = (document: Agreement) => {
      document.modalities.granularity = 'person'
      envelope()(document)
    }
    ;({ gateway, domain } = await openGateway({ framework }))
  })
  afterAll(() => gateway.close())

  test('come in an envelope to an answer given from one', async () => {
    const [service, company] = [await withKey(gateway, 'vdab'), await withKey(gateway, 'woonboog')]
    const { messageId, people } = await detect(gateway)
    const call = await until('the request', () => gateway.vdab.to('/api/detections')[0])
    const request = await openCall(call.raw, messageId, [service.privateKey])
    const [row] = request['rows'] as { rowId: string }[]
    await gateway.clients.vdab.answer(messageId, {
      requestDigest: String(request['requestDigest']),
      found: [row!.rowId],
    })
    const { raw, body } = await until('the answer', () => gateway.hooks.woonboog.received[0])
    expect(body).toMatchObject({ type: 'be.huisbrug.detection.answered', subject: messageId })
    const hidden = [...people.map(one => one.tenantRef), 'found', 'results']
    expect(hidden.filter(text => raw.includes(text))).toEqual([])
    const { content } = openByHand(String(body['data']), company.privateKey)
    const { results } = content as { results: { tenantRef: string; result: string }[] }
    expect(results.map(one => one.tenantRef).toSorted()).toEqual(
      people.map(one => one.tenantRef).toSorted(),
    )
    expect(results.filter(one => one.result === 'found')).toHaveLength(1)
  })
})
