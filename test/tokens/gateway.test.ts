import { Agent, createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { certificateThumbprint } from '../../src/access/certificate.ts'
import { createClient, newNonce, signAssertion } from '../../src/client/index.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { presentedBy } from '../../src/http/presented.ts'
import { makeCertificate } from '../access/certificate.ts'
import { makeKey, type TestKey } from '../access/support.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { call, tokenFor } from '../support/raw.ts'
import { proofOf, startIssuer, type TestIssuer } from './support.ts'

const ISSUER_KEY = makeKey('issuer', 'ES256')
const CERTIFICATE = makeCertificate('woonboog.example')
const SENT = encodeURIComponent(CERTIFICATE.cert)
/** Of nobody: who is let in gets 404. */
const MESSAGE = '/v1/messages/msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD'
let gateway: TestGateway
/** Another process on the same database, behind the same public URL. */
let second: Gateway
let issuer: TestIssuer

beforeAll(async () => {
  issuer = await startIssuer(ISSUER_KEY, { now: () => new Date(), audience: 'huisbrug' })
  const trusted = [
    {
      issuer: issuer.url,
      audience: 'huisbrug',
      party: { claim: 'client_id', values: { 'app-1': 'woonboog', 'app-2': 'vdab' } },
      scope: { values: { huisbrug_messages: ['messages:read', 'inbox:read', 'detections:write'] } },
    },
  ]
  gateway = await testGateway({
    webhooks: false,
    settings: {
      HUISBRUG_TRUSTED_ISSUERS: JSON.stringify(trusted),
      HUISBRUG_CLIENT_CERT_HEADER: 'X-Client-Cert',
    },
    framework: document => {
      document.modalities.tokenBinding = 'dpop'
    },
  })
  const { config, mounts } = gateway.context
  const roles = new Set(['api'] as const)
  second = await startGateway({ ...config, port: 0, roles }, testLog().log, {
    mounts: mounts.slice(0, 1),
  })
})
afterAll(async () => {
  await second?.close()
  await gateway?.close()
  await issuer?.close()
})

function kit(party: 'woonboog' | 'vdab', dpop = true) {
  const { privateKey } = gateway.keys[party]
  const common = { gateway: gateway.url, partyId: party, privateKey, dpop }
  return createClient({ ...common, retry: { attempts: 1 } })
}

/** A token of woonboog that is bound to a key, as any OAuth client would fetch it. */
async function boundToken(key: TestKey, headers: Record<string, string> = {}) {
  const url = `${gateway.url}/oauth/token`
  const dpop = await proofOf(key, { url, now: new Date() })
  return ask({ DPoP: dpop, ...headers })
}

async function ask(headers: Record<string, string>) {
  const { privateKey } = gateway.keys.woonboog
  const audience = `${gateway.url}/oauth/token`
  const response = await fetch(audience, {
    method: 'POST',
    headers,
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion({ clientId: 'woonboog', privateKey, audience }),
    }),
  })
  const body = (await response.json()) as Record<string, string>
  return { status: response.status, headers: response.headers, body }
}

