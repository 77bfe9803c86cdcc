import { detection, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { closePeriod, giveFeedback, post, tagsOf, tokenOf } from './kit.ts'

/**
 * A request that holds a connection may not wait for a second one: as many of them as there are
 * connections would wait for each other. So one connection is enough for any of them.
 */
let gateway: TestGateway
let held: { release(): void }[] = []

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,evaluator' })
  await openDomain(gateway)
  await gateway.context.signing.publicJwks()
  await tokenOf(gateway, 'woonboog')
  await tokenOf(gateway, 'vdab')
})
afterEach(() => {
  for (const connection of held) connection.release()
  held = []
})
afterAll(async () => {
  await gateway.close()
})

/** Leaves one connection, and no key for receipts in memory. */
async function leaveOneConnection(): Promise<void> {
  const { keys, pool } = gateway.context
  const key = await keys.secret('sign:receipt')
  const taken = Array.from({ length: pool.options.max - 1 }, () => pool.connect())
  held = await Promise.all(taken)
  await keys.put('sign:receipt', key)
}

test('one connection is enough for a request', async () => {
  await leaveOneConnection()
  const reply = await post(gateway, 'woonboog', '/v1/detections', detection(tenants(0, 2)))
  expect(reply).toMatchObject({ status: 202 })
})

test('one connection is enough for a refusal', async () => {
  await leaveOneConnection()
  const body = detection(tenants(10, 1), { purpose: 'unknown' })
  expect((await post(gateway, 'woonboog', '/v1/detections', body)).status).toBeLessThan(500)
})

test('one connection is enough for feedback, ended tenancies and closing a period', async () => {
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(20, 2)))
  const [first] = await tagsOf(gateway, messageId)
  const { keys } = gateway.context
  await leaveOneConnection()
  await keys.secret('sign:receipt')
  expect((await giveFeedback(gateway, [first!])).accepted).toBe(1)
  const items = tenants(20, 2).map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
  const body = { protocol: 'wm-vdab', items }
  expect((await post(gateway, 'woonboog', '/v1/tenancies/ended', body)).status).toBe(202)
  expect((await closePeriod(gateway, 'woonboog', PERIOD)).status).toBe(202)
})
