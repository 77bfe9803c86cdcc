import { type TestGateway, testGateway } from '../support/gateway.ts'
import { call } from '../support/raw.ts'
import { sayRaw } from './raw-socket.ts'

let gateway: TestGateway
let port: number

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,console', webhooks: false })
  port = Number(new URL(gateway.url).port)
}, 60_000)
afterAll(() => gateway?.close())

const LINE = 'POST /v1/webhook/test HTTP/1.1\r\nHost: gateway\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const SECOND = 'GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n'

/** Forms that two readers may take for different requests; none may lead to a second one. */
const AMBIGUOUS: [string, string][] = [
  ['length and chunked', `${LINE}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked and length', `${LINE}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${LINE}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  `],
  ['two equal lengths', `${LINE}Content-Length: 4\r\nContent-Length: 4\r\n\r\n{}  `],
  ['a list of lengths', `${LINE}Content-Length: 4, 4\r\n\r\n{}  `],
  ['a length with a sign', `${LINE}Content-Length: +4\r\n\r\n{}  `],
  ['a negative length', `${LINE}Content-Length: -4\r\n\r\n{}  `],
  ['a length in hexadecimal', `${LINE}Content-Length: 0x4\r\n\r\n{}  `],
  ['a length beyond 64 bits', `${LINE}Content-Length: 99999999999999999999\r\n\r\n{}`],
  ['a length that is empty', `${LINE}Content-Length:\r\n\r\n{}  `],
  ['a length with an underscore', `${LINE}Content_Length: 4\r\n\r\n`],
  ['a coding with an underscore', `${LINE}Transfer_Encoding: chunked\r\n\r\n`],
  ['another coding', `${LINE}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked not last', `${LINE}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${LINE}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked in two headers', `${LINE}${'Transfer-Encoding: chunked\r\n'.repeat(2)}\r\n0\r\n\r\n`],
  ['an unknown coding', `${LINE}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a coding after a tab', `${LINE}Transfer-Encoding:\tx\r\n\r\n0\r\n\r\n`],
  ['a coding in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a space before the colon', `${LINE}Content-Length : 4\r\n\r\n{}  `],
  ['a folded header', `${LINE}X-A: b\r\n c\r\n\r\n`],
  ['a folded coding', `${LINE}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a header before the first name', 'GET /health/live HTTP/1.1\r\n Host: gateway\r\n\r\n'],
  ['lines that end in LF', 'GET /health/live HTTP/1.1\nHost: gateway\n\n'],
  ['one header that ends in LF', `${LINE}X-A: b\nX-B: c\r\n\r\n`],
  ['one header that ends in CR', `${LINE}X-A: b\rX-B: c\r\n\r\n`],
  ['a NUL in a header', `${LINE}X-A: b\0c\r\n\r\n`],
  ['a header without a colon', `${LINE}X-A\r\n\r\n`],
  ['a header without a name', `${LINE}: b\r\n\r\n`],
  ['a chunk size with a sign', `${LINE}Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n`],
  ['a chunk size of 0x', `${LINE}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`],
  [
    'a chunk size too large',
    `${LINE}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n{}\r\n`,
  ],
  ['a chunk that ends in LF', `${LINE}Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n`],
  ['a chunk without an end', `${LINE}Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n`],
  ['an extension with LF', `${LINE}Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n`],
  [
    'an absolute target',
    'GET http://elsewhere.example/health/live HTTP/1.1\r\nHost: gateway\r\n\r\n',
  ],
  ['an authority as target', 'GET gateway:80 HTTP/1.1\r\nHost: gateway\r\n\r\n'],
  ['a target with two slashes', 'GET //elsewhere/health/live HTTP/1.1\r\nHost: gateway\r\n\r\n'],
  ['an asterisk as target', 'GET * HTTP/1.1\r\nHost: gateway\r\n\r\n'],
  ['a space in the target', 'GET /health /live HTTP/1.1\r\nHost: gateway\r\n\r\n'],
  ['no host', 'GET /health/live HTTP/1.1\r\n\r\n'],
  ['two hosts', 'GET /health/live HTTP/1.1\r\nHost: gateway\r\nHost: elsewhere\r\n\r\n'],
  ['two tokens', `${LINE}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`],
  ['two types', `${LINE}${JSON_TYPE}Content-Type: text/plain\r\n\r\n`],
  ['two keys of repetition', `${LINE}Idempotency-Key: a\r\nidempotency-key: b\r\n\r\n`],
  ['two signatures', `${LINE}${'X-JWS-Signature: a..b\r\n'.repeat(2)}\r\n`],
  ['two proofs of possession', `${LINE}${'DPoP: a\r\n'.repeat(2)}\r\n`],
  ['more than a hundred headers', `${LINE}${'X-A: b\r\n'.repeat(100)}\r\n`],
  ['headers of more than 16 KiB', `${LINE}X-A: ${'b'.repeat(17_000)}\r\n\r\n`],
  ['an unknown version', 'GET /health/live HTTP/3.7\r\nHost: gateway\r\n\r\n'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method that is none', 'GE\x01T / HTTP/1.1\r\nHost: gateway\r\n\r\n'],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
]

describe('a request that can be read in two ways', () => {
  test.each(AMBIGUOUS)('%s is refused, and nothing after it is read', async (_, request) => {
    const { statuses, closed, text } = await sayRaw(port, request + SECOND)
    expect({ statuses, closed }).toEqual({ statuses: expect.any(Array), closed: true })
    expect(statuses.length).toBeGreaterThan(0)
    // The second request would have been answered with 200.
    expect(statuses.filter(status => status < 400 || status === 500)).toEqual([])
    expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|node:/)
  })

  test('where the gateway itself refuses it says so with a code', async () => {
    const twice = 'GET /health/live HTTP/1.1\r\nHost: gateway\r\nHost: elsewhere\r\n\r\n'
    const { text } = await sayRaw(port, twice)
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('"code":"HB-213"')
    expect(text).not.toContain('elsewhere')
  })

  test('ordinary ones go: one after the other, chunked, with extensions and trailers', async () => {
    const chunked = `${LINE}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX-A: b\r\n\r\n`
    const { statuses, closed } = await sayRaw(port, SECOND + chunked + SECOND, 1_500)
    expect({ statuses, closed }).toEqual({ statuses: [200, 401, 200], closed: false })
  })

  test('CONNECT and an upgrade lead nowhere', async () => {
    const connecting = await sayRaw(port, 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: gateway\r\n\r\n')
    expect(connecting).toMatchObject({ text: '', closed: true })
    const upgrade =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n'
    const { statuses } = await sayRaw(
      port,
      `GET /health/live HTTP/1.1\r\nHost: gateway\r\n${upgrade}`,
    )
    expect(statuses).toEqual([200])
  })
})

describe('what a refusal shows', () => {
  test.each([
    ['GET', '/%'],
    ['GET', '/console/%E0%A4%A'],
    ['GET', '/v1/messages/%00'],
    ['GET', '/v1/messages/..%2f..%2fetc'],
    ['GET', '/docs/%2e%2e/%2e%2e/package.json'],
    ['GET', '/docs/..%5c..%5cpackage.json'],
    ['POST', '/console/aanmelden'],
    ['GET', '/v1/protocols?limit[__proto__]=1&constructor[prototype]=x'],
    ['DELETE', '/health/live'],
    ['TRACE', '/health/live'],
  ])('%s %s: no trace, no path of the machine, the headers of helmet', async (method, path) => {
    if (method === 'TRACE') {
      const { text } = await sayRaw(
        port,
        `TRACE ${path} HTTP/1.1\r\nHost: g\r\nX-A: secret\r\n\r\n`,
      )
      expect(text).toMatch(/^HTTP\/1\.1 40[45] /)
      expect(text).not.toContain('secret')
      return
    }
    const reply = await call(gateway, method, path)
    expect(reply.status).toBeLessThan(500)
    expect(reply.text).not.toMatch(/\bat .+:\d+:\d+|node_modules|node:|file:\/\/|"dependencies"/)
    expect(reply.headers.get('x-powered-by')).toBeNull()
    expect(reply.headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/)
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  })
})
