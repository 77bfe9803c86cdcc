import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, PassThrough } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { readConfig } from '../../src/config.ts'
import {
  createOutbound,
  type Outbound,
  OutboundError,
  type OutboundRequest,
  openOutbound,
  type Resolve,
} from '../../src/delivery/outbound.ts'
import { createLogger } from '../../src/log.ts'
import { makeCertificate } from '../access/certificate.ts'
import { SILENT } from '../access/support.ts'

const NAME = 'peer.example'
const { key, cert } = makeCertificate(NAME)
const own = makeCertificate('localhost')
const PUBLIC = '93.184.215.14'
const INNER = '10.1.2.3'

let folder: string
let peerPort: number
let proxyPort: number
let securePort: number
/** What the peer was asked, under which name. */
let asked: { host: string | undefined; servername: string; url: string | undefined }[]
/** What the proxy was asked. */
let tunnels: IncomingMessage[]
/** What the proxy does instead of opening a tunnel. */
let refuseTunnel: ((socket: Socket) => void) | undefined
const sockets: Duplex[] = []
const servers: Server[] = []
const clients: Outbound[] = []

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-proxy-'))
  writeFileSync(join(folder, 'ca.pem'), cert + own.cert)
  const peer = createTlsServer({ key, cert }, (request, response) => {
    const { servername } = request.socket as TLSSocket & { servername: string }
    asked.push({ host: request.headers.host, servername, url: request.url })
    if (request.url === '/away') response.writeHead(302, { location: 'https://10.0.0.1/' }).end()
    else response.end(request.url === '/big' ? Buffer.alloc(2_000_000) : 'ok')
  })
  peerPort = await listen(peer)
  const proxy = createServer((_request, response) => response.writeHead(400).end())
  const tunnel = (request: IncomingMessage, client: Duplex) => {
    tunnels.push(request)
    sockets.push(client)
    client.on('error', () => {})
    if (refuseTunnel) return refuseTunnel(client as Socket)
    const up = connect(peerPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      up.pipe(client).pipe(up)
    })
    up.on('error', () => client.destroy())
    return undefined
  }
  proxyPort = await listen(proxy.on('connect', tunnel))
  securePort = await listen(createTlsServer({ ...own }).on('connect', tunnel))
})

beforeEach(() => {
  asked = []
  tunnels = []
  refuseTunnel = undefined
})

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  for (const socket of sockets.splice(0)) socket.destroy()
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  for (const server of servers) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)()
    server.close()
  }
})

const always =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))

/** The client as the settings make it. */
function client(resolve: Resolve, log = SILENT, secure = false): Outbound {
  const at = secure ? `localhost:${securePort}` : `127.0.0.1:${proxyPort}`
  const config = readConfig({
    HUISBRUG_HTTPS_PROXY: `http${secure ? 's' : ''}://gebruiker:geh%40im@${at}`,
    HUISBRUG_CA_FILE: join(folder, 'ca.pem'),
    HUISBRUG_ALLOW_LOOPBACK: 'true',
  })
  const made = openOutbound(config, { log, resolve })
  clients.push(made)
  return made
}

const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'GET',
  url,
  ...more,
})

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'it was answered',
    caught => caught,
  )
  if (error instanceof OutboundError) return error.reason
  throw error
}

test('the proxy gets the checked address and its own credentials; the peer its name', async () => {
  const one = client(always(PUBLIC, '2606:4700::1111'))
  const headers = { authorization: 'Bearer van-de-peer' }
  const answer = await one.request(get(`https://${NAME}/pad?x=1`, { headers }))
  expect(answer).toMatchObject({ status: 200, body: Buffer.from('ok') })
  expect(asked).toEqual([{ host: NAME, servername: NAME, url: '/pad?x=1' }])
  expect(tunnels).toHaveLength(1)
  expect(tunnels[0]?.url).toBe(`${PUBLIC}:443`)
  expect(tunnels[0]?.headers).toEqual({
    host: `${PUBLIC}:443`,
    'proxy-authorization': `Basic ${Buffer.from('gebruiker:geh@im').toString('base64')}`,
    connection: expect.any(String),
  })
  await one.request(get(`https://${NAME}/`))
  expect([tunnels.length, asked.length]).toEqual([1, 2])
  const six = client(always('2606:4700::1111'))
  await six.request(get(`https://${NAME}:8443/`))
  expect(tunnels[1]?.url).toBe('[2606:4700::1111]:8443')
})

test.each([
  [INNER],
  ['169.254.169.254'],
  ['fd00::1', PUBLIC],
  [PUBLIC, INNER],
  ['::ffff:10.1.2.3'],
])('what resolves to %s %s is never asked of it', async (...addresses) => {
  const one = client(always(...addresses.filter(Boolean)))
  expect(await reasonOf(one.request(get(`https://${NAME}/`)))).toBe('address')
  expect(await reasonOf(one.request(get(`https://${INNER}/`)))).toBe('address')
  expect(tunnels).toEqual([])
})

test('a name that answers otherwise the next time is checked the next time', async () => {
  const answers = [PUBLIC, INNER]
  const one = client(async () => [{ address: answers.shift() ?? INNER, family: 4 }])
  await one.request(get(`https://${NAME}/`, { headers: { connection: 'close' } }))
  expect(await reasonOf(one.request(get(`https://${NAME}/`)))).toBe('address')
  expect(tunnels).toHaveLength(1)
})

