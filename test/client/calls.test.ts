import { importJWK, jwtVerify } from 'jose'
import {
  createClient,
  generateKeyPair,
  HuisbrugProblem,
  HuisbrugUnreachable,
  type KeyPair,
  type RetryPolicy,
} from '../../src/client/index.ts'
import {
  type Answer,
  type ContractServer,
  contractServer,
  hangUp,
  reply,
} from './contract-server.ts'

const PROBLEM = {
  type: 'https://huisbrug.example/problems/HB-311',
  title: 'The protocol does not list this purpose for this message type',
  status: 403,
  detail: 'Name a purpose that the protocol lists for the message type.',
  code: 'HB-311',
  errors: [
    { pointer: '/purpose', code: 'HB-311', rule: 'wm-vdab 1.0.0', remedy: 'Name another purpose.' },
  ],
  instance: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD',
}

const REQUEST = {
  protocol: 'wm-vdab',
  purpose: 'detection',
  referenceDate: '2026-11-01',
  targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
  tenants: [{ insz: '85073003328', tenantRef: 'WB-1', tenantGround: 'art-6.1-1-a' }],
} as const

let server: ContractServer
let keys: KeyPair
let pauses: number[]

beforeEach(async () => {
  server = await contractServer()
  keys = await generateKeyPair()
  pauses = []
})

afterEach(() => server.close())

function client(retry: Partial<RetryPolicy> = {}) {
  const sleep = async (ms: number) => {
    pauses.push(ms)
  }
  return createClient({
    gateway: server.url,
    partyId: 'woonboog',
    privateKey: keys.privateKey,
    retry: { sleep, random: () => 0.5, ...retry },
  })
}

function detect(retry: Partial<RetryPolicy> = {}) {
  return client(retry).detect({ ...REQUEST, tenants: [...REQUEST.tenants] })
}

describe('repeating a call', () => {
  test('goes on through 503, 429 and a broken connection with the same key, nonce and body', async () => {
    const accepted = {
      messageId: 'msg_1',
      state: 'accepted',
      accepted: 1,
      refused: [],
      receipt: '',
    }
    server.next.push(reply(503), hangUp, reply(429), reply(500), reply(202, accepted))
    await expect(detect()).resolves.toEqual(accepted)
    expect(server.seen).toHaveLength(5)
    expect(new Set(server.seen.map(seen => seen.body)).size).toBe(1)
    expect(new Set(server.seen.map(seen => seen.headers['idempotency-key'])).size).toBe(1)
    expect(JSON.parse(server.seen[0]!.body).nonce).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('uses another key and nonce for another message', async () => {
    await detect()
    await detect()
    const [first, second] = server.seen
    expect(first!.headers['idempotency-key']).not.toBe(second!.headers['idempotency-key'])
    expect(JSON.parse(first!.body).nonce).not.toBe(JSON.parse(second!.body).nonce)
  })

  test('repeats a message after a restart where key and nonce were kept', async () => {
    const kept = { idempotencyKey: 'batch-7', nonce: 'A'.repeat(43) }
    const request = { ...REQUEST, tenants: [...REQUEST.tenants] }
    await client().detect(request, kept)
    await client().detect(request, kept)
    const [first, second] = server.seen
    expect(second!.body).toBe(first!.body)
    expect(second!.headers['idempotency-key']).toBe('batch-7')
  })

  test('waits at least as long as Retry-After says, in seconds or as a date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    server.next.push(
      reply(503, PROBLEM, { 'Retry-After': '7' }),
      reply(429, PROBLEM, { 'Retry-After': date }),
    )
    await detect()
    expect(pauses[0]).toBeGreaterThanOrEqual(7_000)
    expect(pauses[1]).toBeGreaterThan(57_000)
    expect(pauses[1]).toBeLessThan(62_000)
  })

  test('does not wait for hours: what is refused until tomorrow is told at once, with its time', async () => {
    server.next.push(reply(429, { ...PROBLEM, code: 'HB-602' }, { 'Retry-After': '40000' }))
    await expect(detect()).rejects.toMatchObject({ code: 'HB-602', retryAfterMs: 40_000_000 })
    expect([pauses, server.seen.length]).toEqual([[], 1])
  })

  test('doubles its pauses up to the longest, with jitter', async () => {
    server.next.push(...Array.from({ length: 6 }, () => reply(500)))
    await detect({ firstPauseMs: 100, longestPauseMs: 800 })
    expect(pauses).toEqual([50, 100, 200, 400, 400, 400])
    server.next.push(reply(500))
    pauses = []
    await detect({ firstPauseMs: 100, random: () => 0 })
    expect(pauses).toEqual([0])
  })

  test('gives up after so many tries, with the last answer', async () => {
    server.next.push(...Array.from({ length: 3 }, () => reply(503, { ...PROBLEM, code: 'HB-307' })))
    await expect(detect({ attempts: 3 })).rejects.toMatchObject({ code: 'HB-307', status: 503 })
    expect(server.seen).toHaveLength(3)
  })

  test('does not repeat a refusal', async () => {
    server.next.push(reply(403, PROBLEM))
    await expect(detect()).rejects.toBeInstanceOf(HuisbrugProblem)
    expect(server.seen).toHaveLength(1)
  })
})

