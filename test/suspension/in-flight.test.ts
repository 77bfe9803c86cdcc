import { detection, openDomain, tenants } from '../support/detection.ts'
import {
  COMPANIES,
  type Company,
  type TestGateway,
  testGateway,
  until,
} from '../support/gateway.ts'
import {
  assertBalanced,
  change,
  countEntries,
  delivered,
  EFFECTIVE_MS,
  isNotice,
  queueEvents,
  sleep,
  states,
  untilStates,
  watchBalance,
} from './kit.ts'

/** A suspension while thousands of items are on the way, to webhooks and to VDAB. */
const EACH = 1_000
let gateway: TestGateway

beforeEach(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  // A peer takes a little time, so that a load lasts longer than the suspension needs.
  for (const peer of [gateway.vdab, ...Object.values(gateway.hooks)]) {
    peer.reply = async () => {
      await sleep(15)
      return { status: 202, body: {} }
    }
  }
})
afterEach(() => gateway.close())

async function load(): Promise<number> {
  for (const company of COMPANIES) await queueEvents(gateway, company, EACH)
  return EACH * COMPANIES.length
}

/** Requests on their way to VDAB at the same time, until told to stop; @returns those accepted. */
function sendRequests() {
  let stopped = false
  let next = 0
  const accepted: string[] = []
  const refused = new Set<string>()
  const running = (async () => {
    while (!stopped) {
      const company = COMPANIES[next % COMPANIES.length] as Company
      const sent = gateway.clients[company].detect(detection(tenants(next++ * 3, 3)))
      await sent.then(
        ({ messageId }) => accepted.push(messageId),
        error => refused.add(`${error.status} ${error.code}`),
      )
      await sleep(20)
    }
  })()
  return {
    accepted,
    refused,
    stop: async () => {
      stopped = true
      await running
    },
  }
}

const ids = (company?: Company) =>
  delivered(gateway, company).map(it => String(it.body['id'] ?? it.body['messageId']))
const between = (from: number, until: number, company?: Company) =>
  delivered(gateway, company).filter(({ at }) => at > from && at < until)

test('nothing is delivered while it lasts, nothing is lost, all goes on, and evidence says why', async () => {
  const balance = watchBalance(gateway)
  const total = await load()
  const requests = sendRequests()
  await until('it is under way', () => delivered(gateway).length > 100)
  const suspended = await change(gateway, 'suspend', 'wm-vdab', 'Under investigation')
  expect(suspended.messages).toBeGreaterThan(EACH)
  expect(suspended.told).toEqual(['de-noorderkempen', 'leefgoed', 'vdab', 'woonboog'])
  await untilStates(gateway, 'all is held', found => !found['queued'] && !found['retrying'])
  await sleep(1_500)
  const held = (await states(gateway))['held HB-307'] ?? 0
  expect(held).toBeGreaterThan(EACH)
  expect([...requests.refused]).toEqual(['503 HB-307'])
  const before = Date.now()
  await change(gateway, 'resume', 'wm-vdab', 'All is well')
  // A request in the air when it took effect may still arrive: the peers take 15 ms.
  expect(between(suspended.doneAt + EFFECTIVE_MS + 250, before)).toEqual([])
  await until('requests are accepted again', async () => {
    const { length } = requests.accepted
    await sleep(300)
    return requests.accepted.length > length
  })
  await requests.stop()
  await untilStates(gateway, 'all is delivered', found => Object.keys(found).join() === 'delivered')
  await balance.stop()
  expect(balance.samples()).toBeGreaterThan(10)
  await assertBalanced(gateway)
  // Once each: none lost, none twice.
  const all = ids()
  expect(new Set(all).size).toBe(all.length)
  expect(all).toHaveLength(total + requests.accepted.length)
  expect(await countEntries(gateway, 'message.held', 'HB-307')).toBe(held)
  expect(await countEntries(gateway, 'message.resumed')).toBe(held)
  expect(await countEntries(gateway, 'protocol.suspended')).toBe(1)
  expect(await countEntries(gateway, 'protocol.resumed')).toBe(1)
}, 120_000)

test('an accession alone: the other companies go on as if nothing happened', async () => {
  const balance = watchBalance(gateway)
  await load()
  await until('it is under way', () => delivered(gateway, 'woonboog').length > 30)
  const suspended = await change(gateway, 'suspend', 'wm-vdab-woonboog')
  expect(suspended.told).toEqual(['vdab', 'woonboog'])
  for (const other of ['leefgoed', 'de-noorderkempen'] as const) {
    await until(`${other} has all`, () => ids(other).length === EACH, 40)
  }
  await until('the notice came', () => gateway.hooks.woonboog.received.some(isNotice))
  const { 'held HB-307': held = 0, ...rest } = await states(gateway, 'woonboog')
  expect(Object.keys(rest)).toEqual(['delivered'])
  expect(held).toBeGreaterThan(100)
  const before = Date.now()
  expect(between(suspended.doneAt + EFFECTIVE_MS + 250, before, 'woonboog')).toEqual([])
  expect(await countEntries(gateway, 'message.held', 'HB-307')).toBe(held)
  await change(gateway, 'resume', 'wm-vdab-woonboog')
  await until('all came', () => ids('woonboog').length === EACH, 40)
  await balance.stop()
  expect(new Set(ids()).size).toBe(ids().length)
  expect(await countEntries(gateway, 'message.resumed')).toBe(held)
}, 120_000)

test('suspended and resumed ten times quickly: nothing is lost or sent twice', async () => {
  const balance = watchBalance(gateway)
  const total = await load()
  for (let round = 0; round < 10; round++) {
    await change(gateway, 'suspend', 'wm-vdab')
    await sleep(Math.random() * 300)
    await change(gateway, 'resume', 'wm-vdab')
    await sleep(Math.random() * 100)
  }
  await untilStates(gateway, 'all is delivered', found => Object.keys(found).join() === 'delivered')
  await balance.stop()
  expect(new Set(ids()).size).toBe(ids().length)
  expect(ids()).toHaveLength(total)
  expect(await countEntries(gateway, 'protocol.suspended')).toBe(10)
  expect(await countEntries(gateway, 'protocol.resumed')).toBe(10)
  const notices = () => gateway.hooks.leefgoed.received.filter(isNotice)
  await until('each was told', () => notices().length === 20)
}, 120_000)
