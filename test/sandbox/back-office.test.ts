import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios from 'axios'
import { signWebhook } from '../../src/client/index.ts'
import { type BackOffice, startBackOffice } from '../../src/sandbox/back-office.ts'
import { targetGroupOf } from '../../src/sandbox/batch-sender.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import { until } from '../support/until.ts'
import { MiniGateway } from './mini-gateway.ts'

const QUICK = { firstPauseMs: 1, longestPauseMs: 5 }
const REACHABILITY = 'be.huisbrug.feedback.reachability'
const TODAY = new Date().toISOString().slice(0, 10)

let gateway: MiniGateway
let folder: string
let office: BackOffice

async function start(companies: string[] = ['woonboog']): Promise<void> {
  const before = gateway.to('PUT /v1/webhook').length
  const common = { gateway: gateway.url, dataDir: folder, companies, retry: QUICK }
  office = await startBackOffice({ ...common, seed: 'office', population: 900 })
  await until(() => gateway.to('PUT /v1/webhook').length >= before + companies.length)
  // The secret is known to the office once it takes an event.
  await until(async () => (await gateway.notify('be.huisbrug.test', {})) === 204)
}

function feedback(feedbackId: string) {
  const more = { protocol: 'wm-vdab', tenantRef: 't-office-000001', purpose: 'follow-up' }
  return { feedbackId, reachability: 'hard-to-reach', establishedOn: TODAY, ...more }
}

function status() {
  const [company] = office.status().companies
  if (!company) throw new Error('no company')
  return company
}

beforeEach(async () => {
  gateway = await MiniGateway.start()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-office-'))
})

afterEach(async () => {
  await office.close()
  await gateway.close()
  rmSync(folder, { recursive: true })
})

describe('events', () => {
  beforeEach(() => start())

  test('feedback is taken up, once, and closed for some', async () => {
    // The last character decides which: 0 is closed at once, 1 is not.
    expect(await gateway.notify(REACHABILITY, feedback('fb_0'), 'del_0')).toBe(204)
    expect(await gateway.notify(REACHABILITY, feedback('fb_0'), 'del_0')).toBe(204)
    expect(await gateway.notify(REACHABILITY, feedback('fb_1'), 'del_1')).toBe(204)
    await until(() => status().takenUp === 2 && status().open === 0)
    const steps = gateway.to('POST /v1/feedback/').map(call => [call.key, call.body['status']])
    expect(steps.toSorted()).toEqual([
      ['fb_0.closed', 'closed'],
      ['fb_0.taken-up', 'taken-up'],
      ['fb_1.taken-up', 'taken-up'],
    ])
    expect(status()).toMatchObject({ feedback: 2, takenUp: 2, closed: 1, refusals: {} })
  })

  test('the number of the month is kept', async () => {
    const data = { protocol: 'wm-vdab', period: '2026-11', purpose: 'detection' }
    const release = { tenants: 100, found: 45, suppressed: false }
    await gateway.notify('be.huisbrug.detection.answered', { ...data, ...release })
    expect(status().releases).toEqual([{ period: '2026-11', ...release }])
    expect(gateway.to('POST /v1/feedback/')).toEqual([])
  })

  test('an event that is not signed with the secret is refused and not kept', async () => {
    const body = Buffer.from(JSON.stringify({ id: 'del_1', type: REACHABILITY, data: {} }))
    const now = Math.floor(Date.now() / 1000)
    const other = `whsec_${Buffer.alloc(32).toString('base64')}`
    const headers = {
      'webhook-id': 'del_1',
      'webhook-timestamp': String(now),
      'webhook-signature': signWebhook(other, 'del_1', now, body),
    }
    const options = { headers, validateStatus: () => true }
    expect((await axios.post(gateway.webhook!.url, body, options)).status).toBe(401)
    expect(status().feedback).toBe(0)
  })

  test('a feedback that may not move is noted by its code and not tried again', async () => {
    const refusal = { status: 409, body: { code: 'HB-507', title: 't' } }
    gateway.faults.push({ operation: 'POST /v1/feedback/fb_1', reply: refusal })
    await gateway.notify(REACHABILITY, feedback('fb_1'))
    await until(() => status().open === 0 && status().refusals['HB-507'] === 1)
    expect(status().takenUp).toBe(0)
  })

  test('only the addresses of its companies take anything', async () => {
    const options = { validateStatus: () => true }
    const at = (path: string) => axios.post(`${office.url}${path}`, '{}', options)
    expect((await at('/webhooks/leefgoed')).status).toBe(404)
    expect((await at('/')).status).toBe(404)
    expect((await axios.get(`${office.url}/health`)).status).toBe(200)
  })
})