describe('a protocol that asks for tokens bound by DPoP', () => {
  test('takes in what the kit sends with dpop, and nothing with a bearer token', async () => {
    gateway.clients.vdab = kit('vdab')
    const domain = await openDomain(gateway)
    const body = detection(tenants(1, 2))
    const bearer = await kit('woonboog', false)
      .detect(body)
      .catch(error => error)
    expect(bearer).toMatchObject({
      status: 403,
      code: 'HB-123',
      errors: [{ pointer: '', rule: expect.stringContaining('modalities.tokenBinding') }],
    })
    expect(bearer.remedy).toContain('dpop: true')
    await expect(kit('woonboog').detect(body)).resolves.toMatchObject({ accepted: 2 })
    const blinded = [Buffer.alloc(32, 1).toString('base64url')]
    const evaluated = (client = kit('vdab')) =>
      client.evaluate({ domain, blinded }).catch(error => error.code)
    expect(await evaluated(kit('vdab', false))).toBe('HB-123')
    expect(await evaluated()).toBe('HB-410')
  })

  test('is asked for again of who repeats a call to hear its outcome, and of who closes a month', async () => {
    const token = await tokenFor(gateway, 'woonboog')
    const key = 'repeated-1'
    const people = detection(tenants(21, 2))
    const message = { ...people, nonce: newNonce() }
    const bearer = (path: string, body: object) =>
      call(gateway, 'POST', path, { token, key, body }).then(({ body }) => body.code)
    // What only lacked the token is no outcome: the same key and body go with a better one.
    expect(await bearer('/v1/detections', message)).toBe('HB-123')
    const sent = await kit('woonboog').detect(people, { idempotencyKey: key, nonce: message.nonce })
    expect(sent).toMatchObject({ accepted: 2 })
    expect(await bearer('/v1/detections', message)).toBe('HB-123')
    const period = { protocol: 'wm-vdab', period: people.referenceDate.slice(0, 7) }
    expect(await bearer('/v1/periods/close', period)).toBe('HB-123')
    const closed = await kit('woonboog').closePeriod(period.protocol, period.period)
    expect(closed).toMatchObject({ state: 'closed' })
  })

  test('guards what comes under it by any way: inbox, webhook, deliveries, usage', async () => {
    const token = await tokenFor(gateway, 'woonboog')
    for (const [method, path] of [
      ['GET', '/v1/inbox'],
      ['PUT', '/v1/webhook'],
      ['GET', '/v1/deliveries'],
      ['POST', '/v1/deliveries/retry'],
    ] as const) {
      const reply = await call(gateway, method, path, { token })
      expect([path, reply.status, reply.body.code]).toEqual([path, 403, 'HB-123'])
    }
    await expect(kit('woonboog').inbox()).resolves.toHaveProperty('items')
  })

  test('the kit goes on with no token that should be bound and is not', async () => {
    const { privateKey } = gateway.keys.woonboog
    const tokenUrl = `${gateway.vdab.url}/oauth/token`
    const options = { gateway: gateway.url, partyId: 'woonboog', privateKey, tokenUrl, dpop: true }
    const refused = await createClient({ ...options, retry: { attempts: 1 } })
      .inbox()
      .catch(error => error)
    expect(refused).toMatchObject({ status: 400, title: expect.stringContaining('not bound') })
  })

  test('is not asked of an explanation: the message goes with another token', async () => {
    const message = detection([{ ...tenants(9, 1)[0]!, insz: 'synthetic' }])
    const question = { type: 'detection.request', message: { ...message, nonce: newNonce() } }
    const told = await kit('woonboog', false).explain(question)
    expect(told).toMatchObject({ passes: true, protocol: { id: 'wm-vdab' } })
    expect(told.notes.join()).toContain('HB-123')
  })

  test('a token with another binding is not the one asked for', async () => {
    const { body } = await ask({ 'X-Client-Cert': SENT })
    const options = {
      token: body['access_token']!,
      key: 'other-binding',
      body: detection(tenants(5, 1)),
    }
    const headers = { 'X-Client-Cert': SENT }
    const reply = await call(gateway, 'POST', '/v1/detections', { ...options, headers })
    expect([reply.status, reply.body.code]).toEqual([403, 'HB-123'])
  })
})

