import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { createOutbound, type Outbound, OutboundError } from '../../src/delivery/outbound.ts'
import { PeerTokenError, PeerTokens } from '../../src/delivery/peer-token.ts'
import { type Bench, openBench, PUBLIC_URL, SILENT } from './support.ts'

let bench: Bench
let outbound: Outbound
let server: Server
let peer: { id: string; tokenUrl: string }
let tokens: PeerTokens
let requests: URLSearchParams[]
let usedIds: Set<string>
let answer: (count: number) => { status: number; body: string }

beforeAll(async () => {
  bench = await openBench()
  outbound = createOutbound({ allowLoopback: true, log: SILENT })
  server = createServer((request, response) => {
    void readBody(request).then(async body => {
      const fault = await checkRequest(request, body)
      const { status, body: text } = fault ? { status: 401, body: fault } : answer(requests.length)
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  peer = { id: 'vdab', tokenUrl: `http://127.0.0.1:${port}/token` }
})

afterAll(async () => {
  outbound.close()
  await new Promise(resolve => server.close(resolve))
  await bench.close()
})

beforeEach(() => {
  requests = []
  usedIds = new Set()
  answer = count => grant(`token-${count}`, 600)
  const { signing } = bench
  tokens = new PeerTokens({ outbound, signing, publicUrl: PUBLIC_URL, now: bench.clock.now })
})

function grant(token: unknown, seconds?: unknown, type: unknown = 'Bearer') {
  const reply = { access_token: token, token_type: type, expires_in: seconds }
  return { status: 200, body: JSON.stringify(reply) }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

/** What a strict token endpoint of a peer checks, with the keys that the gateway publishes. */
async function checkRequest(request: IncomingMessage, body: string): Promise<string | undefined> {
  const form = new URLSearchParams(body)
  requests.push(form)
  try {
    const keys = createLocalJWKSet(await bench.signing.publicJwks())
    const { payload } = await jwtVerify(String(form.get('client_assertion')), keys, {
      issuer: PUBLIC_URL,
      subject: PUBLIC_URL,
      audience: peer.tokenUrl,
      algorithms: ['EdDSA'],
      currentDate: bench.clock.now(),
      requiredClaims: ['iat', 'exp', 'jti'],
    })
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60)
    expect(usedIds.has(String(payload.jti))).toBe(false)
    usedIds.add(String(payload.jti))
    expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(form.get('grant_type')).toBe('client_credentials')
    expect(form.get('client_id')).toBe(PUBLIC_URL)
    expect(form.get('client_assertion_type')).toMatch(/:jwt-bearer$/)
    return undefined
  } catch (error) {
    return String(error)
  }
}

describe('tokens for a peer', () => {
  test('are fetched with an assertion that the peer can check', async () => {
    await expect(tokens.token(peer)).resolves.toBe('token-1')
    expect(requests).toHaveLength(1)
  })

  test('are fetched once for calls at the same time, and kept until 30 s before they end', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => tokens.token(peer)))
    expect(new Set(many)).toEqual(new Set(['token-1']))
    bench.clock.pass(569_000)
    await expect(tokens.token(peer)).resolves.toBe('token-1')
    bench.clock.pass(1_000)
    await expect(tokens.token(peer)).resolves.toBe('token-2')
    expect(requests).toHaveLength(2)
  })

  test('are kept per peer', async () => {
    await tokens.token(peer)
    await expect(tokens.token({ ...peer, id: 'another' })).resolves.toBe('token-2')
  })

  test('that live briefly are kept for half of it', async () => {
    answer = count => grant(`token-${count}`, 20)
    await tokens.token(peer)
    bench.clock.pass(9_999)
    await expect(tokens.token(peer)).resolves.toBe('token-1')
    bench.clock.pass(1)
    await expect(tokens.token(peer)).resolves.toBe('token-2')
  })

  test.each([undefined, 0, -5, 'soon', null])(
    'with expires_in %p are kept for 30 s',
    async seconds => {
      answer = count => grant(`token-${count}`, seconds, 'bearer')
      await tokens.token(peer)
      bench.clock.pass(29_999)
      await expect(tokens.token(peer)).resolves.toBe('token-1')
      bench.clock.pass(1)
      await expect(tokens.token(peer)).resolves.toBe('token-2')
    },
  )

  test('that the peer no longer takes are dropped, once', async () => {
    const old = await tokens.token(peer)
    await Promise.all([tokens.drop(peer, old), tokens.drop(peer, old)])
    const fresh = await tokens.token(peer)
    expect(fresh).toBe('token-2')
    await tokens.drop(peer, old)
    await expect(tokens.token(peer)).resolves.toBe(fresh)
  })

  test('a drop while one is being fetched leaves that one', async () => {
    const old = await tokens.token(peer)
    await tokens.drop(peer, old)
    const pending = tokens.token(peer)
    await tokens.drop(peer, old)
    await expect(pending).resolves.toBe('token-2')
    await expect(tokens.token(peer)).resolves.toBe('token-2')
  })
})

describe('a token endpoint that gives none', () => {
  test.each([
    ['refuses', { status: 401, body: '{"error":"invalid_client"}' }],
    ['fails', { status: 503, body: 'later' }],
    ['answers another success', { ...grant('t', 60), status: 201 }],
    ['answers no JSON', { status: 200, body: '<html>' }],
    ['answers null', { status: 200, body: 'null' }],
    ['gives another type', grant('t', 60, 'DPoP')],
    ['gives no token', grant(undefined, 60)],
    ['gives a token that would break a header', grant('a\r\nX-Evil: 1', 60)],
    ['gives an empty token', grant('', 60)],
    ['gives a number', grant(7, 60)],
  ])('%s: an error with the status, nothing kept', async (_name, reply) => {
    answer = () => reply
    const error = await tokens.token(peer).catch(caught => caught)
    expect(error).toBeInstanceOf(PeerTokenError)
    expect(error.status).toBe(reply.status)
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('client_assertion')
    answer = count => grant(`token-${count}`, 600)
    await expect(tokens.token(peer)).resolves.toBe('token-2')
  })

  test('all that wait for one fetch share its failure, and the next call tries anew', async () => {
    answer = () => ({ status: 500, body: '' })
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => tokens.token(peer)))
    expect(outcomes.every(outcome => outcome.status === 'rejected')).toBe(true)
    expect(requests).toHaveLength(1)
    answer = count => grant(`token-${count}`, 600)
    await expect(tokens.token(peer)).resolves.toBe('token-2')
  })

  test('does not answer, or may not be called', async () => {
    const gone = { id: 'gone', tokenUrl: 'http://127.0.0.1:1/token' }
    await expect(tokens.token(gone)).rejects.toBeInstanceOf(OutboundError)
    const inner = { id: 'inner', tokenUrl: 'https://169.254.169.254/token' }
    await expect(tokens.token(inner)).rejects.toMatchObject({ reason: 'address' })
  })
})
