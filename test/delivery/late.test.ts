import { handOverDue } from '../../src/delivery/hand-over.ts'
import { expireInteractions, settleOnce } from '../../src/exchange/settle.ts'
import {
  assertConserved,
  daysAgo,
  endTenancies,
  entriesOf,
  giveFeedback,
  handOversOf,
  hurry,
  isIn,
  post,
  tagsOf,
} from '../attack/kit.ts'
import { detection, forwardedTo, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { Reply } from '../support/peer.ts'

/** What happens to a hand-over while a try has it in hand, or after it was delivered. */
let gateway: TestGateway
let next = 0

beforeAll(async () => {
  gateway = await testGateway({
    framework: document => {
      document.modalities.periodClosesAfterDays = 366
    },
  })
  await openDomain(gateway)
})
afterEach(async () => {
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  for (const hook of Object.values(gateway.hooks)) hook.reply = () => ({ status: 202, body: {} })
  await assertConserved(gateway)
})
afterAll(async () => {
  await gateway.close()
})

const some = (count: number) => {
  next += count
  return tenants(next - count, count)
}

const callsFor = (messageId: string) =>
  gateway.vdab.to('/api/detections').filter(({ body }) => body['messageId'] === messageId)

/** Holds VDAB's reply to detections until told. */
function holdReply(): (reply: Reply) => void {
  let release: (reply: Reply) => void = () => {}
  const held = new Promise<Reply>(resolve => {
    release = resolve
  })
  gateway.vdab.reply = ({ path }) =>
    path.endsWith('/detections') ? held : { status: 202, body: {} }
  return release
}

describe('a tenancy that ends while its row is in hand', () => {
  test('does not go out with the next try, and what went is withdrawn with an entry', async () => {
    const release = holdReply()
    const people = some(3)
    const { messageId } = await gateway.clients.woonboog.detect(detection(people))
    await until('it is in hand', () => callsFor(messageId).length === 1)
    await endTenancies(gateway, 'woonboog', people.slice(0, 1))
    expect(await entriesOf(gateway, messageId, 'message.withdrawn')).toEqual([])
    release({ status: 503 })
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await until('it waits', () => isIn(gateway, messageId, 'retrying'))
    await hurry(gateway)
    await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
    expect(callsFor(messageId).map(({ body }) => (body['rows'] as object[]).length)).toEqual([3, 2])
    expect(await handOversOf(gateway, messageId)).toMatchObject([{ items: 2, withdrawn: 1 }])
    expect(await entriesOf(gateway, messageId, 'message.withdrawn')).toMatchObject([
      { counts: { items: 1 }, reason: 'tenancy-ended' },
    ])
  })

  test('and was the only one: nothing goes out, and nobody waits for an answer', async () => {
    const release = holdReply()
    const people = some(1)
    const { messageId } = await gateway.clients.woonboog.detect(detection(people))
    await until('it is in hand', () => callsFor(messageId).length === 1)
    await endTenancies(gateway, 'woonboog', people)
    release({ status: 503 })
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await until('it waits', () => isIn(gateway, messageId, 'retrying'))
    await hurry(gateway)
    await until('it is withdrawn', () => isIn(gateway, messageId, 'withdrawn'))
    expect(callsFor(messageId)).toHaveLength(1)
    const { rows } = await gateway.db.pool.query('SELECT answer_state FROM message WHERE id = $1', [
      messageId,
    ])
    expect(rows).toEqual([{ answer_state: null }])
    expect(await entriesOf(gateway, messageId, 'message.withdrawn')).toHaveLength(1)
  })
})

describe('a tenancy that ends while all waits', () => {
  test('leaves an entry for the request and for the feedback that lost something', async () => {
    gateway.vdab.reply = () => ({ status: 503 })
    gateway.hooks.woonboog.reply = () => ({ status: 503 })
    const people = some(2)
    const { messageId } = await gateway.clients.woonboog.detect(detection(people))
    await until('it waits', () => isIn(gateway, messageId, 'retrying'))
    const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
    await until('feedback waits', async () => {
      const states = (await handOversOf(gateway, sent.messageId)).map(it => it.state)
      return states.join() === 'retrying,retrying'
    })
    await endTenancies(gateway, 'woonboog', people.slice(1))
    for (const id of [messageId, sent.messageId]) {
      expect(await entriesOf(gateway, id, 'message.withdrawn')).toMatchObject([
        { counts: { items: 1 }, reason: 'tenancy-ended', actor: { party: 'woonboog' } },
      ])
    }
  })

  test('in the future, it is refused as a whole and ends nothing', async () => {
    const people = some(2)
    await gateway.clients.woonboog.detect(detection(people))
    const tomorrow = daysAgo(-1).toISOString().slice(0, 10)
    const [first, second] = people
    const items = [
      { tenantRef: first!.tenantRef, endedOn: TODAY },
      { tenantRef: second!.tenantRef, endedOn: tomorrow },
    ]
    const body = { protocol: 'wm-vdab', items }
    const reply = await post(gateway, 'woonboog', '/v1/tenancies/ended', body)
    expect(reply).toMatchObject({ status: 400, body: { code: 'HB-202' } })
    expect(reply.body.errors).toMatchObject([{ pointer: '/items/1/endedOn' }])
    expect(await endTenancies(gateway, 'woonboog', people)).toMatchObject({ accepted: 2 })
  })
})

test('an answer is evidence at the request that it answers', async () => {
  const { messageId } = await gateway.clients.woonboog.detect(detection(some(2)))
  const { body } = await forwardedTo(gateway, messageId)
  const requestDigest = String(body['requestDigest'])
  await gateway.clients.vdab.answer(messageId, { requestDigest, found: 2 })
  const entries = await entriesOf(gateway, messageId, 'message.answered')
  expect(entries).toMatchObject([{ recipient: 'woonboog' }])
  expect(JSON.stringify(entries)).not.toContain('found')
})

test('2xx that comes after the request expired counts as delivered', async () => {
  const release = holdReply()
  const { messageId } = await gateway.clients.woonboog.detect(detection(some(2)))
  await until('it is in hand', () => callsFor(messageId).length === 1)
  await gateway.db.pool.query(
    "UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id = $1",
    [messageId],
  )
  await expireInteractions(gateway.context)
  expect(await isIn(gateway, messageId, 'expired')).toBe(true)
  release({ status: 202, body: {} })
  await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
  expect(await gateway.clients.woonboog.message(messageId)).toMatchObject({
    state: 'expired',
    items: { accepted: 2, delivered: 2, expired: 0 },
  })
})

describe('what was delivered', () => {
  test('stays delivered when it is asked for again and that fails', async () => {
    const { leefgoed, vdab } = gateway.clients
    const hook = gateway.hooks.leefgoed
    const people = some(1)
    const { messageId } = await leefgoed.detect(detection(people))
    const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
    await until('it is delivered', () => isIn(gateway, sent.messageId, 'delivered'))
    const [delivery] = await handOversOf(gateway, sent.messageId)
    const delivered = { accepted: 1, delivered: 1, pending: 0, parked: 0, withdrawn: 0 }
    for (const status of [503, 422, 410]) {
      hook.reply = () => ({ status })
      const before = hook.received.length
      await leefgoed.retryDelivery(delivery!.id)
      expect((await vdab.message(sent.messageId)).items).toMatchObject(delivered)
      await until('it was tried', () => hook.received.length > before)
      await until('the outcome is recorded', async () => {
        const { rows } = await gateway.db.pool.query(
          'SELECT last_status FROM hand_over WHERE id = $1',
          [delivery!.id],
        )
        return rows[0].last_status === status
      })
      expect((await vdab.message(sent.messageId)).items).toMatchObject(delivered)
    }
    await leefgoed.setWebhook({ url: `${hook.url}/webhook` })
    await leefgoed.retryDelivery(delivery!.id)
    await endTenancies(gateway, 'leefgoed', people)
    await hurry(gateway)
    await until('it is left alone', async () => {
      const [handOver] = await handOversOf(gateway, sent.messageId)
      return handOver?.state === 'delivered'
    })
    expect((await vdab.message(sent.messageId)).items).toMatchObject(delivered)
  })
})

describe('the turn of a month', () => {
  test('a first request without her does not withdraw what is on its way about her', async () => {
    const today = new Date()
    const lastMonth = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 0))
    const referenceDate = lastMonth.toISOString().slice(0, 10)
    const company = gateway.clients['de-noorderkempen']
    const hook = gateway.hooks['de-noorderkempen']
    hook.reply = () => ({ status: 503 })
    const people = some(2)
    const { messageId } = await company.detect(detection(people, { referenceDate }))
    const tags = await tagsOf(gateway, messageId)
    const sent = await giveFeedback(gateway, tags.slice(0, 1))
    await until('it waits', () => isIn(gateway, sent.messageId, 'retrying'))
    await company.detect(detection(some(1)))
    await settleOnce(gateway.context)
    hook.reply = () => ({ status: 202, body: {} })
    await hurry(gateway)
    await until('it is delivered', () => isIn(gateway, sent.messageId, 'delivered'))
    expect(await giveFeedback(gateway, tags.slice(1))).toMatchObject({ accepted: 1 })
    // Once the month without her is complete, she is no tenant of whom anything is told.
    await company.closePeriod('wm-vdab', TODAY.slice(0, 7))
    expect(await giveFeedback(gateway, tags.slice(0, 1))).toMatchObject({
      accepted: 0,
      refused: [{ code: 'HB-405' }],
    })
  })
})