describe('after a restart', () => {
  test('an event that comes again is not handled again, and open progress is reported', async () => {
    await start()
    gateway.faults.push(
      ...Array.from({ length: 200 }, () => ({
        operation: 'POST /v1/feedback/',
        reply: 'take, then hang up' as const,
      })),
    )
    expect(await gateway.notify(REACHABILITY, feedback('fb_0'), 'del_0')).toBe(204)
    await until(() => gateway.to('POST /v1/feedback/').length >= 2)
    await office.close()
    gateway.faults.length = 0
    await start()
    expect(await gateway.notify(REACHABILITY, feedback('fb_0'), 'del_0')).toBe(204)
    await until(() => status().takenUp === 1 && status().open === 0)
    expect(status()).toMatchObject({ feedback: 1, closed: 1 })
    const bodies = gateway.to('POST /v1/feedback/').map(call => `${call.key} ${call.raw}`)
    expect(new Set(bodies).size).toBe(2)
  })

  test('a step that was left between taking up and closing is closed', async () => {
    await start()
    await gateway.notify(REACHABILITY, feedback('fb_0'), 'del_0')
    await until(() => status().closed === 1)
    await office.close()
    const file = join(folder, 'woonboog', 'progress.jsonl')
    const kept = readFileSync(file, 'utf8').split('\n').slice(0, 2).join('\n')
    writeFileSync(file, `${kept}\n`)
    await start()
    await until(() => status().closed === 1)
    expect(gateway.to('POST /v1/feedback/').map(call => call.key)).toEqual([
      'fb_0.taken-up',
      'fb_0.closed',
      'fb_0.closed',
    ])
  })

  test('events signed with the secret of before are still taken', async () => {
    await start()
    const before = gateway.webhook!
    await office.close()
    await start()
    gateway.webhook = { ...gateway.webhook!, secret: before.secret }
    expect(await gateway.notify(REACHABILITY, feedback('fb_1'))).toBe(204)
  })
})

describe('sending', () => {
  test('every company sends its own tenants and tells how far it is', async () => {
    await start(['woonboog', 'leefgoed'])
    const population = createPopulation('office', 900)
    await office.send()
    for (const status of office.status().companies) {
      const expected = targetGroupOf(population, status.company).length
      expect(status).toMatchObject({ sent: expected, accepted: expected, refused: 0, notSent: 0 })
      expect(status).toMatchObject({ messages: 1, messagesWithTenants: 1, periodClosed: true })
    }
    expect(gateway.to('POST /v1/detections')).toHaveLength(2)
  })

  test('a gateway that is away when it starts is found when it comes', async () => {
    const { port } = new URL(gateway.url)
    await gateway.close()
    const common = { dataDir: folder, companies: ['woonboog'], retry: { ...QUICK, attempts: 1 } }
    office = await startBackOffice({ gateway: gateway.url, ...common, population: 300 })
    const sending = office.send()
    await new Promise(resolve => setTimeout(resolve, 100))
    gateway = await MiniGateway.start(Number(port))
    await sending
    expect(gateway.to('POST /v1/periods/close')).toHaveLength(1)
  })
})
