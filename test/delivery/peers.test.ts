import { createOutbound } from '../../src/delivery/outbound.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { PATIENCE } from '../support/until.ts'
import {
  attemptsOf,
  deliveryOf,
  forgetAll,
  hurry,
  OK,
  type RawPeer,
  sendTest,
  startRawPeer,
  untilState,
  untilTried,
} from './kit.ts'

/** Peers that misbehave: nothing is lost, nothing counts as delivered that was not. */
let gateway: TestGateway
let peer: RawPeer
const PATIENCE_MS = 600

beforeAll(async () => {
  const real = createOutbound({ allowLoopback: true, log: testLog('error').log })
  const request = (call: Parameters<typeof real.request>[0]) =>
    real.request({ timeoutMs: PATIENCE_MS, ...call })
  gateway = await testGateway({ overrides: { outbound: { ...real, request } } })
})
beforeEach(async () => {
  peer = await startRawPeer()
  await forgetAll(gateway)
  await gateway.clients.woonboog.setWebhook({ url: `${peer.url}/webhook` })
})
afterEach(() => peer.close())
afterAll(() => gateway.close())

/** One event to the peer as told, the failed try as it was noted, and then to the same peer in health. */
async function failsThenArrives(reply: RawPeer['reply'], reason: string) {
  peer.reply = reply
  const id = await sendTest(gateway, 'woonboog')
  const [first] = await untilTried(gateway, id)
  expect(first).toMatchObject({ outcome: 'retrying', reason })
  expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'retrying', delivered: false })
  peer.reply = socket => void socket.write(OK)
  await hurry(gateway)
  await untilState(gateway, id, 'delivered')
  const ids = peer.requests.map(({ headers }) => headers['webhook-id'])
  expect(new Set(ids)).toEqual(new Set([id]))
  const tries = peer.requests.map(({ headers }) => headers['x-huisbrug-attempt'])
  expect(tries).toEqual((await attemptsOf(gateway, id)).map(attempt => attempt.id))
  return first!
}

test('answers slowly: it is given up in time, and comes again with the same id', async () => {
  const drip = (socket: Parameters<RawPeer['reply']>[0]) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
    const timer = setInterval(() => socket.write('.'), 50)
    socket.on('close', () => clearInterval(timer))
  }
  const { milliseconds } = await failsThenArrives(drip, 'timeout')
  expect(milliseconds).toBeGreaterThanOrEqual(PATIENCE_MS - 50)
  expect(milliseconds).toBeLessThan(PATIENCE * (PATIENCE_MS + 3_000))
})

test('answers with half a body: half an answer is none', async () => {
  const half = (socket: Parameters<RawPeer['reply']>[0]) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"half":')
  }
  await failsThenArrives(half, 'broken')
})

test.each([
  ['says so', `content-length: ${2 * 1024 ** 3}\r\n\r\n`],
  ['does not', 'transfer-encoding: chunked\r\n\r\n'],
])('answers with 2 GB and %s: it is cut off, and memory stays as it was', async (_, header) => {
  let written = 0
  const chunk = 'x'.repeat(65_536)
  const flood = (socket: Parameters<RawPeer['reply']>[0]) => {
    socket.write(`HTTP/1.1 200 OK\r\n${header}`)
    const framed = header.startsWith('content') ? chunk : `10000\r\n${chunk}\r\n`
    const more = () => {
      while (written < 2 * 1024 ** 3 && !socket.destroyed) {
        written += chunk.length
        if (!socket.write(framed)) return
      }
    }
    socket.on('drain', more)
    more()
  }
  await failsThenArrives(flood, 'too-large')
  expect(written).toBeLessThan(32 * 1024 ** 2)
})

test('answers with a redirect: it is not followed, and its status is told', async () => {
  const elsewhere = await startRawPeer()
  const redirect = (socket: Parameters<RawPeer['reply']>[0]) => {
    socket.write(`HTTP/1.1 307 Go\r\nlocation: ${elsewhere.url}/\r\ncontent-length: 0\r\n\r\n`)
  }
  expect(await failsThenArrives(redirect, 'redirect')).toMatchObject({ status: 307 })
  expect(elsewhere.connections()).toBe(0)
  await elsewhere.close()
})

