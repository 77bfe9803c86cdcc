import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import { type Bounds, type Listening, listen } from '../../src/listen.ts'
import { PATIENCE, until } from '../support/until.ts'
import { open, sayRaw } from './raw-socket.ts'

const GET = 'GET / HTTP/1.1\r\nHost: g\r\n\r\n'
let running: Listening[] = []

afterEach(async () => {
  await Promise.all(running.map(it => it.shutdown()))
  running = []
})

async function start(bounds: Partial<Bounds>, app: RequestListener, settings = {}) {
  const config = readConfig({ HUISBRUG_PORT: '0', ...settings })
  const listening = await listen(app, config, { bounds })
  running.push(listening)
  return Number(new URL(listening.url).port)
}

const answer: RequestListener = (request, response) => {
  request.resume().on('end', () => response.end('ok'))
}

/** How long until the other side closes it, in milliseconds. */
async function closes(socket: Awaited<ReturnType<typeof open>>): Promise<number> {
  const start = performance.now()
  socket.resume()
  await new Promise(resolve => socket.once('close', resolve))
  return performance.now() - start
}

const QUICK = { lookMs: 50, headersMs: 300, requestMs: 600, idleMs: 200 }

describe('who is slow is not waited for', () => {
  test('headers that do not end, a body that does not come, and an idle connection', async () => {
    const port = await start(QUICK, answer)
    const headers = await open(port)
    headers.write('GET / HTTP/1.1\r\n')
    const drip = setInterval(() => headers.write('X-A: b\r\n'), 50)
    const body = await open(port)
    body.write('POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 100\r\n\r\n')
    const dripBody = setInterval(() => body.write('x'), 50)
    const idle = await open(port)
    idle.write(GET)
    const silent = await open(port)
    try {
      const times = await Promise.all([headers, body, idle, silent].map(closes))
      for (const time of times) expect(time).toBeLessThan(PATIENCE * 3_000)
      expect(times[1]).toBeGreaterThan(500)
    } finally {
      clearInterval(drip)
      clearInterval(dripBody)
    }
  })

  test('a reply that nobody reads is cut off, and what makes it is ended', async () => {
    let ended = false
    const port = await start({ reading: { everyMs: 200, bytes: 1024 } }, (_request, response) => {
      const more = () => {
        while (response.write('x'.repeat(64 * 1024)));
      }
      response.on('drain', more).on('close', () => {
        ended = true
      })
      more()
    })
    const socket = await open(port)
    socket.pause()
    socket.write(GET)
    for (let tries = 0; tries < 240 && !ended; tries++) await sleep(50)
    expect(ended).toBe(true)
    socket.destroy()
  })

  test('one that is read at a fair pace is not, however long it takes', async () => {
    const pieces = 8
    const port = await start({ reading: { everyMs: 100, bytes: 1024 } }, async (_req, response) => {
      for (let piece = 0; piece < pieces; piece++) {
        response.write('x'.repeat(64 * 1024))
        // A pause of the gateway itself is not the fault of the reader.
        await sleep(60)
      }
      response.end()
    })
    const text = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    expect(text).toHaveLength(pieces * 64 * 1024)
  })
})

describe('who takes too many', () => {
  test('connections of one address: others, and proxies that are trusted, go on', async () => {
    const settings = { HUISBRUG_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' }
    const port = await start({ connectionsPerAddress: 3 }, answer, settings)
    const from = (address: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => open(port, address)))
    const held = await from('127.0.0.2', 3)
    const [fourth] = await from('127.0.0.2', 1)
    expect(await closes(fourth!)).toBeLessThan(PATIENCE * 1_000)
    const others = [...(await from('127.0.0.3', 1)), ...(await from('127.0.0.1', 5))]
    await sleep(50)
    expect([...held, ...others].map(socket => socket.readyState)).toEqual(Array(9).fill('open'))
    held[0]?.destroy()
    const again = await until(async () => {
      const [next] = await from('127.0.0.2', 1)
      next?.write(GET)
      const answered = new Promise(resolve => next?.once('data', () => resolve(next)))
      return (await Promise.race([answered, once(next!, 'close')])) === next && next
    })
    for (const socket of [...held, ...others, again]) socket?.destroy()
  })

  test('requests on one connection: the last says that it closes', async () => {
    const port = await start({ requestsPerConnection: 2 }, answer)
    const { statuses, text } = await sayRaw(port, GET.repeat(3))
    expect(statuses.slice(0, 2)).toEqual([200, 200])
    expect(statuses[2] ?? 503).toBe(503)
    expect(text.toLowerCase()).toContain('connection: close')
  })

  test('connections at all', async () => {
    const port = await start({ connections: 2 }, answer)
    const held = [await open(port), await open(port)]
    const third = await open(port)
    expect(await closes(third)).toBeLessThan(PATIENCE * 1_000)
    for (const socket of held) socket.destroy()
  })
})
