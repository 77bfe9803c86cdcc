import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { handOverDue } from '../../src/delivery/hand-over.ts'
import { faultOf } from '../../src/log.ts'
import { NumberFinder } from '../../src/sandbox/number-finder.ts'
import { tokenOf } from '../attack/kit.ts'
import { openDomain } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { call } from '../support/raw.ts'
import { seedRows } from '../support/seed.ts'
import {
  anyNumber,
  detectionOf,
  FORMS,
  generalOf,
  newNumbers,
  Replies,
  scanGateway,
} from './kit.ts'
import { type Failing, type Journey, Steps } from './steps.ts'

const CODES = [undefined, 'ECONNRESET', '40P01', '23505']
const MOST_STEPS = 400
const RUNS = 150
const STATUSES = [401, 400, 429, 500, 302, 202]

let gateway: TestGateway
let replies: Replies
const steps = new Steps()
/** Every number that was ever sent. */
const sent = new Set<string>()

beforeAll(async () => {
  const mounts = [{ path: '/', handler: steps.handler }]
  // The hand-overs are made by the test, so that their steps can be counted.
  gateway = await testGateway({ roles: 'api,sequencer,evaluator,console', overrides: { mounts } })
  replies = new Replies(gateway)
  await openDomain(gateway)
  await tokenOf(gateway, 'woonboog')
  steps.watch(gateway.context)
}, 60_000)

afterAll(async () => {
  steps.restore()
  await gateway?.close()
})

/** New numbers, written in all forms that are taken. */
function numbersToSend(): { numbers: string[]; written: string[] } {
  const numbers = newNumbers(4)
  for (const number of numbers) sent.add(number)
  return { numbers, written: numbers.map((it, i) => (i % 2 ? FORMS.dotted : FORMS.digits)(it)) }
}

interface Way {
  name: string
  path: string
  make: (written: readonly string[]) => object
}
const NAMED: Way = { name: 'a detection', path: '/v1/detections', make: detectionOf }
const GENERAL: Way = { name: 'a general message', path: '/v1/messages', make: generalOf }

/** Sends requests of which each time another step fails, until one has none that did not. */
async function failAtEach(failing: Failing, { path, make }: Way): Promise<string[]> {
  const earlier = new Set<string>()
  for (let turn = 0; turn < MOST_STEPS; turn++) {
    const { numbers, written } = numbersToSend()
    const code = CODES[turn % CODES.length]
    const journey: Journey = { earlier, failing, numbers, taken: [], ...(code && { code }) }
    const [body, headers] = [make(written), steps.headersOf(journey)]
    const { status } = await replies.post(path, body, { headers })
    if (journey.failed) continue
    expect(status).toBe(202)
    return [...earlier]
  }
  throw new Error(`more than ${MOST_STEPS} steps`)
}

describe('no national number is left behind', () => {
  test('whatever its form and wherever it is put, the reply does not repeat it', async () => {
    const place = fc.constantFrom(...PLACES)
    const form = fc.constantFrom(...Object.values(FORMS))
    await fc.assert(
      fc.asyncProperty(anyNumber, place, form, async (number, put, write) => {
        sent.add(number)
        const before = replies.texts.length
        await put(write(number))
        const found = new Set<string>()
        const finder = new NumberFinder([number])
        for (const text of replies.texts.slice(before)) finder.findInText(text, found)
        expect([...found]).toEqual([])
      }),
      { numRuns: RUNS },
    )
  }, 60_000)

  test.each(['before', 'after'] as const)(
    'a step that fails, %s its work',
    async failing => {
      const failed = await failAtEach(failing, NAMED)
      for (const step of EXPECTED_STEPS) expect(failed).toContainEqual(expect.stringMatching(step))
      await failAtEach(failing, GENERAL)
    },
    120_000,
  )

  test('a database that goes away in any statement', async () => {
    expect((await failAtEach('cut', NAMED)).length).toBeGreaterThan(10)
  }, 60_000)

  test('a sender that hangs up', async () => {
    const token = await tokenOf(gateway, 'woonboog')
    for (let wait = 0; wait < 20; wait++) {
      const body = JSON.stringify(NAMED.make(numbersToSend().written))
      const cut = wait % 4 === 0 ? body.length - 10 : body.length
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(
        `POST /v1/detections HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${token}\r\n` +
          `content-type: application/json\r\nidempotency-key: ${randomUUID()}\r\n` +
          `content-length: ${body.length}\r\n\r\n${body.slice(0, cut)}`,
      )
      await sleep(wait * 2)
      socket.resetAndDestroy()
    }
    await sleep(200)
  })

  test('forwarding that fails at any step, and a recipient that answers with numbers', async () => {
    const { numbers } = numbersToSend()
    let turn = 0
    gateway.vdab.reply = () => ({
      status: STATUSES[turn % STATUSES.length] ?? 500,
      body: { detail: numbers.join(' '), errors: numbers },
      headers: { location: `/${numbers[0]}`, 'retry-after': numbers[1] ?? '' },
    })
    await replies.post(NAMED.path, NAMED.make(numbersToSend().written))
    const earlier = new Set<string>()
    for (; turn < MOST_STEPS; turn++) {
      await makeDue()
      const failing = turn % 2 ? 'before' : 'after'
      const journey: Journey = { earlier, failing, numbers, taken: [] }
      await forward(journey)
      if (!journey.failed) break
    }
    for (const step of ['outbound.request', 'peerTokens.token', 'signing.signAssertion']) {
      expect([...earlier]).toContain(`${step} #1`)
    }
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await makeDue()
    await forward({ earlier, failing: 'before', numbers, taken: [] })
    expect(gateway.vdab.to('/api/detections').length).toBeGreaterThan(1)
  }, 60_000)

  test('then none is in the database, the queue, the log, a reply, the metrics or at a peer', async () => {
    expect(sent.size).toBeGreaterThan(500)
    const report = await scanGateway(gateway, sent, replies.texts)
    expect(report.leaks).toEqual([])
    expect(report.scanned.rows).toBeGreaterThan(1_000)
    // What would have been found, had it been there.
    const planted = [...sent].slice(0, 6)
    await plant(planted)
    const found = await scanGateway(gateway, sent, [...replies.texts, planted[5]!])
    expect(found.leaked).toBe(planted.length)
    const places = found.leaks.map(({ place }) => place)
    expect(places.toSorted()).toEqual(
      ['/log', '/peers', '/replies', 'database bullmq.planted', 'database public.party'].toSorted(),
    )
  }, 60_000)
})

