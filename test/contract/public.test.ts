import { openapi } from '../support/contract.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call } from '../support/raw.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
})
// Closing asserts that every reply fitted the description.
afterAll(() => gateway.close())

test.each([
  ['/v1/protocols', 200],
  ['/v1/protocols/wm-vdab', 200],
  ['/v1/protocols/nowhere', 422],
  ['/health/live', 200],
  ['/health/ready', 200],
  ['/metrics', 200],
  ['/.well-known/jwks.json', 200],
  ['/.well-known/oauth-authorization-server', 200],
  ['/log/tile/0/999', 404],
  ['/log/tile/entries/000', 401],
  ['/v1/messages/msg_x', 401],
])('GET %s answers %i', async (path, status) => {
  expect(await call(gateway, 'GET', path)).toMatchObject({ status })
})

test('the log is public but for its entries: checkpoint and hash tiles', async () => {
  const checkpoint = await until('a checkpoint', async () => {
    const reply = await call(gateway, 'GET', '/log/checkpoint')
    return reply.status === 200 && reply.text
  })
  const [, size] = checkpoint.split('\n')
  const tile = await call(gateway, 'GET', `/log/tile/0/000.p/${size}`)
  expect(tile.status).toBe(200)
})

test('what is served at /openapi.json is the description', async () => {
  expect((await call(gateway, 'GET', '/openapi.json')).body).toEqual(openapi)
})

test('the metrics are for this machine itself, not for who comes through a proxy', async () => {
  const headers = { 'x-forwarded-for': '192.0.2.1' }
  expect(await call(gateway, 'GET', '/metrics', { headers })).toMatchObject({ status: 404 })
})

test('/docs shows it in a browser, with nothing from another host', async () => {
  const page = await call(gateway, 'GET', '/docs/')
  expect(page).toMatchObject({ status: 200 })
  const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, source = '']) => source,
  )
  expect(sources.length).toBeGreaterThan(2)
  for (const source of sources) {
    const { origin, href } = new URL(source, `${gateway.url}/docs/`)
    expect(origin).toBe(gateway.url)
    expect([source, (await fetch(href)).status]).toEqual([source, 200])
  }
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
})
