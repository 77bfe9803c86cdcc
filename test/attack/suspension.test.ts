import { join } from 'node:path'
import { resumeHeld } from '../../src/exchange/halt.ts'
import { expireInteractions } from '../../src/exchange/settle.ts'
import { detection, forwardedTo, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { type Company, resign, type TestGateway, testGateway, until } from '../support/gateway.ts'
import {
  assertConserved,
  closePeriod,
  daysAgo,
  endTenancies,
  entriesOf,
  giveFeedback,
  handOversOf,
  holdSettling,
  hurry,
  isIn,
  post,
  suspend,
  tagsOf,
} from './kit.ts'

/** An accession that is suspended: what is on its way waits, once, and its clock stands still. */
let gateway: TestGateway
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
afterEach(async () => {
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  for (const hook of Object.values(gateway.hooks)) hook.reply = () => ({ status: 202, body: {} })
  for (const id of ['wm-vdab', 'wm-vdab-woonboog', 'wm-vdab-leefgoed']) await suspend(gateway, id)
  await until('nothing is held by a suspension', async () => {
    // Where nothing settles by itself, what was under way when a test suspended waits for this.
    await resumeHeld(gateway.context)
    const { rows } = await gateway.db.pool.query(
      "SELECT 1 FROM hand_over WHERE state = 'held' AND reason LIKE 'HB-%'",
    )
    return rows.length === 0
  })
  await assertConserved(gateway)
})
afterAll(async () => {
  await gateway.close()
})

const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}
/** What a company received but for the events about the protocol itself. */
const messagesTo = (company: Company) =>
  gateway.hooks[company].received.filter(
    ({ body }) => !String(body['type']).startsWith('be.huisbrug.protocol.'),
  )
const rounds = () => new Promise(resolve => setTimeout(resolve, 2_500))