test('answers with garbage', async () => {
  await failsThenArrives(socket => void socket.end('\u0000\u0001 200 yes please\r\n\r\n'), 'broken')
})

test('takes the request and hangs up without a word', async () => {
  await failsThenArrives(socket => void socket.destroy(), 'broken')
})

test('answers 200 and then disappears: that one is delivered, the next waits', async () => {
  peer.reply = socket => void socket.end(OK)
  const first = await sendTest(gateway, 'woonboog')
  await untilState(gateway, first, 'delivered')
  await peer.close()
  const second = await sendTest(gateway, 'woonboog')
  const [attempt] = await untilTried(gateway, second)
  expect(attempt).toMatchObject({ outcome: 'retrying', reason: 'refused', status: null })
  expect(await deliveryOf(gateway, first)).toMatchObject({ state: 'delivered', attempts: 1 })
})

test.each([
  ['at once', 0],
  ['a moment later', 150],
])(
  'answers twice, %s: the second answer is nobody’s, so the next message needs its own',
  async (_, late) => {
    peer.reply = (socket, n) => {
      // The second request gets no answer of its own: only the left-over one could be taken for it.
      if (n > 1) return
      if (late) setTimeout(() => socket.write(OK), late)
      socket.write(late ? OK : OK + OK)
    }
    const first = await sendTest(gateway, 'woonboog')
    await untilState(gateway, first, 'delivered')
    await new Promise(resolve => setTimeout(resolve, late + 100))
    const second = await sendTest(gateway, 'woonboog')
    await untilTried(gateway, second)
    expect(await deliveryOf(gateway, second)).toMatchObject({ state: 'retrying', delivered: false })
    expect(await attemptsOf(gateway, first)).toMatchObject([{ outcome: 'delivered' }])
  },
)

test('takes it, fails to say so, and takes it again: one delivery, one id', async () => {
  peer.reply = (socket, n) => void (n === 1 ? socket.destroy() : socket.write(OK))
  const id = await sendTest(gateway, 'woonboog')
  await untilTried(gateway, id)
  await hurry(gateway)
  await untilState(gateway, id, 'delivered')
  const [first, second] = peer.requests
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
  expect(second!.headers['x-huisbrug-attempt']).not.toBe(first!.headers['x-huisbrug-attempt'])
  expect(second!.body).toBe(first!.body)
})

test('calls back before we have recorded anything: what it does then holds', async () => {
  const { woonboog } = gateway.clients
  const called = Promise.withResolvers<unknown>()
  peer.reply = async socket => {
    const { items } = await woonboog.inbox()
    const acknowledged = await woonboog.acknowledge(items.at(-1)!.id).catch(error => error)
    const seen = await woonboog.deliveries()
    called.resolve({ acknowledged, seen: seen.items[0]?.deliveryId })
    socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n')
  }
  const id = await sendTest(gateway, 'woonboog')
  expect(await called.promise).toMatchObject({ seen: id })
  await untilTried(gateway, id)
  // It has it, as it said itself: the 503 after that does not bring it again.
  expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'delivered', delivered: true })
  await hurry(gateway)
  await new Promise(resolve => setTimeout(resolve, 1_500))
  expect(peer.requests).toHaveLength(1)
  expect((await woonboog.inbox()).items).toEqual([])
})

test('the same id for each try, one id of its own for each, and both in the log', async () => {
  peer.reply = socket => void socket.destroy()
  const id = await sendTest(gateway, 'woonboog')
  const [attempt] = await untilTried(gateway, id)
  expect(attempt!.id).toMatch(/^att_[0-9A-HJKMNP-TV-Z]{26}$/)
  await until('it is in the log', () =>
    gateway.logged.some(line => line.includes(attempt!.id) && line.includes(id)),
  )
})