const EXPECTED_STEPS = [
  ...[/^tokens.verifyToken/, /^protocols.current/, /^domains.current/, /^keys.find/, /^clock/],
  ...[/^pseudonyms.pseudonymise/, /^pool.connect/, /^sql BEGIN/, /^sql INSERT INTO idempotency/],
  ...[
    /INSERT INTO message/,
    /audit_pending/,
    /^signing.signReceipt/,
    /^sql COMMIT/,
    /^wakeUps.wake/,
  ],
  ...[/^metrics.received/, /^sql .*period_member/, /^sql WITH request AS/],
]

/** Everywhere that a caller could put a number, by mistake or not. */
const PLACES: ((written: string) => Promise<unknown>)[] = [
  it => replies.post(NAMED.path, NAMED.make([it])),
  it => replies.post(GENERAL.path, GENERAL.make([it])),
  it => replies.post(NAMED.path, NAMED.make([it, it])),
  it => replies.post(NAMED.path, { ...detectionOf([]), tenants: [{ insz: it, tenantRef: it }] }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), [it]: it }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), protocol: it }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), purpose: it }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), referenceDate: it }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), targetGroup: { id: it, version: it } }),
  it => replies.post(NAMED.path, { ...detectionOf([it]), nonce: it }),
  it => replies.post(GENERAL.path, { ...generalOf([it]), type: it }),
  it => replies.post(NAMED.path, NAMED.make([`${it}0`]), { key: it }),
  it => replies.post(NAMED.path, NAMED.make([it]), { headers: { 'x-request-id': it } }),
  it => replies.post(`${NAMED.path}?insz=${encodeURIComponent(it)}`, NAMED.make([it])),
  it => replies.post(NAMED.path, `{"tenants":[{"insz":"${it}"`),
  it => replies.post(NAMED.path, `${it}`),
  it => replies.post(NAMED.path, `"${it}"`, { headers: { 'content-type': `text/${it}` } }),
  it => replies.post('/v1/tenancies/ended', endOf(it)),
  it => replies.post('/v1/tenancies/ended', endOf(it, '2026-11-01')),
  it => replies.post(`/v1/feedback/${encodeURIComponent(it)}/progress`, { status: it, on: it }),
  it => replies.post('/v1/pseudonyms/evaluations', { domain: it, blinded: [it] }),
  async it => {
    const token = await tokenOf(gateway, 'woonboog')
    const id = encodeURIComponent(it)
    for (const path of [
      `/v1/messages/${id}`,
      `/v1/receipts/${id}`,
      `/v1/inbox?after=${id}`,
      `/${id}`,
    ]) {
      replies.keep(await call(gateway, 'GET', path, { token }))
    }
  },
  async it => replies.keep(await call(gateway, 'GET', '/v1/deliveries', { token: it })),
]

function endOf(written: string, endedOn = written): object {
  return { protocol: 'wm-vdab', items: [{ tenantRef: written, endedOn }] }
}

async function makeDue(): Promise<void> {
  // A destination that failed is left alone for a while.
  await gateway.db.pool.query('DELETE FROM circuit')
  await seedRows(gateway.db.pool, tx =>
    tx.query(
      `UPDATE hand_over SET due_at = now() - interval '1 second', claimed_until = NULL, attempts = 0,
         state = CASE WHEN state = 'parked' THEN 'retrying' ELSE state END
       WHERE state IN ('queued', 'retrying', 'parked')`,
    ),
  )
}

/** As the queue does it, its log included. */
async function forward(journey: Journey): Promise<void> {
  const { context } = gateway
  const { signal } = new AbortController()
  await steps
    .run(journey, () => handOverDue(context, 'vdab', signal))
    .catch(error => {
      context.log.error('a destination could not be served', faultOf(error))
    })
}

/** Numbers where they must not be, each in another form and place. */
async function plant(planted: readonly string[]): Promise<void> {
  const [inName, inBytes, inHex, inLog, atPeer] = planted as [
    string,
    string,
    string,
    string,
    string,
  ]
  const { pool } = gateway.db
  await pool.query('UPDATE party SET name = $1', [FORMS.dotted(inName)])
  await pool.query('CREATE TABLE bullmq.planted (bytes bytea, data jsonb)')
  const data = { hex: Buffer.from(inHex).toString('hex') }
  await pool.query('INSERT INTO bullmq.planted VALUES ($1, $2)', [Buffer.from(inBytes), data])
  gateway.context.log.debug('planted', { it: Buffer.from(inLog).toString('base64') })
  await fetch(`${gateway.vdab.url}/planted`, { headers: { 'x-number': FORMS.spaced(atPeer) } })
}
