import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { createPseudonyms } from '../../bench/ordinary/pseudonym.ts'
import { startRedis } from '../../bench/ordinary/redis.ts'
import type { Forward, OrdinarySettings } from '../../bench/ordinary/settings.ts'
import { startOrdinary } from '../../bench/ordinary/start.ts'
import { tokenFor } from '../../bench/ordinary/token.ts'
import { evaluate, keyOf } from '../../bench/ordinary/voprf-thread.ts'
import { scratchFolder } from '../../bench/scratch.ts'
import { detectionBodies } from '../../bench/system/requests.ts'
import { inputOf } from '../../src/pseudonym/derive.ts'
import { evaluateDirectly, VOPRF } from '../../src/pseudonym/voprf.ts'
import { describeWithRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const ends: (() => unknown)[] = []
const atEnd = (work: () => unknown) => void ends.push(work)
afterAll(async () => {
  for (const work of ends.reverse()) await work()
})

test('its VOPRF is that of the product', () => {
  const seed = randomBytes(64)
  const number = '85073003328'
  const output = evaluateDirectly(VOPRF, keyOf(seed), inputOf(number))
  const expected = output.subarray(0, 16).toString('base64url')
  expect(evaluate({ seed, evaluations: 1, numbers: [number] })).toEqual([expected])
  expect(evaluate({ seed, evaluations: 2, numbers: [number] })).toEqual([expected])
})

test('pseudonyms come in the order of the numbers, also from threads', async () => {
  const seed = randomBytes(64)
  const numbers = Array.from({ length: 300 }, (_, i) => String(i).padStart(11, '0'))
  const inThreads = createPseudonyms('voprf', 2, seed)
  expect(await inThreads.of(numbers)).toEqual(evaluate({ seed, evaluations: 1, numbers }))
  await inThreads.close()
})

describeWithRedis('the ordinary program', () => {
  test('takes, posts and tries again, a job a tenant or a message', async () => {
    await Promise.all([takes('per-tenant', [1, 1, 1]), takes('per-message', [3])])
  })
})

/** @param sizes how many tenants each call that arrives has */
async function takes(jobs: OrdinarySettings['jobs'], sizes: number[]): Promise<void> {
  const { post, received, log } = await start(jobs)
  const [one] = detectionBodies({ senders: SENDERS, requests: 1, tenants: 3, firstPerson: 0 })
  const { body } = one!
  expect((await post(body, 'no.token.here')).status).toBe(401)
  expect((await post(body.replace('"tenants"', '"persons"'))).status).toBe(422)
  const reply = await post(body)
  expect(reply.status).toBe(202)
  const { messageId } = (await reply.json()) as { messageId: string }
  await until(() => received.length >= sizes.length)
  expect(received.map(({ rows }) => rows.length)).toEqual(sizes)
  expect(new Set(received.map(it => it.messageId))).toEqual(new Set([messageId]))
  const rows = received.flatMap(it => it.rows)
  expect(new Set(rows.map(({ pseudonym }) => pseudonym)).size).toBe(3)
  await until(() => log().includes('"status":202'))
  expect(log()).toContain('"status":503')
  for (const { insz } of (JSON.parse(body) as { tenants: { insz: string }[] }).tenants)
    expect(JSON.stringify(received) + log()).not.toContain(insz)
}

const SENDERS = [{ party: 'company-0', token: '' }]

/** A program with an employment service that has no time for the first call. */
async function start(jobs: OrdinarySettings['jobs']) {
  const received: Forward[] = []
  let calls = 0
  const service = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url === '/token') {
      response.end(JSON.stringify({ access_token: 'x', expires_in: 3600 }))
      return
    }
    const busy = calls++ === 0
    if (!busy) received.push(JSON.parse(body) as Forward)
    response.writeHead(busy ? 503 : 202).end()
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  atEnd(() => service.close())
  const folder = join(scratchFolder({ atEnd }), jobs)
  mkdirSync(folder)
  const redis = await startRedis(folder)
  atEnd(() => redis.close())
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const baseUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const { running, url } = await startOrdinary(folder, {
    ...{ hashing: 'keyed-hash', jobs, threads: 1, redisUrl: redis.url },
    ...{ baseUrl, tokenUrl: `${baseUrl}/token`, tokenKey: await exportJWK(publicKey) },
  })
  atEnd(() => running.stop())
  const good = await tokenFor('company-0', privateKey)
  const post = (body: string, token = good) =>
    fetch(`${url}/v1/detections`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    })
  return { post, received, log: () => readFileSync(join(folder, 'log.jsonl'), 'utf8') }
}
