import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noteSigner } from '../../src/audit/note.ts'
import { generateKeyPair } from '../../src/client/index.ts'
import { createPopulation, type SyntheticTenant } from '../../src/sandbox/population.ts'
import { startVdab, type Vdab } from '../../src/sandbox/vdab.ts'
import { until } from '../support/until.ts'
import { MiniGateway } from './mini-gateway.ts'

const SIZE = 240
const SEED = 'vdab'
const QUICK = { firstPauseMs: 1, longestPauseMs: 5 }
const { tenants, otherClients } = createPopulation(SEED, SIZE)
const registered = tenants.filter(tenant => tenant.registered)
const unknown = tenants.filter(tenant => !tenant.registered)
const hardToReach = registered.filter(tenant => tenant.reachability !== 'reached')

let gateway: MiniGateway
let folder: string
let vdab: Vdab

function numbersOf(people: SyntheticTenant[]): string[] {
  return people.map(person => person.insz)
}

async function start(logKey = gateway.log.verifierKey): Promise<Vdab> {
  const common = { gateway: gateway.url, logKey, dataDir: folder, seed: SEED, population: SIZE }
  vdab = await startVdab({ ...common, retry: QUICK })
  return vdab
}

async function ready(): Promise<void> {
  await until(() => vdab.status().ready.length > 0)
}

beforeEach(async () => {
  gateway = await MiniGateway.start()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-vdab-'))
})

afterEach(async () => {
  await vdab.close()
  await gateway.close()
  rmSync(folder, { recursive: true })
})

describe('preparing the client file', () => {
  test('is done blindly for an opening domain, then told', async () => {
    await start()
    await ready()
    expect(gateway.domainState).toBe('current')
    expect(vdab.status().clients).toBe(registered.length + otherClients.length)
    const sent = gateway.calls.map(call => call.raw).join()
    const numbers = [...numbersOf(tenants), ...otherClients]
    expect(numbers.filter(insz => sent.includes(insz))).toEqual([])
    expect(gateway.to('POST /v1/pseudonyms/evaluations')).toHaveLength(1)
  })

  test('is not repeated after a restart', async () => {
    await start()
    await ready()
    await vdab.close()
    await start()
    await ready()
    expect(gateway.to('POST /v1/pseudonyms/evaluations')).toHaveLength(1)
    const found = gateway.detection(numbersOf(registered.slice(0, 3)))
    expect(await gateway.send(vdab.url, '/detections', found)).toBe(202)
  })

  test('a gateway that proves another key gets no register', async () => {
    const honest = gateway.domainKey.secretKey.slice()
    gateway.domainKey.secretKey.set(Buffer.alloc(32, 1))
    await start()
    await until(() => gateway.to('POST /v1/pseudonyms/evaluations').length > 0)
    await until(() => vdab.status().refusing === 'proof-wrong')
    expect(vdab.status().ready).toEqual([])
    expect(gateway.domainState).toBe('opening')
    gateway.domainKey.secretKey.set(honest)
    await ready()
    expect(vdab.status().refusing).toBeUndefined()
  })

  test('a key that only another log publishes is asked for nothing', async () => {
    const other = generateKeyPairSync('ed25519').privateKey
    await start(noteSigner(gateway.log.name, other).verifierKey)
    await until(() => vdab.status().refusing === 'key-not-published')
    expect(gateway.to('POST /v1/pseudonyms/evaluations')).toEqual([])
    expect(gateway.domainState).toBe('opening')
  })

  test('a request that comes too early is asked to come again', async () => {
    gateway.faults.push({ operation: 'GET /v1/pseudonyms/domains', reply: { status: 403 } })
    await start()
    const request = gateway.detection(numbersOf(registered.slice(0, 1)))
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(503)
    expect(vdab.status().requests).toBe(0)
  })
})

