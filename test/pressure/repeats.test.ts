import { randomUUID } from 'node:crypto'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { ROUTES } from '../../src/http/routes/index.ts'
import { tokenOf } from '../attack/kit.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { call, type RawReply } from '../support/raw.ts'
import { WRITES, type Write } from './writes.ts'

/** Every operation that writes, called again under the key of the first time: it is done once. */
let gateway: TestGateway
/** Another process on the same database. */
let second: Gateway
let urls: string[]

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  const { config, mounts } = gateway.context
  const roles = new Set(['api', 'evaluator'] as const)
  second = await startGateway({ ...config, port: 0, roles }, testLog().log, {
    mounts: mounts.slice(0, 1),
  })
  urls = [gateway.url, String(second.url)]
})
afterAll(async () => {
  await second?.close()
  await gateway?.close()
})

async function send(write: Called, key: string, body = write.body, url = gateway.url) {
  const token = await tokenOf(gateway, write.party)
  const options = { token, key, ...(body && { body }) }
  return call({ ...gateway, url }, write.method.toUpperCase(), write.path, options)
}

interface Called extends Write {
  method: string
}

async function make(route: string): Promise<Called> {
  const [method = ''] = route.split(' ')
  return { method, ...(await WRITES[route]!(gateway)) }
}

const answerOf = ({ status, text }: RawReply) => ({ status, body: text && JSON.parse(text) })
const other = (body: object | undefined) => ({ ...body, more: 1 })

const writing = ROUTES.filter(({ method, access }) => method !== 'get' && access !== 'public')
const keyed = writing
  .filter(({ repeats }) => repeats !== 'natural' && repeats !== 'nothing')
  .map(({ method, path }) => `${method} ${path}`)

test('every operation that writes says what a repetition comes to, and is tried here', () => {
  expect(writing.filter(({ repeats }) => repeats === undefined)).toEqual([])
  expect(Object.keys(WRITES).toSorted()).toEqual(keyed.toSorted())
})

const asMessage = new Set(
  writing.filter(it => it.repeats === 'message').map(({ method, path }) => `${method} ${path}`),
)

describe.each(keyed)('%s', route => {
  test('twenty at once in two processes are one, and so is one that comes later', async () => {
    const write = await make(route)
    const before = await write.effects()
    const key = randomUUID()
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(write, key, write.body, urls[index % 2])),
    )
    const [first] = replies.map(answerOf)
    expect([first!.status < 300, first!.body]).toEqual([true, first!.body])
    for (const reply of replies) expect(answerOf(reply)).toEqual(first)
    expect(answerOf(await send(write, key))).toEqual(first)
    expect((await write.effects()) - before).toBe(1)
  })

  test('the same key with another body is refused and changes nothing', async () => {
    const write = await make(route)
    const key = randomUUID()
    const first = await send(write, key)
    expect(first.status).toBeLessThan(300)
    const before = await write.effects()
    const reply = await send(write, key, other(write.body))
    expect([reply.status, reply.body.code]).toEqual([409, 'HB-501'])
    expect(answerOf(await send(write, key))).toEqual(answerOf(first))
    // A refused message is a message.
    const refused = asMessage.has(route) ? 1 : 0
    expect((await write.effects()) - before).toBe(refused)
  })

  test('a refusal is an outcome too: the key keeps it', async () => {
    const write = await make(route)
    if (write.bad) {
      const key = randomUUID()
      const first = await send(write, key, write.bad)
      expect(first.status).toBeGreaterThanOrEqual(400)
      expect(first.status).toBeLessThan(500)
      expect(answerOf(await send(write, key, write.bad))).toEqual(answerOf(first))
      expect((await send(write, key)).body.code).toBe('HB-501')
    }
    const malformed = await send(write, 'not a key')
    expect([malformed.status, malformed.body.code]).toEqual([400, 'HB-205'])
  })
})

describe('a secret that is shown once', () => {
  test('is not stored with the outcome, and the repetition of the call that made it has it', async () => {
    const write = await make('post /v1/webhook/rotate')
    const key = randomUUID()
    const { secret } = (await send(write, key)).body
    expect(secret).toMatch(/^whsec_/)
    const { rows } = await gateway.db.pool.query(
      'SELECT response FROM idempotency WHERE key = $1',
      [key],
    )
    expect(JSON.stringify(rows)).not.toContain(String(secret).slice(6))
    expect((await send(write, key)).body['secret']).toBe(secret)
  })

  test('which has been replaced is not shown again', async () => {
    const write = await make('post /v1/webhook/rotate')
    const key = randomUUID()
    await send(write, key)
    await send(write, randomUUID())
    const late = await send(write, key)
    expect([late.status, late.body.code]).toEqual([409, 'HB-513'])
  })
})

test('what may pass is no outcome: the same key succeeds once it has passed', async () => {
  const write = await make('post /v1/webhook/test')
  const before = await write.effects()
  const key = randomUUID()
  await gateway.db.pool.query('ALTER TABLE circuit RENAME TO circuit_gone')
  const failed = await send(write, key)
  await gateway.db.pool.query('ALTER TABLE circuit_gone RENAME TO circuit')
  expect(failed.status).toBeGreaterThanOrEqual(500)
  expect(await write.effects()).toBe(before)
  expect((await send(write, key)).status).toBe(202)
  expect((await write.effects()) - before).toBe(1)
})

test('an evaluation that failed after the quota was taken takes none when it is repeated', async () => {
  const write = await make('post /v1/pseudonyms/evaluations')
  const { evaluator } = gateway.context
  const before = await write.effects()
  const key = randomUUID()
  const failing = jest.spyOn(evaluator, 'evaluate').mockRejectedValueOnce(new Error('it died'))
  expect((await send(write, key)).status).toBe(500)
  failing.mockRestore()
  expect((await write.effects()) - before).toBe(1)
  expect((await send(write, key, other(write.body))).body.code).toBe('HB-501')
  const [one, two] = [await send(write, key), await send(write, key)]
  expect(one.status).toBe(200)
  expect(two.body).toEqual(one.body)
  expect((await write.effects()) - before).toBe(1)
})
