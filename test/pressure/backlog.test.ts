import { Backlog } from '../../src/exchange/backlog.ts'
import { assertConserved, nonce, post, tagsOf, tokenOf } from '../attack/kit.ts'
import { detection, forwardedTo, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call } from '../support/raw.ts'

/** A gateway at which little may wait: three hand-overs, or 25 persons. */
let gateway: TestGateway
let domain: string
let next = 0

beforeAll(async () => {
  gateway = await testGateway({
    settings: { HUISBRUG_MAX_WAITING_ROWS: '25', HUISBRUG_MAX_WAITING_HAND_OVERS: '3' },
  })
  domain = await openDomain(gateway)
})
afterAll(() => gateway?.close())

const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}

const asked = (count: number) => post(gateway, 'woonboog', '/v1/detections', detection(some(count)))
const aged = () => new Promise(resolve => setTimeout(resolve, 1_100))
const seen = () =>
  gateway.db.pool
    .query('SELECT (SELECT count(*) FROM message) AS m, (SELECT count(*) FROM period_member) AS p')
    .then(({ rows }) => rows[0])

test('nothing more is taken in for a recipient that takes nothing, and all goes on once it does', async () => {
  gateway.vdab.reply = () => ({ status: 503, body: {} })
  expect((await asked(20)).status).toBe(202)
  await aged()
  expect((await asked(5)).status).toBe(202)
  await aged()
  const before = await seen()
  const key = 'waits-for-room'
  const body = { nonce: nonce(), ...detection(some(2)) }
  const refused = await post(gateway, 'woonboog', '/v1/detections', body, key)
  expect([refused.status, refused.body.code]).toEqual([503, 'HB-606'])
  expect(refused.headers.get('retry-after')).toBe('30')
  expect(refused.body.errors).toMatchObject([{ pointer: '/protocol', code: 'HB-606' }])
  expect(await seen()).toEqual(before)
  // What ends something, or goes elsewhere, is let in.
  const ended = { protocol: 'wm-vdab', items: [{ tenantRef: 'tenant-1', endedOn: TODAY }] }
  expect((await post(gateway, 'woonboog', '/v1/tenancies/ended', ended)).status).toBe(202)

  gateway.vdab.reply = () => ({ status: 202, body: {} })
  const taken = await until(
    'it is taken in',
    async () => {
      const reply = await post(gateway, 'woonboog', '/v1/detections', body, key)
      return reply.status === 202 && reply
    },
    40,
  )
  expect(taken.body).toMatchObject({ state: 'accepted', accepted: 2 })
  await assertConserved(gateway)
}, 60_000)

test('feedback names the items whose company takes nothing, so that the others can go', async () => {
  await until('nothing waits', async () => {
    const { rowCount } = await gateway.db.pool.query(
      "SELECT FROM hand_over WHERE state IN ('queued', 'retrying')",
    )
    return rowCount === 0
  })
  await aged()
  const own = await gateway.clients.woonboog.detect(detection(some(6)))
  const others = await gateway.clients.leefgoed.detect(detection(some(2)))
  const [mine, theirs] = await Promise.all(
    [own, others].map(async ({ messageId }) => {
      const tags = await tagsOf(gateway, messageId)
      await forwardedTo(gateway, messageId)
      return tags
    }),
  )
  gateway.hooks.woonboog.reply = () => ({ status: 503, body: {} })
  const feedback = (tags: string[]) => ({
    protocol: 'wm-vdab',
    domain,
    items: tags.map(tag => ({ tag, reachability: 'hard-to-reach', establishedOn: TODAY })),
  })
  expect((await post(gateway, 'vdab', '/v1/feedback', feedback(mine!.slice(0, 4)))).status).toBe(
    202,
  )
  await aged()
  const both = feedback([theirs![0]!, mine![4]!, mine![5]!])
  const refused = await post(gateway, 'vdab', '/v1/feedback', both)
  expect([refused.status, refused.body.code]).toEqual([503, 'HB-606'])
  expect(refused.body.errors?.map(it => it.pointer)).toEqual(['/items/1'])
  expect((await post(gateway, 'vdab', '/v1/feedback', feedback([theirs![0]!]))).status).toBe(202)
  const page = await call(gateway, 'GET', '/v1/deliveries', {
    token: await tokenOf(gateway, 'woonboog'),
  })
  expect((page.body['items'] as object[]).length).toBe(4)
  gateway.hooks.woonboog.reply = () => ({ status: 204, body: {} })
}, 30_000)

test('what waits is counted once a second, however many ask', async () => {
  let counted = 0
  const pool = {
    query: (...all: unknown[]) => {
      counted += 1
      return (gateway.db.pool.query as (...some: unknown[]) => unknown)(...all)
    },
  }
  const backlog = new Backlog({ pool: pool as never, most: { rows: 10_000, handOvers: 1_000 } })
  const ask = () => backlog.assertRoom(new Map([['vdab', '/protocol']]))
  await Promise.all(Array.from({ length: 100 }, ask))
  await Promise.all(Array.from({ length: 100 }, ask))
  expect(counted).toBe(1)
})
