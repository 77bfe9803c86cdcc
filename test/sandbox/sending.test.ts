import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, generateKeyPair, type KeyPair } from '../../src/client/index.ts'
import { requestOf, sendPeriod, targetGroupOf } from '../../src/sandbox/batch-sender.ts'
import { WM_VDAB } from '../../src/sandbox/exchange.ts'
import { createPopulation, type Population } from '../../src/sandbox/population.ts'
import { inBatches, SendingPlan } from '../../src/sandbox/sending-plan.ts'
import { MiniGateway } from './mini-gateway.ts'

const COMPANY = 'woonboog'
const population = createPopulation('sending', 14_000)
const wanted = targetGroupOf(population, COMPANY).map(tenant => tenant.tenantRef)

let gateway: MiniGateway
let keys: KeyPair
let folder: string
let plan: SendingPlan

beforeEach(async () => {
  gateway = await MiniGateway.start()
  keys = await generateKeyPair()
  folder = mkdtempSync(join(tmpdir(), 'huisbrug-sending-'))
  plan = await open()
})

afterEach(async () => {
  await plan.end()
  await gateway.close()
  rmSync(folder, { recursive: true })
})

function open(): Promise<SendingPlan> {
  return SendingPlan.open(join(folder, 'sent-2026-11.jsonl'))
}

async function reopen(): Promise<void> {
  await plan.end()
  plan = await open()
}

function send(of: Population = population, attempts = 3): Promise<number> {
  const retry = { attempts, sleep: async () => {} }
  const { privateKey } = keys
  const client = createClient({ gateway: gateway.url, partyId: COMPANY, privateKey, retry })
  return sendPeriod({
    client,
    plan,
    exchange: WM_VDAB,
    company: COMPANY,
    population: of,
    referenceDate: '2026-11-05',
    onChange: () => {},
  })
}

/** References of everybody in the requests that arrived. */
function arrived(): string[] {
  return gateway
    .to('POST /v1/detections')
    .flatMap(call => (call.body['tenants'] as { tenantRef: string }[]).map(one => one.tenantRef))
}

test('everybody in the target group is sent once, a thousand at most, then the month is closed', async () => {
  expect(await send()).toBe(0)
  expect(arrived().toSorted()).toEqual(wanted.toSorted())
  const sizes = gateway.to('POST /v1/detections').map(call => (call.body['tenants'] as []).length)
  expect(sizes).toEqual([1000, wanted.length - 1000])
  expect(gateway.to('POST /v1/periods/close')[0]?.body).toEqual({
    protocol: 'wm-vdab',
    period: '2026-11',
  })
  expect(plan.isClosed).toBe(true)
})

test('a second run sends nothing', async () => {
  await send()
  const calls = gateway.calls.length
  await reopen()
  expect(await send()).toBe(0)
  expect(gateway.calls.length).toBe(calls)
})

test('what was on its way when a kill came is repeated with the same key and body', async () => {
  const faults = Array.from({ length: 60 }, () => 'take, then hang up' as const)
  gateway.faults.push(...faults.map(reply => ({ operation: 'POST /v1/detections', reply })))
  const unfinished = send()
  unfinished.catch(() => {})
  while (gateway.to('POST /v1/detections').length < 4) await new Promise(r => setTimeout(r, 5))
  // As after a kill: another process opens what is on disk, while the first never ends.
  const killed = plan
  plan = await open()
  expect(plan.unsettled()).toHaveLength(2)
  gateway.faults.length = 0
  expect(await send()).toBe(0)
  const calls = gateway.to('POST /v1/detections')
  expect(new Set(calls.map(call => `${call.key} ${call.raw}`)).size).toBe(2)
  expect(new Set(arrived()).size).toBe(wanted.length)
  await unfinished
  await killed.end()
})

test('a larger population sends only who was not accepted before', async () => {
  const small = createPopulation('sending', 6_000)
  gateway.faults.push({ operation: 'POST /v1/periods/close', reply: { status: 200 } })
  await send(small)
  const before = arrived().length
  // The month is still open at this gateway, and the plan did not hear otherwise.
  const lines = readFileSync(join(folder, 'sent-2026-11.jsonl'), 'utf8')
  expect(lines).toContain('"kind":"closed"')
  await plan.end()
  rmSync(join(folder, 'sent-2026-11.jsonl'))
  plan = await open()
  for (const refs of inBatches(targetGroupOf(small, COMPANY).map(tenant => tenant.tenantRef))) {
    const content = { seed: 'sending', population: 6_000, referenceDate: '2026-11-05', refs }
    const { key } = await plan.add(content)
    await plan.settle({ key, messageId: 'msg_1', accepted: refs.length, refused: 0 })
  }
  expect(await send()).toBe(0)
  expect(arrived().length).toBe(wanted.length)
  expect(new Set(arrived()).size).toBe(wanted.length)
  expect(before).toBeGreaterThan(0)
})

test('an unfinished batch of another population is finished as it was', async () => {
  const other = createPopulation('other', 3_000)
  const refs = targetGroupOf(other, COMPANY).map(tenant => tenant.tenantRef)
  const batch = await plan.add({
    seed: 'other',
    population: 3_000,
    referenceDate: '2026-11-01',
    refs,
  })
  await send()
  const first = gateway.to('POST /v1/detections').find(call => call.key === batch.key)
  const { nonce, ...body } = first?.body ?? {}
  expect(body).toEqual(requestOf(batch, WM_VDAB, other))
  expect(nonce).toBe(batch.nonce)
})

test('a request that is refused keeps its tenants unsent and the month open', async () => {
  const refusal = { status: 403, body: { code: 'HB-304', title: 't' } }
  gateway.faults.push({ operation: 'POST /v1/detections', reply: refusal })
  expect(await send()).toBeGreaterThan(0)
  expect(gateway.to('POST /v1/periods/close')).toHaveLength(0)
  await reopen()
  expect(await send()).toBe(0)
  expect(gateway.to('POST /v1/detections')).toHaveLength(3)
  expect(plan.isClosed).toBe(true)
})

test('a month that the gateway has closed is not tried again', async () => {
  const closed = { status: 409, body: { code: 'HB-509', title: 't' } }
  const reply = { operation: 'POST /v1/detections', reply: closed }
  gateway.faults.push(reply, reply)
  expect(await send()).toBe(wanted.length)
  await reopen()
  const calls = gateway.calls.length
  expect(await send()).toBe(wanted.length)
  expect(gateway.calls.length).toBe(calls)
})

test('no national number is on disk', async () => {
  await send()
  const written = readFileSync(join(folder, 'sent-2026-11.jsonl'), 'utf8')
  expect(written).toContain(wanted[0])
  expect(population.tenants.filter(tenant => written.includes(tenant.insz))).toEqual([])
})

test('batches keep the order and leave nobody out', () => {
  const items = Array.from({ length: 2_500 }, (_, i) => i)
  expect(inBatches(items).map(batch => batch.length)).toEqual([1000, 1000, 500])
  expect(inBatches(items).flat()).toEqual(items)
  expect(inBatches([])).toEqual([])
})
