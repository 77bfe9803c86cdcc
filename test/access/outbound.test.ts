import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { PassThrough } from 'node:stream'
import { gzipSync } from 'node:zlib'
import {
  createOutbound,
  jwksFetcher,
  type Outbound,
  OutboundError,
  type OutboundRequest,
  type Resolve,
} from '../../src/delivery/outbound.ts'
import { createLogger } from '../../src/log.ts'
import { PATIENCE } from '../support/until.ts'
import { makeCertificate } from './certificate.ts'
import { SILENT } from './support.ts'

const open: (Server | TcpServer)[] = []
const clients: Outbound[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  const servers = open.splice(0)
  for (const server of servers) if ('closeAllConnections' in server) server.closeAllConnections()
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
})

async function listen(server: Server | TcpServer): Promise<number> {
  open.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`
}

/** A server that says its own bytes, whatever it is asked. */
async function serveRaw(onRequest: (socket: Socket, request: number) => void): Promise<string> {
  const server = createTcpServer(socket => {
    let count = 0
    socket.on('error', () => {})
    socket.on('data', () => {
      count += 1
      onRequest(socket, count)
    })
  })
  return `http://127.0.0.1:${await listen(server)}`
}

function client(
  options: { allowLoopback?: boolean; resolve?: Resolve; ca?: string } = {},
): Outbound {
  const made = createOutbound({ allowLoopback: true, log: SILENT, ...options })
  clients.push(made)
  return made
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'it was answered',
    caught => caught,
  )
  if (error instanceof OutboundError) return error.reason
  throw error
}

function get(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  return { method: 'GET', url, ...more }
}

const always = (...addresses: string[]): Resolve => {
  return async () => addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
}

describe('a call that goes well', () => {
  test('carries method, headers and body as given, and brings status, headers and bytes', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        seen.push(request.method, request.url, request.headers, Buffer.concat(chunks))
        response.writeHead(202, { 'X-Mark': 'yes' }).end(Buffer.from([0, 255, 10]))
      })
    })
    const body = Buffer.from('{"é":1}')
    const headers = { 'content-type': 'application/json', 'webhook-id': 'del_1' }
    const answer = await client().request({ method: 'POST', url: `${url}/a?b=c`, headers, body })
    expect(answer.status).toBe(202)
    expect(answer.headers['x-mark']).toBe('yes')
    expect([...answer.body]).toEqual([0, 255, 10])
    expect(seen[0]).toBe('POST')
    expect(seen[1]).toBe('/a?b=c')
    expect(seen[2]).toMatchObject({ ...headers, 'content-length': '8', 'user-agent': 'huisbrug' })
    expect(seen[3]).toEqual(body)
  })

  test.each([200, 204, 400, 404, 410, 429, 500, 503])(
    '%i is an answer, not an error',
    async status => {
      const url = await serve((_request, response) => response.writeHead(status).end())
      await expect(client().request(get(url))).resolves.toMatchObject({ status })
    },
  )

  test('text is sent as it is, without a content type of the client', async () => {
    let seen: string | undefined
    let body = ''
    const url = await serve((request, response) => {
      seen = request.headers['content-type']
      request.on('data', chunk => {
        body += chunk
      })
      request.on('end', () => response.end())
    })
    const headers = { 'content-type': 'text/plain' }
    await client().request({ method: 'PUT', url, headers, body: '"quoted" {"a":1}' })
    expect([seen, body]).toEqual(['text/plain', '"quoted" {"a":1}'])
  })

  test('one connection serves many calls', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.end('ok')
    })
    const one = client()
    for (let i = 0; i < 5; i += 1) await one.request(get(url))
    expect(sockets.size).toBe(1)
  })

  test('a kept connection that the peer drops as it is used again is replaced, once', async () => {
    let sockets = 0
    const url = await serveRaw((socket, request) => {
      if (request === 1) sockets += 1
      if (request === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.resetAndDestroy()
    })
    const one = client()
    await one.request(get(url))
    await expect(one.request(get(url))).resolves.toMatchObject({ status: 200 })
    expect(sockets).toBe(2)
  })
})

