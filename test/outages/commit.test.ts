import { newNonce } from '../../src/client/index.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { type Fate, openProxy, type ServerProxy } from '../support/proxy.ts'
import { call, tokenFor } from '../support/raw.ts'
import { announceServer, testServer } from '../support/server.ts'
import { assertAllCame, countMessages, newDetection } from './kit.ts'

/** The connection breaks while a COMMIT of intake is under way: whether it was done is not known. */
let proxy: ServerProxy
let gateway: TestGateway
let token: string
let next: Fate = 'pass'
const accepted: string[] = []

/** Of one connection: what becomes of the COMMIT of a transaction that took an Idempotency-Key. */
function judge(): (piece: Buffer) => Fate {
  let isIntake = false
  return piece => {
    isIntake ||= piece.includes('keep-outcomes')
    if (!isIntake || !piece.includes('COMMIT\0')) return 'pass'
    isIntake = false
    const fate = next
    next = 'pass'
    return fate
  }
}

beforeAll(async () => {
  const server = testServer()
  proxy = await openProxy(server.url, judge)
  announceServer({ ...server, url: proxy.url })
  gateway = await testGateway()
  await openDomain(gateway)
  token = await tokenFor(gateway, 'woonboog')
})
afterAll(async () => {
  await gateway?.close()
  await proxy?.close()
})

test.each([
  ['before the server has it', 'drop', 0],
  ['after the server did it, before it says so', 'mute', 1],
] as const)('cut in a COMMIT %s: 503, then the one outcome', async (_, fate, stored) => {
  const key = `commit-${fate}`
  const body = { ...newDetection(), nonce: newNonce() }
  const send = () => call(gateway, 'POST', '/v1/detections', { token, key, body })
  const before = await countMessages(gateway)

  next = fate
  const refused = await send()
  expect([refused.status, refused.body.code, next]).toEqual([503, 'HB-903', 'pass'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  await until(
    'it is stored or undone',
    async () => (await countMessages(gateway)) === before + stored,
  )

  const taken = await send()
  expect(taken.status).toBe(202)
  expect((await send()).body).toEqual(taken.body)
  const other = { ...body, ...newDetection() }
  const conflict = await call(gateway, 'POST', '/v1/detections', { token, key, body: other })
  expect(conflict.status).toBe(409)
  expect(await countMessages(gateway)).toBe(before + 1)
  accepted.push(String(taken.body['messageId']))
  expect(await assertAllCame(gateway, accepted)).toBe(0)
})
