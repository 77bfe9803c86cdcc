import { Webhook } from 'standardwebhooks'
import { type Envelope, newNonce } from '../../src/client/index.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'

const TODAY = new Date().toISOString().slice(0, 10)
const PERIOD = TODAY.slice(0, 7)
const GROUP = { id: 'tenants-with-labour-potential', version: '1.0' }

function detection(tenants: ReturnType<typeof tenant>[]) {
  return {
    protocol: 'wm-vdab',
    purpose: 'detection',
    referenceDate: TODAY,
    targetGroup: GROUP,
    tenants,
  }
}

/** Tenants 0 to 39; VDAB's register knows the even ones and people who are no tenants. */
const TENANTS = Array.from({ length: 40 }, (_, index) => tenant(index))
const REGISTER = Array.from({ length: 40 }, (_, index) => syntheticNumber(index * 2))

describe('a protocol that grants counts', () => {
  let gateway: TestGateway
  let register: TestRegister

  beforeAll(async () => {
    gateway = await testGateway()
    register = await prepareTestRegister(gateway, REGISTER)
  })
  afterAll(async () => {
    register?.close()
    await gateway?.close()
  })

  test('a request goes to VDAB as sealed rows that open only for people it knows', async () => {
    const { woonboog } = gateway.clients
    const accepted = await woonboog.detect(detection(TENANTS))
    expect(accepted).toMatchObject({ state: 'accepted', accepted: 40, refused: [] })
    const [forwarded] = await until('the request is forwarded', () => {
      const calls = gateway.vdab.to('/api/detections')
      return calls.length > 0 && calls
    })
    if (!forwarded) throw new Error('not forwarded')
    expect(forwarded.headers['idempotency-key']).toBe(accepted.messageId)
    const rows = forwarded.body['rows'] as { rowId: string }[]
    expect(rows).toHaveLength(40)
    expect(rows.map(row => Buffer.from(row.rowId, 'base64url').toString('hex'))).toEqual(
      rows.map(row => Buffer.from(row.rowId, 'base64url').toString('hex')).toSorted(),
    )
    for (const { insz } of TENANTS) expect(forwarded.raw).not.toContain(insz)
    const opened = await register.open(forwarded)
    expect(opened).toHaveLength(20)
    expect(opened[0]?.content).toEqual({ tenantGround: 'art-6.1-1-a', referenceDate: TODAY })

    const answer = { requestDigest: String(forwarded.body['requestDigest']), found: opened.length }
    const answered = await gateway.clients.vdab.answer(accepted.messageId, answer)
    expect(answered).toMatchObject({ state: 'accepted', accepted: 1 })
    const { rows: left } = await gateway.db.pool.query(
      'SELECT count(*)::int AS n FROM detection_row',
    )
    expect(left[0].n).toBe(0)
  })

  test('the number goes out once, after the period is closed, and not before', async () => {
    const { woonboog } = gateway.clients
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(gateway.hooks.woonboog.received).toHaveLength(0)
    await woonboog.closePeriod('wm-vdab', PERIOD)
    await woonboog.closePeriod('wm-vdab', PERIOD)
    await until('the number arrives', () => gateway.hooks.woonboog.received.length > 0)
    const { body } = gateway.hooks.woonboog.received[0]!
    expect(body).toMatchObject({
      type: 'be.huisbrug.detection.answered',
      data: { protocol: 'wm-vdab', period: PERIOD, purpose: 'detection', tenants: 40 },
    })
    // 20 of 40, with noise of scale 5, rounded; suppressed where the noise goes far.
    const { found, suppressed } = body['data'] as { found: number | null; suppressed: boolean }
    expect(suppressed).toBe(found === null)
    expect((found ?? 0) % 5).toBe(0)
    await expect(woonboog.detect(detection([tenant(500)]))).rejects.toMatchObject({
      code: 'HB-509',
    })
  })

  test('feedback reaches the one housing company, signed, and its progress comes back', async () => {
    const { vdab, woonboog, leefgoed } = gateway.clients
    const [forwarded] = gateway.vdab.to('/api/detections')
    const [known] = await register.open(forwarded!)
    const sent = await vdab.feedback({
      protocol: 'wm-vdab',
      domain: register.domain,
      items: [
        { tag: known!.tag, reachability: 'hard-to-reach', establishedOn: TODAY },
        {
          tag: Buffer.alloc(16, 7).toString('base64url'),
          reachability: 'not-reached',
          establishedOn: TODAY,
        },
      ],
    })
    expect(sent).toMatchObject({
      accepted: 1,
      refused: [{ index: 1, code: 'HB-405', pointer: '/items/1/tag' }],
    })

    const hook = gateway.hooks.woonboog
    const received = await until('the webhook arrives', () =>
      hook.received.find(it => it.body['type'] === 'be.huisbrug.feedback.reachability'),
    )
    const verified = new Webhook(gateway.webhookSecrets.woonboog).verify(
      received.raw,
      received.headers as Record<string, string>,
    ) as Envelope
    const data = verified.data as Record<string, string>
    expect(Object.keys(data).toSorted()).toEqual([
      'establishedOn',
      'feedbackId',
      'protocol',
      'purpose',
      'reachability',
      'tenantRef',
    ])
    expect(data).toMatchObject({
      reachability: 'hard-to-reach',
      establishedOn: TODAY,
      purpose: 'follow-up',
    })
    expect(TENANTS.map(it => it.tenantRef)).toContain(data['tenantRef'])
    expect(gateway.hooks.leefgoed.received).toHaveLength(0)

    const feedbackId = data['feedbackId']!
    await expect(
      leefgoed.progress(feedbackId, { status: 'taken-up', on: TODAY }),
    ).rejects.toMatchObject({ code: 'HB-506' })
    await woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY })
    await woonboog.progress(feedbackId, { status: 'closed', on: TODAY })
    await expect(
      woonboog.progress(feedbackId, { status: 'taken-up', on: TODAY }, { idempotencyKey: 'again' }),
    ).rejects.toMatchObject({ code: 'HB-507' })
  })

  test('after the tenancy ended VDAB is told, and feedback has nowhere to go', async () => {
    const { vdab, woonboog } = gateway.clients
    const [forwarded] = gateway.vdab.to('/api/detections')
    const [known] = await register.open(forwarded!)
    const item = { tag: known!.tag, reachability: 'not-reached' as const, establishedOn: TODAY }
    const ended = await woonboog.tenanciesEnded({
      protocol: 'wm-vdab',
      items: [
        ...TENANTS.map(({ tenantRef }) => ({ tenantRef, endedOn: TODAY })),
        { tenantRef: 'nobody', endedOn: TODAY },
      ],
    })
    expect(ended).toMatchObject({
      accepted: 40,
      refused: [{ index: 40, tenantRef: 'nobody', code: 'HB-406' }],
    })
    const [told] = await until('VDAB is told', () => {
      const calls = gateway.vdab.to('/api/tenancies/ended')
      return calls.length > 0 && calls
    })
    expect((told!.body['items'] as object[]).length).toBe(40)
    const sent = await vdab.feedback({
      protocol: 'wm-vdab',
      domain: register.domain,
      items: [item],
    })
    expect(sent).toMatchObject({ accepted: 0, refused: [{ code: 'HB-405' }] })
  })

  test('the sender follows its message, gets a receipt with a proof, and all items balance', async () => {
    const { woonboog, leefgoed, vdab } = gateway.clients
    const messageId = String(gateway.vdab.to('/api/detections')[0]!.body['messageId'])
    const state = await woonboog.message(messageId)
    expect(state).toMatchObject({
      type: 'detection.request',
      state: 'answered',
      items: { accepted: 40, delivered: 40 },
    })
    for (const other of [leefgoed, vdab]) {
      await expect(other.message(messageId)).rejects.toMatchObject({ code: 'HB-503' })
    }
    const receipt = await until('the proof', async () => {
      const found = await woonboog.receipt(messageId)
      return found.proof === null ? undefined : found
    })
    const payload = await gateway.context.signing.verifyReceipt(receipt.receipt)
    expect(payload).toMatchObject({ messageId, decision: 'accepted', protocol: 'wm-vdab' })
    expect(receipt.proof).toMatch(/^c2sp\.org\/tlog-proof@v1\n/)
    const balances = await until('nothing is pending', async () => {
      const found = await readBalances(gateway.db.pool)
      return found.every(balance => balance.pending === 0) && found
    })
    expect(balances.filter(balance => !balance.balanced)).toEqual([])
    expect(balances.find(balance => balance.protocol === 'wm-vdab')).toMatchObject({
      pending: 0,
      parked: 0,
    })
  })

  test('nothing that is stored or logged holds a national number', async () => {
    const dump = gateway.logged.join('\n')
    for (const { insz } of TENANTS) expect(dump).not.toContain(insz)
  })
})