describe('a peer that misbehaves', () => {
  test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async status => {
    let followed = false
    const target = await serve((_request, response) => {
      followed = true
      response.end()
    })
    const url = await serve((_request, response) => {
      response.writeHead(status, { location: target }).end('x')
    })
    const error = await client()
      .request(get(url))
      .catch(caught => caught)
    expect(error).toMatchObject({ reason: 'redirect', status })
    expect(followed).toBe(false)
  })

  test('silence ends at the time limit', async () => {
    const url = await serve(() => {})
    const start = performance.now()
    expect(await reasonOf(client().request(get(url, { timeoutMs: 200 })))).toBe('timeout')
    expect(performance.now() - start).toBeLessThan(PATIENCE * 2_000)
  })

  test('so does an answer that trickles', async () => {
    const timers: NodeJS.Timeout[] = []
    const url = await serve((_request, response) => {
      response.writeHead(200)
      timers.push(setInterval(() => response.write('x'), 20))
    })
    expect(await reasonOf(client().request(get(url, { timeoutMs: 300 })))).toBe('timeout')
    for (const timer of timers) clearInterval(timer)
  })

  test('and a name that is looked up for ever', async () => {
    const one = client({ resolve: () => new Promise(() => {}) })
    const request = get('https://slow.example/', { timeoutMs: 200 })
    expect(await reasonOf(one.request(request))).toBe('timeout')
  })

  test.each(['announced', 'chunked'])('an answer that is too large is cut off (%s)', async how => {
    let written = 0
    const url = await serve((_request, response) => {
      if (how === 'announced') response.setHeader('content-length', 50_000_000)
      const more = (): void => {
        while (written < 50_000_000 && response.write(Buffer.alloc(65_536))) written += 65_536
      }
      response.on('drain', more).on('error', () => {})
      more()
    })
    expect(await reasonOf(client().request(get(url)))).toBe('too-large')
    expect(written).toBeLessThan(20_000_000)
  })

  test('the limit is exact and set per call', async () => {
    const url = await serve((_request, response) => response.end(Buffer.alloc(1_000)))
    const answer = await client().request(get(url, { maxBytes: 1_000 }))
    expect(answer.body).toHaveLength(1_000)
    expect(await reasonOf(client().request(get(url, { maxBytes: 999 })))).toBe('too-large')
  })

  test('a compressed answer stays compressed: it cannot swell', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000))
    const url = await serve((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    expect((await client().request(get(url))).body).toEqual(bomb)
  })

  test.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    [
      'length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['nothing', ''],
    ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ])('%s is a broken answer', async (_name, bytes) => {
    const url = await serveRaw(socket => socket.end(bytes))
    expect(await reasonOf(client().request(get(url, { timeoutMs: 2_000 })))).toBe('broken')
  })

  test('a connection that is reset is broken', async () => {
    const url = await serveRaw(socket => socket.resetAndDestroy())
    expect(await reasonOf(client().request(get(url)))).toBe('broken')
  })

  test('a closed port is refused', async () => {
    const server = createServer()
    const port = await listen(server)
    await new Promise(resolve => server.close(resolve))
    expect(await reasonOf(client().request(get(`http://127.0.0.1:${port}/`)))).toBe('refused')
  })
})

