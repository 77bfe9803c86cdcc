import {
  closePeriod,
  entriesOf,
  giveFeedback,
  handOversOf,
  isIn,
  post,
  tagsOf,
} from '../attack/kit.ts'
import { detection, forwardedTo, openDomain, PERIOD, tenants } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { seedRows } from '../support/seed.ts'
import {
  assertBalanced,
  change,
  countEntries,
  delivered,
  isNotice,
  queueEvents,
  revoke,
  sleep,
  states,
  watchBalance,
} from './kit.ts'

/** What an agreement took back: everything open under it is withdrawn, with the code and evidence. */
const TWO_ROUNDS = 3_500
let gateway: TestGateway
afterEach(() => gateway.close())

test('in mid-flight, framework and all: withdrawn with the reason, nothing delivered after', async () => {
  gateway = await testGateway()
  await openDomain(gateway)
  for (const hook of Object.values(gateway.hooks)) {
    hook.reply = async () => {
      await sleep(15)
      return { status: 202, body: {} }
    }
  }
  gateway.vdab.reply = () => ({ status: 503 })
  const balance = watchBalance(gateway)
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(0, 5)))
  await until('it waits', () => isIn(gateway, messageId, 'retrying'))
  for (const company of COMPANIES) await queueEvents(gateway, company, 700)
  await until('it is under way', () => delivered(gateway).length > 50)
  await revoke(gateway, 'wm-vdab', 'vdab')
  const doneAt = Date.now()
  await until(
    'nothing is open',
    async () => Object.keys(await states(gateway)).every(it => /^(delivered|withdrawn)/.test(it)),
    10,
  )
  const found = await states(gateway)
  expect(Object.keys(found).toSorted()).toEqual(['delivered', 'withdrawn HB-306'])
  expect(found['withdrawn HB-306']).toBe(await countEntries(gateway, 'message.withdrawn', 'HB-306'))
  expect(delivered(gateway).filter(({ at }) => at > doneAt + 500)).toEqual([])
  // A request that never left waits for no answer, and its sealed rows are gone.
  const { rows } = await gateway.db.pool.query(
    'SELECT answer_state, (SELECT count(*)::int FROM detection_row) AS rows FROM message WHERE id = $1',
    [messageId],
  )
  expect(rows).toEqual([{ answer_state: null, rows: 0 }])
  await balance.stop()
  await assertBalanced(gateway)
}, 120_000)

