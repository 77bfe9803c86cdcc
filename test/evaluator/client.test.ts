import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ServiceClient } from '../../src/keys/service-client.ts'
import { PATIENCE } from '../support/until.ts'

let server: Server
let answer: RequestListener
let calls = 0
const notes: [boolean, string][] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    calls += 1
    request.resume()
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
beforeEach(() => {
  calls = 0
  notes.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function clientOf(timeoutMs: number): ServiceClient {
  const { port } = server.address() as AddressInfo
  const note = (answers: boolean, message: string) => {
    notes.push([answers, message])
  }
  return new ServiceClient({ url: `http://127.0.0.1:${port}`, secret: 's3cret', timeoutMs, note })
}

const reply =
  (status: number, body: string, headers = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body)
  }

test('a service that hangs is given up in time, and left alone for a moment', async () => {
  answer = () => {}
  const client = clientOf(400)
  const start = performance.now()
  await expect(client.call('POST', '/x', {})).rejects.toMatchObject({
    code: 'HB-904',
    message: 'the key service does not answer (it takes too long)',
  })
  expect(performance.now() - start).toBeLessThan(PATIENCE * 1_400)
  const before = calls
  await expect(client.call('POST', '/x', {})).rejects.toMatchObject({ code: 'HB-904' })
  expect(calls).toBe(before)
  answer = reply(200, '{"ok":true}')
  await new Promise(resolve => setTimeout(resolve, 1_050))
  expect(await client.call('POST', '/x', {})).toEqual({ status: 200, body: { ok: true } })
  expect(notes.map(([answers]) => answers)).toEqual([false, true])
  client.close()
})

test('what fails once is tried again', async () => {
  answer = (request, response) => reply(calls < 3 ? 502 : 200, '{"ok":1}')(request, response)
  const client = clientOf(5_000)
  expect(await client.call('POST', '/x', {})).toEqual({ status: 200, body: { ok: 1 } })
  expect(calls).toBe(3)
  expect(notes).toEqual([])
  client.close()
})

test('a ceiling is an answer; a redirect is not followed, a flood is cut off', async () => {
  answer = reply(503, '{"code":"HB-905","retryAfter":60}')
  const client = clientOf(5_000)
  expect(await client.call('POST', '/x', {})).toMatchObject({ body: { code: 'HB-905' } })
  expect(calls).toBe(1)
  answer = reply(302, '', { location: 'http://127.0.0.1:9/' })
  expect(await client.call('POST', '/x', {})).toEqual({ status: 302, body: undefined })
  answer = reply(200, ' '.repeat(2 * 1024 * 1024))
  await expect(client.call('POST', '/x', {})).rejects.toMatchObject({ code: 'HB-904' })
  client.close()
})

test('a refused secret is told to the operator, and never shown', async () => {
  answer = reply(401, '')
  const client = clientOf(5_000)
  const refused = client.call('GET', '/x')
  await expect(refused).rejects.toThrow('give both the same HUISBRUG_EVALUATOR_SECRET')
  await refused.catch(error => expect(JSON.stringify(error)).not.toContain('s3cret'))
  expect(JSON.stringify(notes)).not.toContain('s3cret')
  client.close()
})