describe('a protocol that grants answers per person', () => {
  let gateway: TestGateway
  let register: TestRegister

  beforeAll(async () => {
    gateway = await testGateway({
      framework: document => {
        document.modalities.granularity = 'person'
      },
    })
    register = await prepareTestRegister(gateway, REGISTER)
  })
  afterAll(async () => {
    register?.close()
    await gateway?.close()
  })

  test('each tenant gets found or not-found, and the answer comes once', async () => {
    const { woonboog, vdab } = gateway.clients
    const accepted = await woonboog.detect(detection(TENANTS))
    const forwarded = await until('forwarded', () => gateway.vdab.to('/api/detections')[0])
    expect(forwarded.body['granularity']).toBe('person')
    const found = (await register.open(forwarded)).map(row => row.rowId)
    const requestDigest = String(forwarded.body['requestDigest'])

    const outside = Buffer.alloc(16, 1).toString('base64url')
    await expect(
      vdab.answer(
        accepted.messageId,
        { requestDigest, found: [...found, outside] },
        { idempotencyKey: 'a' },
      ),
    ).rejects.toMatchObject({ code: 'HB-407' })
    await expect(
      vdab.answer(accepted.messageId, { requestDigest, found: 3 }, { idempotencyKey: 'b' }),
    ).rejects.toMatchObject({ code: 'HB-315' })
    await expect(
      vdab.answer(
        accepted.messageId,
        { requestDigest: newNonce(), found },
        { idempotencyKey: 'c' },
      ),
    ).rejects.toMatchObject({ code: 'HB-505' })
    await vdab.answer(accepted.messageId, { requestDigest, found })
    await expect(
      vdab.answer(accepted.messageId, { requestDigest, found }, { idempotencyKey: 'd' }),
    ).rejects.toMatchObject({ code: 'HB-502' })

    const received = await until('the answer arrives', () => gateway.hooks.woonboog.received[0])
    const { results } = received.body['data'] as {
      results: { tenantRef: string; result: string }[]
    }
    expect(new Map(results.map(it => [it.tenantRef, it.result]))).toEqual(
      new Map(TENANTS.map((it, index) => [it.tenantRef, index % 2 === 0 ? 'found' : 'not-found'])),
    )
    const state = await woonboog.message(accepted.messageId)
    expect(state.state).toBe('answered')
  })
})