describe('where it may go', () => {
  test.each([
    'http://hook.example/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://2130706433/',
    'file:///etc/passwd',
    'https://user:pass@hook.example/',
    'https://localhost/',
    'nonsense',
  ])('%s is not called', async url => {
    expect(await reasonOf(client({ allowLoopback: false }).request(get(url)))).toBe('address')
  })

  test.each([
    ['127.0.0.1'],
    ['10.0.0.5'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['fd00::1'],
    ['0.0.0.0'],
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8'],
  ])('a public name that resolves to %s %s is not called', async (...addresses) => {
    let connections = 0
    const port = await listen(
      createTcpServer(socket => {
        connections += 1
        socket.destroy()
      }),
    )
    const one = client({ allowLoopback: false, resolve: always(...addresses.filter(Boolean)) })
    expect(await reasonOf(one.request(get(`https://hook.example:${port}/`)))).toBe('address')
    expect(connections).toBe(0)
  })

  test('with loopback on, a name may not lead to another inner address', async () => {
    const one = client({ resolve: always('10.0.0.5') })
    expect(await reasonOf(one.request(get('https://hook.example/')))).toBe('address')
    expect(await reasonOf(one.request(get('http://app.localhost/')))).toBe('address')
    const mixed = client({ resolve: always('127.0.0.1', '8.8.8.8') })
    expect(await reasonOf(mixed.request(get('http://app.localhost/')))).toBe('address')
  })

  test('a name that nobody knows is a dns error', async () => {
    const failing = client({ resolve: () => Promise.reject(new Error('SERVFAIL')) })
    expect(await reasonOf(failing.request(get('https://hook.example/')))).toBe('dns')
    const empty = client({ resolve: async () => [] })
    expect(await reasonOf(empty.request(get('https://hook.example/')))).toBe('dns')
    expect(await reasonOf(client().request(get('https://nowhere.invalid/')))).toBe('dns')
  })

  test('DNS rebinding: what was checked is what is connected to, and a later answer is checked anew', async () => {
    const { key, cert } = makeCertificate('rebind.example')
    let requests = 0
    const server = createTlsServer({ key, cert }, (_request, response) => {
      requests += 1
      response.writeHead(200, { connection: 'close' }).end('ok')
    })
    const port = await listen(server)
    const answers = ['127.0.0.1', '169.254.169.254']
    let lookups = 0
    const resolve: Resolve = async () => {
      lookups += 1
      return [{ address: answers.shift() ?? '10.0.0.1', family: 4 }]
    }
    const one = client({ resolve, ca: cert })
    await expect(one.request(get(`https://rebind.example:${port}/`))).resolves.toMatchObject({
      status: 200,
    })
    expect([lookups, requests]).toEqual([1, 1])
    expect(await reasonOf(one.request(get(`https://rebind.example:${port}/`)))).toBe('address')
    expect(await reasonOf(one.request(get(`https://rebind.example:${port}/`)))).toBe('address')
    expect([lookups, requests]).toEqual([3, 1])
  })

  test('a proxy in the environment is not used', async () => {
    let proxied = 0
    const proxy = await serve((_request, response) => {
      proxied += 1
      response.end('from the proxy')
    })
    const url = await serve((_request, response) => response.end('direct'))
    const before = { ...process.env }
    Object.assign(process.env, {
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      HTTPS_PROXY: proxy,
      NO_PROXY: '',
    })
    try {
      expect((await client().request(get(url))).body.toString()).toBe('direct')
    } finally {
      for (const name of Object.keys(process.env)) delete process.env[name]
      Object.assign(process.env, before)
    }
    expect(proxied).toBe(0)
  })
})

describe('TLS', () => {
  test('an unknown issuer, another name and plain text on the port are refused', async () => {
    const { key, cert } = makeCertificate('peer.example')
    const port = await listen(
      createTlsServer({ key, cert }, (_request, response) => response.end('ok')),
    )
    const resolve = always('127.0.0.1')
    const url = `https://peer.example:${port}/`
    expect(await reasonOf(client({ resolve }).request(get(url)))).toBe('tls')
    const trusting = client({ resolve, ca: cert })
    await expect(trusting.request(get(url))).resolves.toMatchObject({ status: 200 })
    expect(await reasonOf(trusting.request(get(`https://other.example:${port}/`)))).toBe('tls')
    const plain = new URL(await serve((_request, response) => response.end('x')))
    expect(await reasonOf(trusting.request(get(`https://peer.example:${plain.port}/`)))).toBe('tls')
  })

  test('TLS 1.1 is too old', async () => {
    const { key, cert } = makeCertificate('peer.example')
    const old = {
      key,
      cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const
    const port = await listen(createTlsServer(old, (_request, response) => response.end('ok')))
    const one = client({ resolve: always('127.0.0.1'), ca: cert })
    expect(await reasonOf(one.request(get(`https://peer.example:${port}/`)))).toBe('tls')
  })
})

describe('what an error and a log line show', () => {
  test('nothing of the request or the answer', async () => {
    const sink = new PassThrough()
    const log = createLogger('debug', sink)
    const url = await serve((_request, response) => response.writeHead(302).end('geheim-antwoord'))
    const one = createOutbound({ allowLoopback: true, log })
    clients.push(one)
    const headers = { authorization: 'Bearer geheim-token' }
    const error: OutboundError = await one
      .request({ method: 'POST', url: `${url}/geheim-pad?x=geheim`, headers, body: 'geheim-body' })
      .catch(caught => caught)
    const shown = JSON.stringify({ ...error, cause: error.cause, text: String(error.stack) })
    expect(error.reason).toBe('redirect')
    expect(shown).not.toContain('geheim')
    const logged = String(sink.read())
    expect(logged).toContain('"reason":"redirect"')
    expect(logged).not.toContain('geheim')
  })
})

describe('fetching a key set', () => {
  test('gives the bytes of a 200, within 64 KiB, and nothing else', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/big') response.end(Buffer.alloc(70_000))
      else response.writeHead(request.url === '/ok' ? 200 : 404).end('{"keys":[]}')
    })
    const fetchJwks = jwksFetcher(client())
    expect((await fetchJwks(`${url}/ok`)).toString()).toBe('{"keys":[]}')
    expect(await reasonOf(fetchJwks(`${url}/none`))).toBe('broken')
    expect(await reasonOf(fetchJwks(`${url}/big`))).toBe('too-large')
  })
})