test('a network is open for the party that it is allowed for, and for no other', async () => {
  const one = client(always(INNER))
  const networks = ['10.1.2.0/24']
  await one.request(get(`https://${NAME}/`, { networks }))
  expect(tunnels.map(({ url }) => url)).toEqual([`${INNER}:443`])
  // The connection of the first is still open: it is not for the others.
  expect(await reasonOf(one.request(get(`https://${NAME}/`)))).toBe('address')
  const other = { networks: ['10.9.0.0/16'] }
  expect(await reasonOf(one.request(get(`https://${NAME}/`, other)))).toBe('address')
  await one.request(get(`https://${NAME}/`, { networks }))
  expect([tunnels.length, asked.length]).toEqual([1, 2])
})

test.each<[string, string, ((socket: Socket) => void) | undefined]>([
  ['asks for credentials', 'proxy', it => it.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n')],
  ['refuses', 'proxy', it => it.end('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')],
  ['redirects', 'proxy', it => it.end('HTTP/1.1 302 X\r\nLocation: http://x.example/\r\n\r\n')],
  ['hangs up', 'proxy', it => it.resetAndDestroy()],
  ['speaks no HTTP', 'proxy', it => it.end('SSH-2.0-x\r\n')],
  ['has endless headers', 'proxy', it => it.end(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}`)],
  ['speaks for the peer', 'proxy', it => it.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n')],
  ['answers in plain text', 'tls', it => it.write('HTTP/1.1 200 OK\r\n\r\n', () => it.end('x'))],
  ['says nothing', 'timeout', () => {}],
])('a proxy that %s: %s', async (_name, reason, refusal) => {
  refuseTunnel = refusal
  const request = get(`https://${NAME}/`, { timeoutMs: 400 })
  const seen = await reasonOf(client(always(PUBLIC)).request(request))
  // Bytes that come a moment after the tunnel opened are seen by TLS, not here.
  expect(reason === 'tls' ? ['tls', 'proxy', 'broken'] : [reason]).toContain(seen)
  expect(asked).toEqual([])
})

test('a proxy that is not there, and one with a certificate that nobody knows', async () => {
  const closed = createServer()
  const port = await listen(closed)
  await new Promise(resolve => closed.close(resolve))
  for (const proxy of [`http://127.0.0.1:${port}`, `https://127.0.0.1:${peerPort}`]) {
    const one = createOutbound({
      allowLoopback: false,
      log: SILENT,
      proxy,
      resolve: always(PUBLIC),
    })
    clients.push(one)
    expect(await reasonOf(one.request(get(`https://${NAME}/`)))).toBe('proxy')
  }
})

test('limits hold in a tunnel: the name of the certificate, redirects, size', async () => {
  const one = client(always(PUBLIC))
  expect(await reasonOf(one.request(get('https://other.example/')))).toBe('tls')
  expect(await reasonOf(one.request(get(`https://${NAME}/away`)))).toBe('redirect')
  expect(await reasonOf(one.request(get(`https://${NAME}/big`)))).toBe('too-large')
})

test('the proxy may be spoken to by https, with a certificate of the same file', async () => {
  const answer = await client(always(PUBLIC), SILENT, true).request(get(`https://${NAME}/pad`))
  expect(answer.status).toBe(200)
  expect(tunnels.map(({ url }) => url)).toEqual([`${PUBLIC}:443`])
  expect(asked).toMatchObject([{ servername: NAME, url: '/pad' }])
})

test('this host is never asked of the proxy', async () => {
  const one = client(always('127.0.0.1'))
  await one.request(get(`https://${NAME}:${peerPort}/direct`))
  expect(asked).toMatchObject([{ servername: NAME, url: '/direct' }])
  expect(tunnels).toEqual([])
})

test('nothing of the proxy is in a log line or an error', async () => {
  const sink = new PassThrough()
  refuseTunnel = it => it.end('HTTP/1.1 407 geheim\r\nContent-Length: 0\r\n\r\n')
  const error: OutboundError = await client(always(PUBLIC), createLogger('debug', sink))
    .request(get(`https://${NAME}/`))
    .catch(caught => caught)
  const shown = JSON.stringify({ ...error, cause: error.cause, text: String(error.stack) })
  const logged = String(sink.read())
  expect(logged).toContain('"reason":"proxy"')
  expect(shown + logged).not.toMatch(/geh|gebruiker|127\.0\.0\.1/)
})

test.each([
  'socks5://127.0.0.1:1',
  'http://user:geheim@',
  'http://geheim:x@h/pad',
  'http://h:99999',
])('a setting that is no proxy stops the start, and is not shown: %s', HUISBRUG_HTTPS_PROXY => {
  expect(() => readConfig({ HUISBRUG_HTTPS_PROXY })).toThrow(/HTTPS_PROXY/)
  expect(() => readConfig({ HUISBRUG_HTTPS_PROXY })).not.toThrow(/geheim|99999/)
})

test('a file of certificates that is none stops the start', () => {
  writeFileSync(join(folder, 'key.pem'), key)
  for (const file of [join(folder, 'none.pem'), join(folder, 'key.pem')]) {
    const config = readConfig({ HUISBRUG_CA_FILE: file })
    expect(() => openOutbound(config, { log: SILENT })).toThrow('HUISBRUG_CA_FILE')
  }
})