describe('over HTTP', () => {
  const key = makeKey('holder', 'ES256')

  test('a proof counts once over two processes, and for the public address', async () => {
    const { body } = await boundToken(key)
    expect(body).toMatchObject({ token_type: 'DPoP', expires_in: 600 })
    const token = String(body['access_token'])
    const url = `${gateway.url}/v1/inbox`
    const DPoP = await proofOf(key, { method: 'GET', url, token, now: new Date() })
    const headers = { authorization: `DPoP ${token}`, DPoP }
    const first = await call({ ...gateway, url: String(second.url) }, 'GET', '/v1/inbox?limit=1', {
      headers,
    })
    expect(first.status).toBe(200)
    const again = await call(gateway, 'GET', '/v1/inbox', { headers })
    expect([again.status, again.body.code]).toEqual([401, 'HB-121'])
    expect(again.headers.get('www-authenticate')).toBe(
      'DPoP error="invalid_dpop_proof", algs="EdDSA Ed25519 ES256 PS256"',
    )
    const bare = await call(gateway, 'GET', '/v1/inbox', {
      headers: { authorization: `DPoP ${token}` },
    })
    expect([bare.status, bare.body.code]).toEqual([401, 'HB-120'])
  })

  test('the token endpoint names OAuth errors of proofs, without a challenge', async () => {
    const wrong = await proofOf(key, { url: gateway.url, now: new Date() })
    const refused = await ask({ DPoP: wrong })
    expect([refused.status, refused.body]).toMatchObject([
      401,
      { error: 'invalid_dpop_proof', code: 'HB-120' },
    ])
    expect(refused.headers.get('www-authenticate')).toBeNull()
  })

  test('the metadata tells of it (RFC 8414, RFC 9449, RFC 8705)', async () => {
    const { body } = await call(gateway, 'GET', '/.well-known/oauth-authorization-server')
    expect(body).toMatchObject({
      issuer: gateway.url,
      token_endpoint: `${gateway.url}/oauth/token`,
      dpop_signing_alg_values_supported: ['EdDSA', 'Ed25519', 'ES256', 'PS256'],
      tls_client_certificate_bound_access_tokens: true,
    })
  })

  test('a bearer token goes on as it did, with a challenge where there is none', async () => {
    const token = await tokenFor(gateway, 'woonboog')
    expect(await call(gateway, 'GET', MESSAGE, { token })).toMatchObject({ status: 404 })
    const none = await call(gateway, 'GET', MESSAGE)
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test('a token of the trusted issuer opens what its scopes stand for', async () => {
    const good = await issuer.token()
    expect(await call(gateway, 'GET', MESSAGE, { token: good })).toMatchObject({ status: 404 })
    const other = await call(gateway, 'GET', '/v1/receipts/msg_x', { token: good })
    expect(other.body.code).toBe('HB-107')
    const unknown = await issuer.token({ client_id: 'app-3' })
    expect((await call(gateway, 'GET', MESSAGE, { token: unknown })).body.code).toBe('HB-106')
  })
})

describe('a client certificate', () => {
  test('that a trusted proxy passes on binds the token, in the forms that proxies have', async () => {
    const { body } = await ask({ 'X-Client-Cert': SENT })
    const token = String(body['access_token'])
    const der = CERTIFICATE.cert.replace(/-----[A-Z ]+-----|\s/g, '')
    const other = encodeURIComponent(makeCertificate('other.example').cert)
    for (const [shown, status] of [
      [SENT, 404],
      [`:${der}:`, 404],
      [der, 404],
      [CERTIFICATE.cert.replace(/\n/g, ' '), 404],
      [other, 401],
      ['', 401],
      ['%zz', 401],
      ['garbage', 401],
      [`:${der.slice(0, 60)}:`, 401],
    ] as const) {
      const reply = await call(gateway, 'GET', MESSAGE, {
        token,
        headers: { 'X-Client-Cert': shown },
      })
      expect([shown.slice(0, 20), reply.status]).toEqual([shown.slice(0, 20), status])
    }
    const none = await call(gateway, 'GET', MESSAGE, { token })
    expect(none.body.code).toBe('HB-122')
  })

  test('in a header of who is no proxy counts for nothing; that of the connection does', async () => {
    const certificates = [CERTIFICATE, makeCertificate('strange.example')] as const
    const { key, cert } = makeCertificate('localhost')
    const app = express()
    const seen: (string | undefined)[] = []
    app.set('trust proxy', '192.0.2.1')
    app.get('/', (request, response) => {
      const config = { publicUrl: 'https://gateway.example', clientCertHeader: 'X-Client-Cert' }
      seen.push(presentedBy({ config } as never, request).certificate)
      response.end()
    })
    const server = createServer(
      { key, cert, ca: CERTIFICATE.cert, requestCert: true, rejectUnauthorized: false },
      app,
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const get = (client: object) =>
      new Promise<void>((resolve, reject) => {
        const agent = new Agent({ ...client, ca: cert, servername: 'localhost' })
        const headers = { 'X-Client-Cert': encodeURIComponent(certificates[1].cert) }
        httpsRequest({ port, host: '127.0.0.1', agent, headers }, reply => {
          reply.resume().on('end', () => {
            agent.destroy()
            resolve()
          })
        })
          .on('error', reject)
          .end()
      })
    for (const client of [...certificates, {}]) await get(client)
    await new Promise(resolve => server.close(resolve))
    const der = Buffer.from(CERTIFICATE.cert.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
    expect(seen).toEqual([certificateThumbprint(der), undefined, undefined])
  })
})
