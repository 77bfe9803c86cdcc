import { createOutbound } from '../../src/delivery/outbound.ts'
import { ProbePeer } from '../../src/delivery/probe-peer.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { PROBE_PARTY } from '../../src/exchange/probe.ts'
import type { HealthCheck } from '../../src/health-check.ts'
import { checkFlow } from '../../src/health-flow.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { entriesOf } from './kit.ts'

let gateway: TestGateway
// Nothing but the gateway itself may be called on loopback; every five seconds, late after three.
beforeAll(async () => {
  gateway = await testGateway({
    webhooks: false,
    settings: {
      HUISBRUG_PROBE_MINUTES: String(5 / 60),
      HUISBRUG_PROBE_LATE_SECONDS: '3',
    },
  })
})
afterAll(() => gateway.close())

async function probes() {
  const { rows } = await gateway.db.pool.query<{ state: string; count: number }>(
    "SELECT state, count(*)::int AS count FROM hand_over WHERE probe = 'wm-vdab' GROUP BY 1",
  )
  return Object.fromEntries(rows.map(row => [row.state, row.count])) as Record<string, number>
}
async function check(): Promise<HealthCheck | undefined> {
  return (await checkFlow(gateway.context)).find(it => it.name === 'probe')
}
async function late() {
  const { rows } = await gateway.db.pool.query(
    "SELECT about FROM exception WHERE kind = 'probe-late' AND closed_at IS NULL",
  )
  return rows.map(row => row.about)
}
const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text()

test('a probe goes the whole way: claimed, checked, sent, recorded, with evidence; and shows as success', async () => {
  await until('a probe arrived', async () => (await probes())['delivered'])
  const { rows } = await gateway.db.pool.query(
    `SELECT a.outcome, a.status, h.counted, h.message_id FROM hand_over h
     JOIN attempt a ON a.hand_over_id = h.id WHERE h.probe = 'wm-vdab' AND h.state = 'delivered' LIMIT 1`,
  )
  expect(rows).toEqual([{ outcome: 'delivered', status: 204, counted: false, message_id: null }])
  for (const action of ['message.forwarding', 'message.delivered']) {
    const entries = await entriesOf(gateway, action)
    const own = entries.find(({ entry }) => entry.protocol?.id === 'wm-vdab')
    expect(own).toMatchObject({ entry: { recipient: PROBE_PARTY } })
  }
  expect(await check()).toMatchObject({ ok: true })
  expect((await check())?.detail).toMatch(/wm-vdab 20[0-9T:.-]+Z, [0-9.]+ s/)
  const figures = await metrics()
  expect(figures).toMatch(/huisbrug_probe_last_success_timestamp_seconds\{protocol="wm-vdab"\} 1/)
  expect(figures).toContain('huisbrug_probe_late{protocol="wm-vdab"} 0')
  for (const name of ['entries_total', 'busy_seconds_total', 'batch_entries', 'batch_seconds'])
    expect(figures).toMatch(new RegExp(`^huisbrug_sequencer_${name} (?!0$)[0-9]`, 'm'))
})

test('it counts nowhere, is no party to anyone, and can get no token', async () => {
  expect(await readBalances(gateway.db.pool)).toEqual([])
  expect(gateway.vdab.received).toEqual([])
  const { parties } = gateway.context
  expect(await parties.find(PROBE_PARTY)).toBeUndefined()
  expect((await parties.list()).map(it => it.id)).not.toContain(PROBE_PARTY)
})

test('the peer takes what this process signed, at its own path, and nothing else', async () => {
  const peer = new ProbePeer()
  await peer.open()
  const url = peer.url!
  const post = (to: string, headers: Record<string, string>, body = '{}') =>
    fetch(to, { method: 'POST', headers, body }).then(reply => reply.status)
  const signed = peer.sign('del_1', new Date(), '{}')
  expect(await post(url, signed)).toBe(204)
  expect(await post(url, signed, '{"x":1}')).toBe(401)
  expect(await post(url, {})).toBe(401)
  expect(await post(new URL('/', url).href, signed)).toBe(404)
  expect(await post(url, signed, 'x'.repeat(5_000))).toBe(413)
  await peer.close()
  expect(peer.url).toBeUndefined()
})

test('the guard lets calls to that one address pass, and to nothing else on this machine', async () => {
  const peer = new ProbePeer()
  await peer.open()
  const { log } = gateway.context
  const outbound = createOutbound({ allowLoopback: false, log, own: () => peer.url })
  const call = (url: string) => outbound.request({ method: 'POST', url, body: '{}' })
  expect((await call(peer.url!)).status).toBe(401)
  const { origin } = new URL(peer.url!)
  for (const url of [`${origin}/`, `${peer.url}?x=1`, `${gateway.url}/health/live`]) {
    await expect(call(url)).rejects.toMatchObject({ reason: 'address' })
  }
  outbound.close()
  await peer.close()
})

test('a probe that does not arrive is told: exception, log, health and figures; and recovers by itself', async () => {
  await gateway.context.probePeer.close()
  await until('it is late', async () => (await late()).includes('wm-vdab'))
  expect(gateway.logged.join('')).toContain('a probe is late')
  expect(await check()).toMatchObject({
    ok: false,
    detail: expect.stringContaining('late, last: '),
  })
  expect(await metrics()).toContain('huisbrug_probe_late{protocol="wm-vdab"} 1')
  await until('another was sent', async () => ((await probes())['expired'] ?? 0) > 0, 25)
  // Told once, however many do not arrive; and the process stays ready.
  expect((await late()).filter(it => it === 'wm-vdab')).toHaveLength(1)
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  await gateway.context.probePeer.open()
  await until('it is over', async () => (await late()).length === 0, 25)
  await until('health is well', async () => (await check())?.ok)
  for (const action of ['exception.opened', 'exception.closed']) {
    const entries = await entriesOf(gateway, action)
    const own = entries.filter(({ entry }) => entry.protocol?.id === 'wm-vdab')
    expect(own).toMatchObject([{ entry: { reason: 'probe-late' } }])
  }
})

test('none is sent while its protocol is suspended, and none is late for that', async () => {
  await gateway.db.pool.query(
    `INSERT INTO protocol_suspension (protocol, suspended_at, suspended_by, reason)
     VALUES ('wm-vdab', now(), 'test', 'test')`,
  )
  await gateway.context.protocols.reload()
  await new Promise(resolve => setTimeout(resolve, 1_500))
  const total = async () => Object.values(await probes()).reduce((sum, count) => sum + count, 0)
  const before = await total()
  await new Promise(resolve => setTimeout(resolve, 6_500))
  expect(await total()).toBe(before)
  expect((await probes())['queued'] ?? 0).toBe(0)
  expect(await late()).not.toContain('wm-vdab')
  expect((await check())?.detail).not.toContain('wm-vdab')
})
