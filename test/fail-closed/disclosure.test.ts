import { randomUUID } from 'node:crypto'
import { Disclosures } from '../../src/audit/disclosure.ts'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { type Sequencer, startSequencer } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { newNonce } from '../../src/ids.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type PartyId, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { call, tokenFor } from '../support/raw.ts'

// The gateway has no sequencer of its own: it runs while a test says so.
let gateway: TestGateway
let domain: string
let sequencer: Sequencer | undefined
let tokens: Record<PartyId, string>

beforeAll(async () => {
  gateway = await testGateway({
    roles: 'api,worker,console',
    settings: { HUISBRUG_EVIDENCE_MINUTES: '0.1' },
  })
  startSigning()
  domain = await openDomain(gateway)
  const [woonboog, vdab, leefgoed] = await Promise.all(
    (['woonboog', 'vdab', 'leefgoed'] as const).map(party => tokenFor(gateway, party)),
  )
  tokens = { woonboog, vdab, leefgoed, 'de-noorderkempen': '' } as typeof tokens
})
afterAll(async () => {
  await sequencer?.close()
  await gateway.close()
})

function startSigning(): void {
  sequencer = startSequencer(gateway.context)
}

async function stopSigning(): Promise<void> {
  await sequencer?.close()
  sequencer = undefined
}

const send = (token: string, path: string, body: object, key: string = randomUUID()) =>
  call(gateway, 'POST', path, { token, key, body: { nonce: newNonce(), ...body } })

const detect = (first: number, key?: string) =>
  send(tokens.woonboog, '/v1/detections', detection(tenants(first, 2)), key)

const rowsOf = async (sql: string) => (await gateway.context.pool.query(sql)).rows

/** What may not change while nothing is disclosed; tokens are still given, and have their entries. */
const state = () =>
  rowsOf(`SELECT (SELECT count(*) FROM message) AS messages,
    (SELECT count(*) FROM idempotency) AS outcomes,
    (SELECT count(*) FROM detection_row) AS rows,
    (SELECT jsonb_agg(jsonb_build_array(id, state, attempts) ORDER BY id) FROM hand_over) AS hand_overs,
    (SELECT count(*) FROM attempt) AS attempts,
    (SELECT count(*) FROM audit_pending WHERE action NOT LIKE 'access%') AS pending`)

const ready = async () => {
  const reply = await call(gateway, 'GET', '/health/ready')
  const checks = reply.body['checks'] as unknown as { name: string; ok: boolean; detail: string }[]
  return { status: reply.status, check: checks.find(it => it.name === 'disclosures') }
}

test('names of any length make no entry that is too large, and get a refusal with a code', async () => {
  const long = 'n'.repeat(70_000)
  const many = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`a-long-name-${i}`, 1]))
  const good = detection(tenants(500, 1))
  const bodies = [
    ['/v1/messages', { type: long, protocol: 'wm-vdab', purpose: 'detection', items: [{}] }],
    ['/v1/messages', { type: 'detection.request', protocol: long, purpose: long, items: [many] }],
    ['/v1/detections', { ...good, purpose: long }],
    ['/v1/detections', { ...good, protocol: long }],
    ['/v1/detections', { ...good, ...many }],
    ['/v1/detections', { ...good, tenants: [{ ...good.tenants[0], ...many }] }],
  ] as const
  for (const [path, body] of bodies) {
    const { status, body: problem } = await send(tokens.woonboog, path, body)
    expect([400, 403, 404, 422]).toContain(status)
    expect(problem.code).toMatch(/^HB-[234]/)
  }
})