describe('answering', () => {
  beforeEach(() => start().then(ready))

  test('finds exactly the registered tenants and answers with a number', async () => {
    const asked = [...registered.slice(0, 20), ...unknown.slice(0, 30)]
    const request = gateway.detection(numbersOf(asked))
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(202)
    await until(() => vdab.status().open === 0)
    const [answer] = gateway.to(`POST /v1/detections/${request.messageId}/answer`)
    expect(answer?.body).toMatchObject({ requestDigest: request.requestDigest, found: 20 })
    expect(answer?.body['nonce']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(vdab.status()).toMatchObject({ requests: 1, rows: 50, found: 20, answered: 1 })
  })

  test('answers with the row ids of those found where persons are granted', async () => {
    const asked = [...registered.slice(5, 9), ...unknown.slice(0, 4)]
    const request = gateway.detection(numbersOf(asked), 'person')
    await gateway.send(vdab.url, '/detections', request)
    await until(() => vdab.status().open === 0)
    const found = gateway.to('POST /v1/detections')[0]?.body['found'] as string[]
    const theirs = gateway.detection(numbersOf(registered.slice(5, 9))).rows.map(row => row.rowId)
    expect(found.toSorted()).toEqual(theirs.toSorted())
  })

  test('gives feedback for whom it reaches with difficulty or not, by tag, and for nobody else', async () => {
    const request = gateway.detection(numbersOf(tenants))
    await gateway.send(vdab.url, '/detections', request)
    await until(() => vdab.status().open === 0)
    const [feedback] = gateway.to('POST /v1/feedback')
    const items = feedback?.body['items'] as { tag: string; reachability: string }[]
    const told = new Map(items.map(item => [item.tag, item.reachability]))
    const expected = hardToReach.map(({ insz, reachability }) => [
      gateway.tagOf(insz),
      reachability,
    ])
    expect([...told].toSorted()).toEqual((expected as [string, string][]).toSorted())
    expect(feedback?.body).toMatchObject({ protocol: 'wm-vdab', domain: gateway.domain })
    expect(feedback?.key).toBe(`feedback-${request.messageId}`)
    expect(vdab.status().feedback).toBe(hardToReach.length)
  })

  test('gives none about a person whose tenancy ended', async () => {
    const [gone] = hardToReach
    const ended = { messageId: 'msg_ended', protocol: 'wm-vdab', domain: gateway.domain }
    const items = [{ tag: gateway.tagOf(gone!.insz), endedOn: '2026-10-31' }]
    expect(await gateway.send(vdab.url, '/tenancies/ended', { ...ended, items } as never)).toBe(202)
    await gateway.send(vdab.url, '/detections', gateway.detection(numbersOf(tenants)))
    await until(() => vdab.status().open === 0)
    expect(vdab.status().feedback).toBe(hardToReach.length - 1)
    expect(gateway.to('POST /v1/feedback')[0]?.raw).not.toContain(items[0]!.tag)
  })

  test('a request that comes again is acknowledged again and answered once', async () => {
    const request = gateway.detection(numbersOf(registered.slice(0, 2)))
    const both = [1, 2].map(() => gateway.send(vdab.url, '/detections', request))
    expect(await Promise.all(both)).toEqual([202, 202])
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(202)
    await until(() => vdab.status().open === 0)
    expect(gateway.to('POST /v1/detections')).toHaveLength(1)
    expect(vdab.status().requests).toBe(1)
  })

  test('a row that was changed on the way is refused, and nothing is answered', async () => {
    const request = gateway.detection(numbersOf(registered.slice(0, 2)))
    const row = request.rows[0]!
    row.ciphertext = `${row.ciphertext[0] === 'A' ? 'B' : 'A'}${row.ciphertext.slice(1)}`
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(422)
    expect(vdab.status().requests).toBe(0)
  })

  test('an answer that was taken before stands; a refusal ends the request, with its code', async () => {
    const problem = (code: string) => ({ status: 409, body: { code, title: 't', status: 409 } })
    gateway.faults.push({ operation: 'POST /v1/detections', reply: problem('HB-502') })
    await gateway.send(vdab.url, '/detections', gateway.detection(numbersOf(registered)))
    await until(() => vdab.status().open === 0)
    expect(vdab.status()).toMatchObject({ answered: 1, refusals: {} })
    expect(gateway.to('POST /v1/feedback')).toHaveLength(1)
    gateway.faults.push({ operation: 'POST /v1/detections', reply: problem('HB-504') })
    await gateway.send(vdab.url, '/detections', gateway.detection(numbersOf(registered)))
    await until(() => vdab.status().open === 0)
    expect(vdab.status().refusals).toEqual({ 'HB-504': 1 })
    expect(gateway.to('POST /v1/feedback')).toHaveLength(1)
  })

  test('progress is taken once', async () => {
    const progress = { messageId: 'msg_p', domain: gateway.domain, items: [] } as never
    expect(await gateway.send(vdab.url, '/progress', progress)).toBe(202)
    expect(await gateway.send(vdab.url, '/progress', progress)).toBe(202)
    const received = readFileSync(join(folder, 'received.jsonl'), 'utf8').trim().split('\n')
    expect(received).toHaveLength(1)
  })
})

describe('after a kill', () => {
  beforeEach(() => start().then(ready))

  test('what was not taken yet is sent with the same key, nonce and body', async () => {
    const away = Array.from({ length: 500 }, () => ({
      operation: 'POST /v1/',
      reply: { status: 503 } as const,
    }))
    gateway.faults.push(...away)
    const request = gateway.detection(numbersOf(tenants))
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(202)
    await until(() => gateway.to('POST /v1/detections').length >= 2)
    await vdab.close()
    gateway.faults.length = 0
    gateway.faults.push({ operation: 'POST /v1/feedback', reply: 'take, then hang up' })
    await start()
    await until(() => vdab.status().open === 0)
    const answers = gateway.to('POST /v1/detections')
    expect(new Set(answers.map(call => `${call.key} ${call.raw}`)).size).toBe(1)
    const feedback = gateway.to('POST /v1/feedback')
    expect(feedback.length).toBeGreaterThan(1)
    expect(new Set(feedback.map(call => `${call.key} ${call.raw}`)).size).toBe(1)
  })

  test('what was taken is not sent again', async () => {
    await gateway.send(vdab.url, '/detections', gateway.detection(numbersOf(tenants)))
    await until(() => vdab.status().open === 0)
    const before = vdab.status()
    const sent = gateway.to('POST /v1/').length
    await vdab.close()
    await start()
    await ready()
    expect(vdab.status()).toMatchObject({ found: before.found, feedback: before.feedback, open: 0 })
    expect(gateway.to('POST /v1/').length).toBe(sent)
  })
})

describe('the door', () => {
  const message = { messageId: 'msg_1' }

  beforeEach(start)

  test('opens for the gateway, with a token from an assertion of its own', async () => {
    await ready()
    const { status, token } = await gateway.tokenFor(vdab.url)
    expect(status).toBe(200)
    const request = gateway.detection([])
    expect(await gateway.send(vdab.url, '/detections', request, token)).toBe(202)
  })

  test.each(['', 'x', 'a.b.c'])('stays shut for the token %p', async token => {
    expect(await gateway.send(vdab.url, '/detections', message, token || ' ')).toBe(401)
  })

  test('takes an assertion once', async () => {
    const { assertion, status } = await gateway.tokenFor(vdab.url)
    expect(status).toBe(200)
    expect((await gateway.present(vdab.url, assertion)).status).toBe(401)
  })

  test('refuses an assertion of another key, audience, client or time', async () => {
    const { privateKey } = await generateKeyPair()
    const long = new Date(Date.now() - 3_600_000)
    const wrong = [
      { privateKey },
      { audience: 'https://other.example/oauth/token' },
      { clientId: 'https://other.example' },
      { at: long },
    ]
    for (const changes of wrong) {
      expect((await gateway.tokenFor(vdab.url, changes)).status).toBe(401)
    }
  })

  test('refuses an assertion from before this process, for it may have been used', async () => {
    const { status } = await gateway.tokenFor(vdab.url, { at: new Date(Date.now() - 30_000) })
    expect(status).toBe(401)
  })

  test('a token outlives a restart', async () => {
    await ready()
    const { token } = await gateway.tokenFor(vdab.url)
    await vdab.close()
    await start()
    await ready()
    const request = gateway.detection([])
    expect(await gateway.send(vdab.url, '/detections', request, token)).toBe(202)
  })

  test('a message whose key is not its id is refused', async () => {
    await ready()
    const request = { ...gateway.detection([]), messageId: 7 } as never
    expect(await gateway.send(vdab.url, '/detections', request)).toBe(400)
  })
})