test('a webhook removed between the claim and the call: the event waits for the inbox', async () => {
  const { woonboog } = gateway.clients
  gateway.hooks.woonboog.reply = () => ({ status: 503 })
  const { messageId } = await woonboog.detect(detection(some(1)))
  const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
  await until('it waits', () => isIn(gateway, sent.messageId, 'retrying'))
  const [handOver] = await handOversOf(gateway, sent.messageId)
  const { pool } = gateway.context
  // Goes away in the instant after the claim committed, before the address is read.
  const query = async (text: string, values: unknown[]) => {
    if (text.includes('url FROM webhook')) await woonboog.deleteWebhook()
    return pool.query(text, values)
  }
  const connect = () => pool.connect()
  const context = { ...gateway.context, pool: { query, connect } as unknown as typeof pool }
  await gateway.db.pool.query(
    "UPDATE hand_over SET due_at = now() + interval '1 hour' WHERE destination = 'woonboog' AND id <> $1",
    [handOver!.id],
  )
  // The gateway's own worker may be first; then the webhook is still there and there is another turn.
  await until('our own worker had it', async () => {
    await gateway.db.pool.query('UPDATE hand_over SET due_at = now() WHERE id = $1', [handOver!.id])
    await handOverDue(context, 'woonboog', new AbortController().signal)
    return (await handOversOf(gateway, sent.messageId))[0]?.reason !== 'http-503'
  })
  expect(await handOversOf(gateway, sent.messageId)).toMatchObject([
    { state: 'retrying', reason: 'no-webhook' },
  ])
  const { items } = await woonboog.inbox()
  expect(items.map(({ id }) => id)).toContain(handOver!.id)
})

test('a party that was disabled receives nothing more', async () => {
  const { messageId } = await gateway.clients.leefgoed.detect(detection(some(1)))
  const tags = await tagsOf(gateway, messageId)
  const before = gateway.hooks.leefgoed.received.length
  await gateway.context.parties.disable('leefgoed')
  const sent = await giveFeedback(gateway, tags)
  await new Promise(resolve => setTimeout(resolve, 2_500))
  expect(gateway.hooks.leefgoed.received).toHaveLength(before)
  expect(await handOversOf(gateway, sent.messageId)).toMatchObject(
    sent.accepted ? [{ state: 'queued', attempts: 0 }] : [],
  )
})