describe('what went wrong', () => {
  test('a refusal tells code, place, rule and what to do, and nothing that was sent', async () => {
    server.next.push(reply(403, PROBLEM))
    const problem = await detect().catch(error => error)
    expect(problem).toMatchObject({ status: 403, code: 'HB-311', title: PROBLEM.title })
    expect(problem.errors).toEqual(PROBLEM.errors)
    expect(problem.remedy).toBe('Name another purpose.')
    expect(problem.instance).toBe(PROBLEM.instance)
    expect(problem.message).toBe(
      'HB-311 The protocol does not list this purpose for this message type',
    )
    expect(JSON.stringify(problem) + String(problem.stack)).not.toContain('85073003328')
  })

  test('an answer that is no problem document is told by its status', async () => {
    server.next.push((_seen, response) => response.writeHead(404).end('<html>'))
    await expect(client().message('msg_1')).rejects.toMatchObject({
      code: 'HTTP-404',
      remedy: 'No gateway answered this: check its address, and any proxy on the way.',
    })
  })

  test('no answer is told as such, without the request', async () => {
    const away = createClient({
      gateway: 'http://127.0.0.1:1',
      partyId: 'woonboog',
      privateKey: keys.privateKey,
      retry: { attempts: 2, sleep: async () => {} },
    })
    const error = await away
      .detect({ ...REQUEST, tenants: [...REQUEST.tenants] })
      .catch((thrown: HuisbrugUnreachable) => thrown)
    expect(error).toBeInstanceOf(HuisbrugUnreachable)
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(JSON.stringify(error) + (error as Error).stack).not.toContain('85073003328')
    expect((error as Error).cause).toBeUndefined()
  })

  test('an answer that takes too long counts as no answer', async () => {
    server.next.push(() => {})
    const hasty = createClient({
      gateway: server.url,
      partyId: 'woonboog',
      privateKey: keys.privateKey,
      timeoutMs: 100,
      retry: { attempts: 1 },
    })
    await expect(hasty.message('msg_1')).rejects.toBeInstanceOf(HuisbrugUnreachable)
  })
})

