import { tokenOf } from '../attack/kit.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { call, type RawReply } from '../support/raw.ts'

/** A gateway whose parties have ten calls, and one more every five seconds. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({
    settings: {
      HUISBRUG_PARTY_BURST: '10',
      HUISBRUG_PARTY_PER_SECOND: '0.2',
      HUISBRUG_ADDRESS_BURST: '5',
      HUISBRUG_ADDRESS_PER_SECOND: '0.1',
    },
  })
})
afterAll(() => gateway?.close())

const get = (token: string | undefined, from?: string): Promise<RawReply> =>
  call(gateway, 'GET', '/v1/webhook', {
    ...(token && { token }),
    ...(from && { headers: { 'x-forwarded-for': from } }),
  })

const askToken = (from: string) =>
  call(gateway, 'POST', '/oauth/token', {
    body: 'grant_type=client_credentials',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': from },
  })

test('a party that used up its calls waits, another does not notice', async () => {
  const token = await tokenOf(gateway, 'woonboog')
  const replies: RawReply[] = []
  for (let count = 0; count < 12; count++) replies.push(await get(token))
  const headers = replies.map(it => it.headers.get('ratelimit'))
  expect(replies[0]!.headers.get('ratelimit-policy')).toBe('"party";q=10;w=50')
  expect(headers[0]).toMatch(/^"party";r=[89];t=\d+$/)
  const last = replies.at(-1)!
  expect([last.status, last.body.code]).toEqual([429, 'HB-601'])
  expect(last.headers.get('ratelimit')).toBe('"party";r=0;t=50')
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(Number(last.headers.get('retry-after'))).toBeLessThanOrEqual(10)
  const served = replies.filter(it => it.status === 200).length
  expect(served).toBeGreaterThanOrEqual(8)
  expect(served).toBeLessThanOrEqual(10)
  const other = await get(await tokenOf(gateway, 'leefgoed'))
  expect(other.status).toBe(200)
  const { rows } = await gateway.db.pool.query(
    `SELECT count(*)::int AS n FROM (SELECT entry FROM audit_entry UNION ALL SELECT entry FROM audit_pending)
     AS e WHERE convert_from(entry, 'UTF8') LIKE '%HB-601%woonboog%'
       OR convert_from(entry, 'UTF8') LIKE '%woonboog%HB-601%'`,
  )
  expect(rows[0].n).toBeGreaterThanOrEqual(1)
})

test('a token of a party that used up its calls is not given either', async () => {
  await gateway.db.pool.query(
    `INSERT INTO limit_bucket VALUES ('de-noorderkempen', 0, 0, now())
     ON CONFLICT (name) DO UPDATE SET level = 0, at = now()`,
  )
  const token = tokenOf(gateway, 'de-noorderkempen')
  expect(await token).toBeUndefined()
})

test('where the bucket cannot be read nobody is let in', async () => {
  const token = await tokenOf(gateway, 'vdab')
  await gateway.db.pool.query('ALTER TABLE limit_bucket RENAME TO limit_gone')
  const reply = await get(token)
  await gateway.db.pool.query('ALTER TABLE limit_gone RENAME TO limit_bucket')
  expect([reply.status, reply.body.code]).toEqual([503, 'HB-903'])
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await get(token)).status).toBe(404)
})

test('what comes without a good token is counted by its address, and others go on there', async () => {
  const stranger = '198.51.100.7'
  const statuses = []
  for (let count = 0; count < 8; count++) statuses.push((await get('nonsense', stranger)).status)
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
  const refused = await askToken(stranger)
  expect([refused.status, refused.body.code, refused.body['error']]).toEqual([
    429,
    'HB-601',
    'temporarily_unavailable',
  ])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1)
  expect((await askToken('198.51.100.8')).status).toBe(400)
  // A good token is let in also from there.
  const token = await tokenOf(gateway, 'vdab')
  expect((await get(token, stranger)).status).toBe(404)
})