describe('without webhooks', () => {
  beforeEach(async () => {
    gateway = await testGateway({ webhooks: false })
    await openDomain(gateway)
  })

  test('what waits in the inbox of a company is withdrawn within two rounds; others keep theirs', async () => {
    const people = [tenants(10, 2), tenants(20, 2)]
    const { messageId } = await gateway.clients.woonboog.detect(detection(people[0]!))
    const { messageId: other } = await gateway.clients.leefgoed.detect(detection(people[1]!))
    const tags = [...(await tagsOf(gateway, messageId)), ...(await tagsOf(gateway, other))]
    const sent = await giveFeedback(gateway, tags)
    expect(sent.accepted).toBe(4)
    expect((await gateway.clients.woonboog.inbox()).items).toHaveLength(2)
    await revoke(gateway, 'wm-vdab-woonboog', 'woonboog')
    const handOvers = await until('hers are withdrawn', async () => {
      const all = await handOversOf(gateway, sent.messageId)
      return all.filter(({ state }) => state === 'withdrawn').length === 2 && all
    })
    expect(handOvers.map(it => `${it.state} ${it.reason}`).toSorted()).toEqual([
      'queued null',
      'queued null',
      'withdrawn HB-306',
      'withdrawn HB-306',
    ])
    expect(await entriesOf(gateway, sent.messageId, 'message.withdrawn')).toMatchObject([
      { code: 'HB-306', decision: 'refused', recipient: 'woonboog' },
      { code: 'HB-306', decision: 'refused', recipient: 'woonboog' },
    ])
    expect((await gateway.clients.woonboog.inbox()).items).toEqual([])
    expect((await gateway.clients.leefgoed.inbox()).items).toHaveLength(2)
    await assertBalanced(gateway)
  })

  test('what a suspension holds is withdrawn when the signature is taken back meanwhile', async () => {
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(30, 2)))
    const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
    await change(gateway, 'suspend', 'wm-vdab-woonboog')
    await until('an inbox-only company sees it held', () => isIn(gateway, sent.messageId, 'held'))
    expect(await entriesOf(gateway, sent.messageId, 'message.held')).toHaveLength(2)
    const { items } = await gateway.clients.woonboog.inbox()
    expect(items.map(({ type }) => type)).toEqual(['be.huisbrug.protocol.suspended'])
    await revoke(gateway, 'wm-vdab-woonboog', 'vdab')
    await until('it is withdrawn', () => isIn(gateway, sent.messageId, 'withdrawn'))
    expect(await entriesOf(gateway, sent.messageId, 'message.withdrawn')).toHaveLength(2)
    await expect(change(gateway, 'resume', 'wm-vdab-woonboog')).rejects.toMatchObject({
      code: 'ended',
    })
  })

  test('what is parked stays with the person who looks at it', async () => {
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(40, 1)))
    const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
    await seedRows(gateway.db.pool, tx =>
      tx.query("UPDATE hand_over SET state = 'parked' WHERE message_id = $1", [sent.messageId]),
    )
    await revoke(gateway, 'wm-vdab-woonboog', 'woonboog')
    await sleep(TWO_ROUNDS)
    expect(await isIn(gateway, sent.messageId, 'parked')).toBe(true)
    expect((await gateway.clients.woonboog.inbox()).items).toEqual([])
  })

  test('answers that wait for their month, the number of it, and requests still open all end', async () => {
    const ids: string[] = []
    for (const first of [50, 60]) {
      const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(first, 10)))
      await forwardedTo(gateway, messageId)
      await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
      ids.push(messageId)
    }
    const [answered = '', open = ''] = ids
    const { body } = await forwardedTo(gateway, answered)
    const answer = { requestDigest: String(body['requestDigest']), found: 6 }
    const { messageId } = await gateway.clients.vdab.answer(answered, answer)
    expect(await isIn(gateway, messageId, 'held')).toBe(true)
    await closePeriod(gateway, 'woonboog', PERIOD)
    await revoke(gateway, 'wm-vdab-woonboog', 'woonboog')
    await until('the answer is withdrawn', () => isIn(gateway, messageId, 'withdrawn'))
    expect(await handOversOf(gateway, messageId)).toMatchObject([{ reason: 'HB-306' }])
    await until('the request is over', async () => {
      return (await entriesOf(gateway, open, 'message.expired')).length === 1
    })
    const { rows } = await gateway.db.pool.query(
      `SELECT released_at IS NOT NULL AS over, found, (SELECT count(*)::int FROM detection_row) AS rows
       FROM period_close`,
    )
    expect(rows).toEqual([{ over: true, found: null, rows: 0 }])
    expect(await countEntries(gateway, 'counts.released')).toBe(0)
    const late = { requestDigest: answer.requestDigest, found: 1, nonce: 'x'.repeat(43) }
    const refused = await post(gateway, 'vdab', `/v1/detections/${open}/answer`, late)
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect((await gateway.clients.woonboog.inbox()).items).toEqual([])
    await assertBalanced(gateway)
  })

  test('while it is suspended the number of a month waits, and comes after', async () => {
    const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(80, 10)))
    const { body } = await forwardedTo(gateway, messageId)
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    const answer = { requestDigest: String(body['requestDigest']), found: 6 }
    await gateway.clients.vdab.answer(messageId, answer)
    await closePeriod(gateway, 'woonboog', PERIOD)
    await change(gateway, 'suspend', 'wm-vdab-woonboog')
    await sleep(TWO_ROUNDS)
    const inbox = async () => (await gateway.clients.woonboog.inbox()).items.map(it => it.type)
    expect(await inbox()).not.toContain('be.huisbrug.detection.answered')
    await change(gateway, 'resume', 'wm-vdab-woonboog')
    await until('it comes', async () => (await inbox()).includes('be.huisbrug.detection.answered'))
  })
})

test('one who is told: VDAB finds notices in its inbox, and a revocation tells nobody', async () => {
  gateway = await testGateway()
  await change(gateway, 'suspend', 'wm-vdab', 'Under investigation')
  const { items } = await gateway.clients.vdab.inbox()
  expect(items).toMatchObject([
    {
      type: 'be.huisbrug.protocol.suspended',
      data: { protocol: 'wm-vdab', version: '1.0.0', reason: 'Under investigation' },
    },
  ])
  expect(items[0]?.subject).toBe(items[0]?.id)
  await gateway.clients.vdab.acknowledge(items[0]?.id ?? '')
  expect((await gateway.clients.vdab.inbox()).items).toEqual([])
  await until('companies were told', () =>
    Object.values(gateway.hooks).every(hook => hook.received.filter(isNotice).length === 1),
  )
  expect(gateway.vdab.received).toEqual([])
})
