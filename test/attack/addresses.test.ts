import { createHash, randomUUID } from 'node:crypto'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { call, type RawReply } from '../support/raw.ts'
import { findForbidden } from './forbidden.ts'
import { nonce, post, tokenOf } from './kit.ts'

/** What a caller puts where nobody looks: in paths, keys, addresses and bodies that are refused. */
let gateway: TestGateway
const NUMBER = syntheticNumber(4_321)

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
afterAll(async () => {
  await gateway.close()
})

async function ask(
  party: PartyId | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<RawReply> {
  const token = party && (await tokenOf(gateway, party))
  return call(gateway, method, path, {
    ...(token && { token }),
    key: randomUUID(),
    ...(body !== undefined && { body }),
  })
}

function expectProblem(reply: RawReply, status: number): void {
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(reply).toMatchObject({ status, body: { code: expect.stringMatching(/^HB-\d{3}$/) } })
  expect(reply.text).not.toMatch(/node_modules|\bat .+:\d+:\d+|\.ts\b/)
}

describe('an id that cannot be one', () => {
  const progress = { status: 'closed', on: '2026-01-01' }
  const answer = () => ({ nonce: nonce(), found: 1, requestDigest: nonce() })
  const odd = ['%00', '%FF', '%', '%E0%A4%A', 'a%00b', '%20', '%C3%A9', 'x'.repeat(300)]

  test.each(odd)('%s is not found anywhere', async id => {
    const replies = [
      await ask('woonboog', 'GET', `/v1/messages/${id}`),
      await ask('woonboog', 'GET', `/v1/receipts/${id}`),
      await ask('woonboog', 'POST', `/v1/deliveries/${id}/retry`),
      await ask('woonboog', 'POST', `/v1/feedback/${id}/progress`, progress),
      await ask('vdab', 'POST', `/v1/detections/${id}/answer`, answer()),
      await ask(undefined, 'GET', `/v1/protocols/${id}`),
      await ask(undefined, 'GET', `/log/tile/0/${id}`),
      await ask(undefined, 'GET', `/${id}`),
    ]
    for (const reply of replies) expectProblem(reply, 404)
  })
})

describe('a national number', () => {
  // No test of this file may have stored it: not as a key, a scope, an address or a digest.
  afterEach(async () => {
    expect(await findForbidden(gateway, [NUMBER], [])).toEqual([])
  })

  test.each([NUMBER, `${NUMBER.slice(0, 6)}-${NUMBER.slice(6)}`, `a.${NUMBER}`])(
    'as Idempotency-Key (%#) is refused, and refused again',
    async key => {
      for (const _ of [1, 2]) {
        const body = detection(tenants(10, 1))
        const reply = await post(gateway, 'woonboog', '/v1/detections', body, key)
        expect(reply).toMatchObject({ status: 400, body: { code: 'HB-205' } })
      }
    },
  )

  test('in the path of an answer, of progress and of a message', async () => {
    const body = { nonce: nonce(), found: 1, requestDigest: nonce() }
    expectProblem(await ask('vdab', 'POST', `/v1/detections/${NUMBER}/answer`, body), 404)
    const progress = { nonce: nonce(), status: 'closed', on: '2026-01-01' }
    expectProblem(await ask('woonboog', 'POST', `/v1/feedback/${NUMBER}/progress`, progress), 404)
    expectProblem(await ask('woonboog', 'GET', `/v1/messages/${NUMBER}`), 404)
    expectProblem(await ask('woonboog', 'POST', `/v1/deliveries/${NUMBER}/retry`), 404)
  })

  test('in the address of a webhook', async () => {
    const dotted = NUMBER.replace(/^(..)(..)(..)(...)(..)$/, '$1.$2.$3-$4.$5')
    for (const rest of [`/?tenant=${NUMBER}`, `/${NUMBER}`, `/hook?t=${dotted}`]) {
      const url = `${gateway.hooks.leefgoed.url}${rest}`
      const reply = await ask('leefgoed', 'PUT', '/v1/webhook', { url })
      expect(reply).toMatchObject({ status: 422, body: { code: 'HB-512' } })
    }
  })

  test('as the id of a client', async () => {
    const body = `grant_type=client_credentials&client_id=${NUMBER}&client_assertion=${NUMBER}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await call(gateway, 'POST', '/oauth/token', { body, headers })
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(reply.status).toBeLessThan(500)
  })
})

describe('a body that could be guessed', () => {
  const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url')

  test('without a nonce leaves no plain digest of itself', async () => {
    const token = await tokenOf(gateway, 'woonboog')
    const body = JSON.stringify(detection(tenants(20, 1)))
    const key = randomUUID()
    const reply = await call(gateway, 'POST', '/v1/detections', { token, key, body })
    expect(reply.status).toBe(400)
    const again = await call(gateway, 'POST', '/v1/detections', { token, key, body })
    expect(again.text).toBe(reply.text)
    const other = JSON.stringify(detection(tenants(21, 1)))
    const taken = await call(gateway, 'POST', '/v1/detections', { token, key, body: other })
    expect(taken.body.code).toBe('HB-501')
    for (const text of [body, other]) {
      const { rows } = await gateway.db.pool.query(
        `SELECT (SELECT count(*)::int FROM message WHERE digest = $1) AS messages,
           (SELECT count(*)::int FROM idempotency WHERE digest = $1) AS outcomes`,
        [digestOf(text)],
      )
      expect(rows).toEqual([{ messages: 0, outcomes: 0 }])
    }
    const receipt = String(reply.body['receipt'])
    const payload = await gateway.context.signing.verifyReceipt(receipt)
    expect(payload).toMatchObject({ decision: 'refused', type: 'detection.request' })
    expect(payload['digest']).toBeUndefined()
    expect(receipt).not.toContain(digestOf(body))
  })

  test('with a nonce has its digest in the receipt, and VDAB gets the same one', async () => {
    const body = JSON.stringify({ ...detection(tenants(22, 1)), nonce: nonce() })
    const token = await tokenOf(gateway, 'woonboog')
    const key = randomUUID()
    const reply = await call(gateway, 'POST', '/v1/detections', { token, key, body })
    const payload = await gateway.context.signing.verifyReceipt(String(reply.body['receipt']))
    expect(payload['digest']).toBe(digestOf(body))
    const forwarded = await forwardedTo(gateway, String(reply.body['messageId']))
    expect(forwarded.body['requestDigest']).toBe(digestOf(body))
  })
})

describe('a webhook', () => {
  test('that was removed can be set again, and signs with the secret it was given', async () => {
    const { woonboog } = gateway.clients
    expect((await ask('woonboog', 'DELETE', '/v1/webhook')).status).toBe(204)
    const url = `${gateway.hooks.woonboog.url}/webhook`
    const reply = await ask('woonboog', 'PUT', '/v1/webhook', { url })
    expect(reply).toMatchObject({ status: 200, body: { url, secret: /^whsec_/ } })
    await woonboog.testWebhook()
  })

  test('at an address with a NUL in it is refused', async () => {
    const reply = await ask('leefgoed', 'PUT', '/v1/webhook', { url: 'http://127.0.0.1:1/\u0000x' })
    expect([400, 422]).toContain(reply.status)
  })
})

// That the replies fit the description is asserted by testGateway when it closes.
describe('a token request that is refused', () => {
  const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const complete = {
    grant_type: 'client_credentials',
    client_id: 'woonboog',
    client_assertion: 'a.b.c',
    client_assertion_type: assertionType,
  }
  test.each([
    [{ grant_type: 'password' }, 400, 'invalid_request'],
    [{}, 400, 'invalid_request'],
    [complete, 401, 'invalid_client'],
    [{ ...complete, client_id: 'nobody' }, 401, 'invalid_client'],
    [{ ...complete, client_assertion: '\u0000' }, 401, 'invalid_client'],
  ])('%j', async (fields, status, error) => {
    const body = new URLSearchParams(fields as Record<string, string>).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await call(gateway, 'POST', '/oauth/token', { body, headers })
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/)
    expect(reply).toMatchObject({ status, body: { error } })
    const response = await fetch(`${gateway.url}/oauth/token`, { method: 'POST', headers, body })
    expect(response.headers.get('cache-control')).toContain('no-store')
  })
})