test('without signed evidence nothing is taken in, handed over or spent, and it goes on by itself', async () => {
  expect((await ready()).check).toMatchObject({ ok: true, detail: 'going on' })
  expect((await detect(1)).status).toBe(202)
  await until('the first one is forwarded', () => gateway.vdab.to('/api/detections').length === 1)

  await stopSigning()
  gateway.vdab.reply = () => ({ status: 500 })
  const underway = await detect(10)
  expect(underway.status).toBe(202)
  await until('it was tried', () => gateway.vdab.to('/api/detections').length > 1)
  const repeated = randomUUID()
  await until('disclosures stop', async () => !(await gateway.context.disclosures.isOpen()), 20)
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  // What was claimed before the stop is on its way; from here on nothing is.
  await new Promise(resolve => setTimeout(resolve, 300))
  const before = await state()
  const received = gateway.vdab.received.length

  const calls: [PartyId, string, object, string?][] = [
    ['woonboog', '/v1/detections', detection(tenants(20, 2)), repeated],
    ['woonboog', '/v1/messages', { type: 'detection.request', items: [] }],
    ['woonboog', `/v1/feedback/fb_01KAJ5J7WQ7Z3M8T5V9XK20000/progress`, { status: 'taken-up' }],
    ['woonboog', '/v1/tenancies/ended', { protocol: 'wm-vdab', items: [] }],
    ['vdab', `/v1/detections/${underway.body['messageId']}/answer`, { items: [] }],
    ['vdab', '/v1/feedback', { protocol: 'wm-vdab', items: [] }],
    ['vdab', '/v1/pseudonyms/evaluations', { domain, blinded: [] }],
  ]
  for (const [party, path, body, key] of calls) {
    const reply = await send(tokens[party], path, body, key)
    expect({ path, status: reply.status, code: reply.body.code }).toEqual({
      path,
      status: 503,
      code: 'HB-907',
    })
    expect(reply.headers.get('retry-after')).toBe('30')
    expect(reply.body.errors?.[0]?.remedy).toMatch(/same Idempotency-Key/)
  }
  const inbox = await call(gateway, 'GET', '/v1/inbox', { token: tokens.woonboog })
  expect([inbox.status, inbox.body.code]).toEqual([503, 'HB-907'])
  // What bears nobody goes on.
  const view = `/v1/messages/${underway.body['messageId']}`
  expect((await call(gateway, 'GET', view, { token: tokens.woonboog })).status).toBe(200)

  const { status, check } = await ready()
  expect(status).toBe(503)
  expect(check).toMatchObject({ ok: false, detail: expect.stringMatching(/^stopped \(HB-907\)/) })
  const metrics = (await call(gateway, 'GET', '/metrics')).text
  expect(metrics).toMatch(/^huisbrug_disclosures_stopped 1$/m)
  expect(Number(/^huisbrug_evidence_oldest_seconds (.+)$/m.exec(metrics)?.[1])).toBeGreaterThan(6)
  expect(metrics).toMatch(/^huisbrug_sequencer_pending_entries [1-9]/m)
  // Due again by now, had a try been spent on it.
  await gateway.context.pool.query("UPDATE hand_over SET due_at = now() WHERE state = 'retrying'")
  await new Promise(resolve => setTimeout(resolve, 1_500))
  expect(await state()).toEqual(before)
  expect(gateway.vdab.received).toHaveLength(received)

  // Another process sees the same stop, and does not note it again.
  const other = new Disclosures(gateway.context)
  await expect(other.assertOpen()).rejects.toMatchObject({ code: 'HB-907' })
  const noted = "SELECT code FROM audit_pending WHERE action = 'disclosure.stopped'"
  expect(await rowsOf(noted)).toEqual([{ code: 'HB-907' }])

  startSigning()
  await until('what waited arrives', async () => {
    const [row] = await rowsOf(
      `SELECT state FROM hand_over WHERE message_id = '${underway.body['messageId']}'`,
    )
    return row?.state === 'delivered'
  })
  expect((await detect(20, repeated)).status).toBe(202)
  expect((await ready()).check?.ok).toBe(true)
  await until('the end is in the log', async () => {
    const entries = await rowsOf(
      "SELECT action FROM audit_entry WHERE action LIKE 'disclosure.%' ORDER BY index",
    )
    return entries.map(it => it.action).join() === 'disclosure.stopped,disclosure.resumed'
  })
  const { keys, config, pool } = gateway.context
  const key = await loadLogVerifierKey(keys, config.logOrigin)
  expect((await verifyLog(pool, key)).problems).toEqual([])
})

test('two processes that see a stop and its end at once note them once', async () => {
  const { pool } = gateway.context
  const made = () =>
    new Disclosures({ ...gateway.context, config: { ...gateway.context.config, evidenceMs: -1 } })
  await Promise.all([made(), made(), made()].map(it => it.read()))
  const open = () => new Disclosures(gateway.context)
  await until('the log caught up', async () => {
    const { rows } = await pool.query('SELECT count(*)::int AS waiting FROM audit_pending')
    return rows[0].waiting === 0
  })
  await Promise.all([open(), open(), open()].map(it => it.read()))
  await until('all of it is in the log', async () => {
    const entries = await rowsOf(
      "SELECT action FROM audit_entry WHERE action LIKE 'disclosure.%' ORDER BY index",
    )
    const told = entries.map(it => it.action.slice('disclosure.'.length)).join(' ')
    return entries.length >= 4 && /^(stopped resumed ?)+$/.test(told)
  })
})
