import { createOutbound, type OutboundRequest } from '../../src/delivery/outbound.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { type Peer, startPeer } from '../support/peer.ts'
import { addCompanies, queueEvents } from './kit.ts'

/** Forty housing companies on one worker; some do not answer, one is dead. */
const COMPANIES = Array.from({ length: 40 }, (_, i) => `company-${i}`)
const SLOW = COMPANIES.slice(0, 12)
const DEAD = COMPANIES.slice(12, 13)
const WELL = COMPANIES.slice(13)
const EACH = 10
const AT_ONCE = 16

let gateway: TestGateway
let well: Peer
const slow: Peer[] = []
const held: (() => void)[] = []

beforeAll(async () => {
  // Patient, so that a slow one is slow for as long as the test looks.
  const real = createOutbound({ allowLoopback: true, log: testLog('error').log })
  const request = (call: OutboundRequest) => real.request({ ...call, timeoutMs: 60_000 })
  const overrides = { outbound: { ...real, request } }
  gateway = await testGateway({ webhooks: false, overrides })
  well = await startPeer()
  for (const _ of SLOW) {
    const peer = await startPeer()
    peer.reply = () => new Promise(resolve => held.push(() => resolve({ status: 204 })))
    slow.push(peer)
  }
  await addCompanies(gateway, {
    ...Object.fromEntries(SLOW.map((id, i) => [id, `${slow[i]!.url}/${id}`])),
    ...Object.fromEntries(DEAD.map(id => [id, 'http://127.0.0.1:1/'])),
    ...Object.fromEntries(WELL.map(id => [id, `${well.url}/${id}`])),
  })
})
afterAll(async () => {
  for (const release of held) release()
  await gateway.close()
  await Promise.all([well, ...slow].map(peer => peer.close()))
})

test('a dozen that do not answer and one that is dead delay none of the others', async () => {
  await queueEvents(gateway, [...SLOW, ...DEAD], EACH)
  await gateway.context.wakeUps.wake([...SLOW, ...DEAD])
  const busy = () => slow.filter(peer => peer.received.length > 0).length
  await until('slow ones are at it', () => busy() >= 8)
  await queueEvents(gateway, WELL, EACH)
  await gateway.context.wakeUps.wake(WELL)
  await until('all others have all', () => well.received.length === WELL.length * EACH, 20)
  // Not one slow one has been answered yet, and none is asked more than its share at once.
  const ended = await gateway.db.pool.query(
    'SELECT destination FROM attempt WHERE outcome IS NOT NULL AND destination = ANY($1)',
    [SLOW],
  )
  expect(ended.rows).toEqual([])
  for (const peer of slow) expect(peer.received.length).toBeLessThanOrEqual(AT_ONCE)
  const ids = well.received.map(({ headers }) => headers['webhook-id'])
  expect(new Set(ids).size).toBe(WELL.length * EACH)
})
