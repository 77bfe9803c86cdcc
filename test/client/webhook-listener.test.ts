import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios from 'axios'
import { type Envelope, signWebhook, webhookListener } from '../../src/client/index.ts'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`

let server: Server
let url: string
let handled: string[]
let seen: Set<string>
let handle: (event: Envelope) => Promise<void>

beforeEach(async () => {
  handled = []
  seen = new Set()
  handle = async event => {
    handled.push(event.id)
  }
  server = createServer(
    webhookListener({ secrets: () => [SECRET], seen, handle: event => handle(event) }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function post(id: string, options: { secret?: string; body?: string } = {}): Promise<number> {
  const body = options.body ?? JSON.stringify({ specversion: '1.0', id, type: 't', data: {} })
  const now = Math.floor(Date.now() / 1000)
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(now),
    'webhook-signature': signWebhook(options.secret ?? SECRET, id, now, Buffer.from(body)),
  }
  const { status } = await axios.post(url, Buffer.from(body), {
    headers,
    validateStatus: () => true,
  })
  return status
}

test('an event is handled once, however often it comes', async () => {
  expect(await post('del_1')).toBe(204)
  expect(await post('del_1')).toBe(204)
  expect(await post('del_2')).toBe(204)
  expect(handled).toEqual(['del_1', 'del_2'])
})

test('two requests for one event at the same instant share one handling', async () => {
  let release: () => void = () => {}
  handle = async event => {
    handled.push(event.id)
    await new Promise<void>(resolve => {
      release = resolve
    })
  }
  const both = [post('del_1'), post('del_1')]
  while (handled.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  await new Promise(resolve => setTimeout(resolve, 50))
  release()
  expect(await Promise.all(both)).toEqual([204, 204])
  expect(handled).toEqual(['del_1'])
})

test('an event that was taken before a restart is not handled again', async () => {
  seen.add('del_1')
  expect(await post('del_1')).toBe(204)
  expect(handled).toEqual([])
})

test('a handling that fails is answered 500 and tried again when it comes again', async () => {
  handle = async () => {
    throw new Error('disk full')
  }
  expect(await post('del_1')).toBe(500)
  handle = async event => {
    handled.push(event.id)
  }
  expect(await post('del_1')).toBe(204)
  expect(handled).toEqual(['del_1'])
})

test('a wrong signature is 401, so that the gateway tries again; a wrong body is 400', async () => {
  expect(await post('del_1', { secret: `whsec_${randomBytes(32).toString('base64')}` })).toBe(401)
  expect(await post('del_1', { body: 'no json' })).toBe(400)
  expect(handled).toEqual([])
})

test('a body over 1 MiB is not read', async () => {
  const status = await post('del_1', { body: 'x'.repeat(1024 * 1024 + 1) })
  expect(status).toBe(413)
  expect(handled).toEqual([])
})