describe('tokens', () => {
  test('one is fetched with an assertion for this gateway and used until it nearly expires', async () => {
    const own = client()
    await Promise.all([own.message('msg_1'), own.message('msg_2'), own.receipt('msg_1')])
    expect(server.tokenRequests).toHaveLength(1)
    expect(server.seen.every(seen => seen.headers.authorization === 'Bearer token-1')).toBe(true)
    const form = new URLSearchParams(server.tokenRequests[0]!.body)
    expect(form.get('grant_type')).toBe('client_credentials')
    expect(form.get('client_id')).toBe('woonboog')
    const { payload } = await jwtVerify(
      form.get('client_assertion')!,
      await importJWK(keys.publicKey, 'EdDSA'),
      { audience: `${server.url}/oauth/token`, issuer: 'woonboog', subject: 'woonboog' },
    )
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(120)
    expect(payload.jti).toBeTruthy()
  })

  test('one that expires soon is not used again', async () => {
    await server.close()
    server = await contractServer(reply(200, {}), 0)
    const own = client()
    await own.message('msg_1')
    await own.message('msg_2')
    expect(server.tokenRequests).toHaveLength(2)
  })

  test.each(['HB-101', 'HB-102', 'HB-103'])(
    '%s fetches a new one and tries once more',
    async code => {
      server.next.push(reply(401, { ...PROBLEM, code }))
      await client().message('msg_1')
      expect(server.tokenRequests).toHaveLength(2)
      expect(server.seen.at(-1)!.headers.authorization).toBe('Bearer token-2')
    },
  )

  test('a party that is not known stays refused', async () => {
    server.next.push(reply(401, { ...PROBLEM, code: 'HB-106' }))
    await expect(client().message('msg_1')).rejects.toMatchObject({ code: 'HB-106' })
    expect(server.tokenRequests).toHaveLength(1)
  })

  test('keys are Ed25519 with a thumbprint as kid, and only the private one is private', async () => {
    const other = await generateKeyPair()
    expect(other.publicKey.kid).not.toBe(keys.publicKey.kid)
    expect(keys.publicKey).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' })
    expect(keys.publicKey.d).toBeUndefined()
    expect(keys.privateKey.d).toBeTruthy()
    expect(keys.publicKey.kid).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(keys.privateKey.kid).toBe(keys.publicKey.kid)
  })
})