test('new messages wait with 503, what is under way is held with one entry, and goes on', async () => {
  gateway.vdab.reply = () => ({ status: 503 })
  const { messageId } = await gateway.clients.woonboog.detect(detection(some(2)))
  await until('it waits', () => isIn(gateway, messageId, 'retrying'))
  await suspend(gateway, 'wm-vdab-woonboog', { from: daysAgo(1), until: null })
  const refused = await post(gateway, 'woonboog', '/v1/detections', detection(some(1)))
  expect(refused).toMatchObject({ status: 503, body: { code: 'HB-307' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const other = await post(gateway, 'leefgoed', '/v1/detections', detection(some(1)))
  expect(other.status).toBe(202)
  await hurry(gateway)
  await until('it is held', () => isIn(gateway, messageId, 'held'))
  await rounds()
  expect(await entriesOf(gateway, messageId, 'message.held')).toHaveLength(1)
  expect(await entriesOf(gateway, messageId, 'message.resumed')).toHaveLength(0)
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await suspend(gateway, 'wm-vdab-woonboog')
  await until('it goes on', () => isIn(gateway, messageId, 'delivered'))
  expect(await entriesOf(gateway, messageId, 'message.resumed')).toHaveLength(1)
})

test('feedback for its tenants is taken and held with one entry, not refused', async () => {
  const [suspended, free] = [some(1), some(1)]
  const { messageId } = await gateway.clients.woonboog.detect(detection(suspended))
  const { messageId: other } = await gateway.clients.leefgoed.detect(detection(free))
  const tags = [...(await tagsOf(gateway, messageId)), ...(await tagsOf(gateway, other))]
  await suspend(gateway, 'wm-vdab-woonboog', { from: daysAgo(1), until: null })
  const before = messagesTo('woonboog').length
  const sent = await giveFeedback(gateway, tags)
  expect(sent).toMatchObject({ accepted: 2, refused: [] })
  await until('one is delivered, the other held', async () => {
    const states = (await handOversOf(gateway, sent.messageId)).map(it => it.state)
    return states.toSorted().join() === 'delivered,held'
  })
  await rounds()
  expect(messagesTo('woonboog')).toHaveLength(before)
  expect(await entriesOf(gateway, sent.messageId, 'message.held')).toHaveLength(1)
  const inbox = await gateway.clients.woonboog.inbox()
  expect(new Set(inbox.items.map(({ type }) => type))).toEqual(
    new Set(['be.huisbrug.protocol.suspended', 'be.huisbrug.protocol.resumed']),
  )
  await suspend(gateway, 'wm-vdab-woonboog')
  await until('it arrives', () => messagesTo('woonboog').length === before + 1)
  expect(await entriesOf(gateway, sent.messageId, 'message.resumed')).toHaveLength(1)
})

test('two current routes, one of a suspended company: to nobody, and after to the one left', async () => {
  const [person] = some(1)
  const moved = { ...person!, tenantRef: `moved-${next}` }
  const { messageId } = await gateway.clients.woonboog.detect(detection([person!]))
  await gateway.clients.leefgoed.detect(detection([moved]))
  const [tag] = await tagsOf(gateway, messageId)
  await suspend(gateway, 'wm-vdab-woonboog', { from: daysAgo(1), until: null })
  const counts = () => [messagesTo('woonboog').length, messagesTo('leefgoed').length]
  const before = counts()
  const sent = await giveFeedback(gateway, [tag!])
  expect(sent.accepted).toBe(1)
  await rounds()
  expect(counts()).toEqual(before)
  expect(await handOversOf(gateway, sent.messageId)).toMatchObject([
    { state: 'held', reason: 'two-routes' },
  ])
  expect(await entriesOf(gateway, sent.messageId, 'exception.opened')).toHaveLength(1)
  await endTenancies(gateway, 'leefgoed', [moved])
  await until('it is held for the one left', async () => {
    const [handOver] = await handOversOf(gateway, sent.messageId)
    return handOver?.state === 'held' && handOver.reason === 'HB-307'
  })
  expect(await entriesOf(gateway, sent.messageId, 'exception.closed')).toHaveLength(1)
  await suspend(gateway, 'wm-vdab-woonboog')
  await until('it arrives', () => counts()[0] === (before[0] ?? 0) + 1)
  expect(counts()[1]).toBe(before[1])
  expect(await entriesOf(gateway, sent.messageId, 'message.resumed')).toHaveLength(1)
})

describe('the window for an answer', () => {
  let settleAgain: () => Promise<void>
  beforeAll(async () => {
    settleAgain = await holdSettling(gateway)
  })
  afterAll(() => settleAgain())

  /** A request of 20 days ago, whose 14 days were over 6 days ago. */
  async function overdueRequest(): Promise<string> {
    const { messageId } = await gateway.clients.woonboog.detect(detection(some(1)))
    await forwardedTo(gateway, messageId)
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    return messageId
  }

  /** Looks for what expired, after moving one request into the past: it would be due six days ago. */
  async function isExpired(messageId: string): Promise<boolean> {
    const { pool } = gateway.db
    await pool.query(
      `UPDATE message SET received_at = now() - interval '20 days',
         answer_due_at = now() - interval '6 days' WHERE id = $1 AND answer_state = 'awaiting'`,
      [messageId],
    )
    await expireInteractions(gateway.context)
    const { rows } = await pool.query('SELECT answer_state FROM message WHERE id = $1', [messageId])
    return rows[0].answer_state === 'expired'
  }

  test.each(['wm-vdab', 'wm-vdab-woonboog'])(
    'stands still while %s is suspended, and runs on after',
    async id => {
      const messageId = await overdueRequest()
      await suspend(gateway, id, { from: daysAgo(7), until: null })
      expect(await isExpired(messageId)).toBe(false)
      await suspend(gateway, id, { from: daysAgo(15), until: daysAgo(0) })
      expect(await isExpired(messageId)).toBe(false)
      await suspend(gateway, id, { from: daysAgo(15), until: daysAgo(10) })
      expect(await isExpired(messageId)).toBe(true)
    },
  )

  test('does not stand still twice, for the framework and for the accession at once', async () => {
    const messageId = await overdueRequest()
    const span = { from: daysAgo(15), until: daysAgo(11) }
    await suspend(gateway, 'wm-vdab', span)
    await suspend(gateway, 'wm-vdab-woonboog', span)
    expect(await isExpired(messageId)).toBe(true)
  })

  test('does not stand still for the suspension of another company', async () => {
    const messageId = await overdueRequest()
    await suspend(gateway, 'wm-vdab-leefgoed', { from: daysAgo(20), until: null })
    expect(await isExpired(messageId)).toBe(true)
  })
})

test('an accession revoked before the number went out withdraws it, and each answer in it', async () => {
  const company = 'de-noorderkempen'
  gateway.hooks[company].reply = () => ({ status: 503 })
  const answers: string[] = []
  for (const _ of [1, 2]) {
    const { messageId } = await gateway.clients[company].detect(detection(some(10)))
    const { body } = await forwardedTo(gateway, messageId)
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    const requestDigest = String(body['requestDigest'])
    const { vdab } = gateway.clients
    answers.push((await vdab.answer(messageId, { requestDigest, found: 5 })).messageId)
  }
  await closePeriod(gateway, company, PERIOD)
  await until('the number waits', () => messagesTo(company).length === 1)
  resign(join(gateway.protocolsDir, `wm-vdab-${company}`), record => {
    const signature = record.signatures.find(it => it.party === company)
    record.signatures.push({ ...signature!, statement: 'revoke', date: TODAY })
  })
  await gateway.context.protocols.reload()
  await hurry(gateway)
  for (const messageId of answers) {
    await until('it is withdrawn', () => isIn(gateway, messageId, 'withdrawn'))
    expect(await entriesOf(gateway, messageId, 'message.withdrawn')).toHaveLength(1)
  }
  expect(messagesTo(company)).toHaveLength(1)
})
