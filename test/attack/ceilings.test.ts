import { acknowledge } from '../../src/delivery/inbox.ts'
import { detection, forwardedTo, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { assertConserved, closePeriod, entriesOf, isIn, post, tally } from './kit.ts'

/** A small protocol, for companies without a webhook: ceilings to the item, and numbers in the inbox. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({
    webhooks: false,
    framework: document => {
      document.periodicity.ceilings.perMessage = 20
      document.periodicity.ceilings.perDay = 30
    },
  })
  await openDomain(gateway)
})
afterAll(async () => {
  await assertConserved(gateway)
  await gateway.close()
})

async function detectAll(first: number, count: number): Promise<void> {
  await gateway.db.pool.query("UPDATE volume_use SET used = 0 WHERE type = 'detection.request'")
  await gateway.clients.leefgoed.detect(detection(tenants(first, count)))
}

function end(first: number, count: number) {
  const items = tenants(first, count).map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
  return post(gateway, 'leefgoed', '/v1/tenancies/ended', { protocol: 'wm-vdab', items })
}

test('the ceiling of a day holds for ended tenancies, also for two messages at once', async () => {
  for (const first of [0, 20, 40]) await detectAll(first, 20)
  const both = await Promise.all([end(0, 20), end(20, 20)])
  expect(tally(both)).toEqual({ 202: 1, '429 HB-604': 1 })
  expect((await end(40, 10)).body).toMatchObject({ accepted: 10 })
  expect(await end(50, 1)).toMatchObject({ status: 429, body: { code: 'HB-604' } })
  const { rows } = await gateway.db.pool.query(
    "SELECT sum(used)::int AS used FROM volume_use WHERE type = 'tenancy.ended'",
  )
  expect(rows).toEqual([{ used: 30 }])
})

test('a message above its own ceiling is refused, and counts for nothing', async () => {
  const reply = await post(gateway, 'woonboog', '/v1/detections', detection(tenants(100, 21)))
  expect(reply).toMatchObject({ body: { code: 'HB-313' } })
  expect(reply.status).toBeLessThan(500)
  const { rows } = await gateway.db.pool.query(
    "SELECT 1 FROM volume_use WHERE party_id = 'woonboog' AND used > 0",
  )
  expect(rows).toEqual([])
})

test('a number taken from the inbox delivers the answers in it, each with an entry', async () => {
  const answers: string[] = []
  for (const first of [200, 210]) {
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(first, 10)))
    const { body } = await forwardedTo(gateway, messageId)
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    const requestDigest = String(body['requestDigest'])
    answers.push(
      (await gateway.clients.vdab.answer(messageId, { requestDigest, found: 5 })).messageId,
    )
  }
  await closePeriod(gateway, 'woonboog', PERIOD)
  const event = await until('the number is there', async () => {
    const { items } = await gateway.clients.woonboog.inbox()
    return items[0]
  })
  expect(event.data).toMatchObject({ tenants: 20 })
  const { acknowledged } = await acknowledge(gateway.context, 'woonboog', event.id)
  expect(acknowledged).toBe(1)
  for (const messageId of answers) {
    expect(await isIn(gateway, messageId, 'delivered')).toBe(true)
    expect(await entriesOf(gateway, messageId, 'message.delivered')).toHaveLength(1)
  }
})