describe('the calls', () => {
  const calls: [string, (own: ReturnType<typeof client>) => Promise<unknown>, string, string][] = [
    ['message', own => own.message('msg_1'), 'GET', '/v1/messages/msg_1'],
    ['receipt', own => own.receipt('msg_1'), 'GET', '/v1/receipts/msg_1'],
    ['closePeriod', own => own.closePeriod('wm-vdab', '2026-11'), 'POST', '/v1/periods/close'],
    [
      'progress',
      own => own.progress('fb_1', { status: 'taken-up', on: '2026-11-02' }),
      'POST',
      '/v1/feedback/fb_1/progress',
    ],
    [
      'tenanciesEnded',
      own => own.tenanciesEnded({ protocol: 'wm-vdab', items: [] }),
      'POST',
      '/v1/tenancies/ended',
    ],
    [
      'answer',
      own => own.answer('msg_1', { requestDigest: 'd', found: 3 }),
      'POST',
      '/v1/detections/msg_1/answer',
    ],
    [
      'feedback',
      own => own.feedback({ protocol: 'wm-vdab', domain: 'wm-vdab/1/1', items: [] }),
      'POST',
      '/v1/feedback',
    ],
    [
      'evaluate',
      own => own.evaluate({ domain: 'wm-vdab/1/1', blinded: ['x'] }),
      'POST',
      '/v1/pseudonyms/evaluations',
    ],
    [
      'send',
      own =>
        own.send({
          protocol: 'ocmw-vdab',
          type: 'guidance.answer',
          purpose: 'guidance',
          items: [],
        }),
      'POST',
      '/v1/messages',
    ],
    ['domains', own => own.domains(), 'GET', '/v1/pseudonyms/domains'],
    ['domainReady', own => own.domainReady('wm-vdab/1/1'), 'POST', '/v1/pseudonyms/domains/ready'],
    ['setWebhook', own => own.setWebhook({ url: 'https://x.example' }), 'PUT', '/v1/webhook'],
    ['getWebhook', own => own.getWebhook(), 'GET', '/v1/webhook'],
    ['deleteWebhook', own => own.deleteWebhook(), 'DELETE', '/v1/webhook'],
    ['testWebhook', own => own.testWebhook(), 'POST', '/v1/webhook/test'],
    ['rotateWebhook', own => own.rotateWebhook(), 'POST', '/v1/webhook/rotate'],
    ['deliveries', own => own.deliveries({ limit: 10 }), 'GET', '/v1/deliveries?limit=10'],
    ['retryDelivery', own => own.retryDelivery('del_1'), 'POST', '/v1/deliveries/del_1/retry'],
    ['inbox', own => own.inbox({ after: 'del_1' }), 'GET', '/v1/inbox?after=del_1'],
    ['acknowledge', own => own.acknowledge('del_1'), 'POST', '/v1/inbox/acknowledgements'],
  ]

  test.each(calls)('%s goes to its place', async (_name, call, method, path) => {
    server.next.push(reply(200, { items: [], next: null }))
    await call(client())
    expect(server.seen[0]).toMatchObject({ method, path })
  })

  test('an id cannot lead to another place', async () => {
    await client().message('../../oauth/token')
    expect(server.seen[0]!.path).toBe('/v1/messages/..%2F..%2Foauth%2Ftoken')
  })

  test('progress and answers have the same key for the same step, another for another', async () => {
    const own = client()
    await own.progress('fb_1', { status: 'taken-up', on: '2026-11-02' })
    await own.progress('fb_1', { status: 'taken-up', on: '2026-11-02' })
    await own.progress('fb_1', { status: 'closed', on: '2026-11-02' })
    await own.answer('msg_1', { requestDigest: 'd', found: 3 })
    const used = server.seen.map(seen => seen.headers['idempotency-key'])
    expect(used).toEqual(['fb_1.taken-up', 'fb_1.taken-up', 'fb_1.closed', 'answer-msg_1'])
  })

  test('a step that is said again is the same to the byte, under a key that nobody else can guess from', async () => {
    const step = { status: 'taken-up', on: '2026-11-02' } as const
    await client().progress('fb_1', step)
    await client().progress('fb_1', step)
    await client().progress('fb_1', { ...step, on: '2026-11-03' })
    keys = await generateKeyPair()
    await client().progress('fb_1', step)
    const [first, again, later, other] = server.seen.map(({ body }) => body)
    expect(again).toBe(first)
    const nonces = [first, later, other].map(body => JSON.parse(body!).nonce)
    expect(new Set(nonces).size).toBe(3)
    expect(nonces.every(nonce => /^[A-Za-z0-9_-]{43}$/.test(nonce))).toBe(true)
  })

  test('a 2xx that is no answer of a gateway is no success: it is tried again, and told as such', async () => {
    const page: Answer = (_seen, response) => response.writeHead(200).end('<html>Sign in</html>')
    const cutOff: Answer = (_seen, response) =>
      response.writeHead(202).end('{"messageId":"msg_1","a')
    const empty: Answer = (_seen, response) => response.writeHead(202).end()
    server.next.push(page, cutOff, empty, reply(202, { messageId: 'msg_1' }))
    await expect(detect()).resolves.toEqual({ messageId: 'msg_1' })
    expect(new Set(server.seen.map(({ body }) => body)).size).toBe(1)
    server.next.push(page, page)
    const error = await detect({ attempts: 2 }).catch((thrown: HuisbrugUnreachable) => thrown)
    expect(error).toBeInstanceOf(HuisbrugUnreachable)
    expect(error).toMatchObject({ code: 'NOT_JSON', remedy: expect.stringContaining('proxy') })
    server.next.push((_seen, response) => response.writeHead(204).end())
    await expect(client().deleteWebhook()).resolves.toBeUndefined()
  })

  test('the publication list and a document are read without a token', async () => {
    await client().protocols()
    await client().protocol('wm-vdab')
    expect(server.tokenRequests).toHaveLength(0)
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
  })

  test('signing in tells what the token allows', async () => {
    const { scope, expiresAt, bound } = await client().signIn()
    expect([scope, bound]).toEqual([[], false])
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 500_000)
  })

  test('a certificate that is not trusted is not tried again, and says what to give', () => {
    const error = new HuisbrugUnreachable('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect([error.mayPass, error.remedy]).toEqual([
      false,
      expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    ])
    expect(new HuisbrugUnreachable('ECONNRESET').mayPass).toBe(true)
  })
})
