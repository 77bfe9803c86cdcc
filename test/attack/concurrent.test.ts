import { detection, forwardedTo, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { RawReply } from '../support/raw.ts'
import { assertConserved, closePeriod, giveFeedback, post, tagsOf, tally } from './kit.ts'

/** Requests about the same thing at the same instant: one wins, the others learn why, nothing breaks. */
let gateway: TestGateway
let next = 0

const REQUESTS = 40

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
afterEach(async () => {
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await assertConserved(gateway)
})
afterAll(async () => {
  await gateway.close()
})

const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}

const times = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)))

function answer(messageId: string, requestDigest: unknown): Promise<RawReply> {
  const path = `/v1/detections/${messageId}/answer`
  return post(gateway, 'vdab', path, { requestDigest, found: 1 })
}

describe('answers', () => {
  test('four at once to each of six requests: one is taken, the others come too late', async () => {
    const replies: RawReply[] = []
    for (let round = 0; round < 6; round++) {
      const { messageId } = await gateway.clients.woonboog.detect(detection(some(3)))
      const { body } = await forwardedTo(gateway, messageId)
      replies.push(...(await times(4, () => answer(messageId, body['requestDigest']))))
    }
    expect(tally(replies)).toEqual({ 202: 6, '409 HB-502': 18 })
  })

  test('while the call that brought the request is still open', async () => {
    const replies: RawReply[] = []
    gateway.vdab.reply = ({ path, body }) => {
      const { messageId, requestDigest } = body
      if (path.endsWith('/detections')) {
        setTimeout(async () => {
          replies.push(await answer(String(messageId), requestDigest))
        }, Math.random() * 8)
      }
      return { status: 202, body: {} }
    }
    const sent = await times(REQUESTS, () => gateway.clients.leefgoed.detect(detection(some(2))))
    await until('all are answered', () => replies.length === sent.length, 30)
    expect(tally(replies)).toEqual({ 202: REQUESTS })
    await until('all are recorded as delivered', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT count(*)::int AS n FROM hand_over WHERE kind = 'request' AND state <> 'delivered'",
      )
      return rows[0].n === 0
    })
  })
})

test('tenancies that end twice at once, in either order, end once', async () => {
  for (let round = 0; round < 3; round++) {
    const people = some(400)
    await gateway.clients.woonboog.detect(detection(people))
    const items = people.map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
    const replies = await times(4, index =>
      post(gateway, 'woonboog', '/v1/tenancies/ended', {
        protocol: 'wm-vdab',
        items: index % 2 ? items.toReversed() : items,
      }),
    )
    expect(replies.filter(({ status }) => status >= 500)).toEqual([])
    const taken = replies.filter(({ status, body }) => status === 202 && body['accepted'] !== 0)
    expect(taken.map(({ body }) => body['accepted'])).toEqual([400])
    for (const { body } of replies.filter(reply => !taken.includes(reply))) {
      const refused = (body['refused'] ?? body.errors) as { code: string }[]
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['HB-406']))
    }
  }
})

test('requests of two months, and ends, about the same tenants in opposite orders', async () => {
  const month = new Date()
  const lastMonth = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), 0))
  const referenceDate = lastMonth.toISOString().slice(0, 10)
  const people = some(400)
  const items = people.map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY }))
  const replies = await Promise.all([
    post(gateway, 'woonboog', '/v1/detections', detection(people)),
    post(gateway, 'woonboog', '/v1/detections', detection(people.toReversed(), { referenceDate })),
    ...[0, 40, 80].map(async delay => {
      await new Promise(resolve => setTimeout(resolve, delay))
      const body = { protocol: 'wm-vdab', items: items.toReversed() }
      return post(gateway, 'woonboog', '/v1/tenancies/ended', body)
    }),
  ])
  expect(replies.filter(({ status }) => status >= 500)).toEqual([])
  expect(tally(replies.slice(0, 1))).toEqual({ 202: 1 })
})

test('one tenant in six requests at once is in one of them', async () => {
  const people = some(10)
  const replies = await times(6, () =>
    post(gateway, 'de-noorderkempen', '/v1/detections', detection(people)),
  )
  expect(tally(replies)).toEqual({ 202: 1, '409 HB-404': 5 })
})

test('one key eight times at once is one message', async () => {
  const body = { ...detection(some(2)), nonce: 'N'.repeat(43) }
  const replies = await times(8, () =>
    post(gateway, 'de-noorderkempen', '/v1/detections', body, 'one-key'),
  )
  expect(tally(replies)).toEqual({ 202: 8 })
  expect(new Set(replies.map(reply => reply.body['messageId'])).size).toBe(1)
})

test('progress six times at once is made once', async () => {
  const { messageId } = await gateway.clients['de-noorderkempen'].detect(detection(some(1)))
  const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
  const { rows } = await gateway.db.pool.query('SELECT id FROM feedback WHERE message_id = $1', [
    sent.messageId,
  ])
  const replies = await times(6, () =>
    post(gateway, 'de-noorderkempen', `/v1/feedback/${rows[0].id}/progress`, {
      status: 'taken-up',
      on: TODAY,
    }),
  )
  expect(tally(replies)).toEqual({ 202: 1, '409 HB-507': 5 })
})

test('a period that closes while requests come in takes all of a request or nothing', async () => {
  const replies = await times(9, index =>
    index % 3 === 2
      ? closePeriod(gateway, 'leefgoed', PERIOD)
      : post(gateway, 'leefgoed', '/v1/detections', detection(some(30))),
  )
  expect(replies.filter(({ status }) => status >= 500)).toEqual([])
  const { rows } = await gateway.db.pool.query(
    `SELECT count(*)::int AS n FROM message m JOIN period_close c
       ON c.protocol = m.protocol AND c.party_id = m.party_id AND c.period = m.period
     WHERE m.party_id = 'leefgoed' AND m.type = 'detection.request' AND m.accepted > 0`,
  )
  const taken = replies.filter(({ status, body }) => status === 202 && body['accepted'] === 30)
  expect(rows[0].n).toBe(REQUESTS + taken.length)
})
