import { verifyWebhook, WebhookError } from '../../src/client/index.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import {
  assertConserved,
  entriesOf,
  giveFeedback,
  handOversOf,
  isIn,
  tagsOf,
} from '../attack/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { Received } from '../support/peer.ts'
import { deliveryOf, forgetAll, sendTest, untilState, untilTried } from './kit.ts'

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
beforeEach(async () => {
  await forgetAll(gateway)
  const hook = gateway.hooks.woonboog
  hook.received.length = 0
  hook.reply = () => ({ status: 204 })
  await gateway.clients.woonboog.setWebhook({ url: `${hook.url}/webhook` })
})
afterAll(() => gateway.close())

const hook = () => gateway.hooks.woonboog
const company = () => gateway.clients.woonboog

/** Feedback about a new tenant of woonboog: the message and the hand-over to it. */
async function feedback(): Promise<{ messageId: string; id: string }> {
  next += 1
  const { messageId } = await company().detect(detection(tenants(next, 1)))
  const sent = await giveFeedback(gateway, await tagsOf(gateway, messageId))
  const [handOver] = await handOversOf(gateway, sent.messageId)
  return { messageId: sent.messageId, id: handOver!.id }
}

const isSignedBy = ({ headers, raw }: Received, secret: string) => {
  try {
    verifyWebhook(headers, Buffer.from(raw), { secrets: [secret] })
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookError)
    return false
  }
}

describe('410', () => {
  test('ends the webhook and tells all concerned; events wait in the inbox, and go once it is set', async () => {
    hook().reply = () => ({ status: 410 })
    const { id } = await feedback()
    await untilTried(gateway, id)
    expect(await company().getWebhook()).toMatchObject({ state: 'gone' })
    const { items: deliveries } = await company().deliveries({ limit: 1 })
    expect(deliveries).toMatchObject([
      { deliveryId: id, state: 'retrying', lastStatus: 410, reason: 'http-410', nextAt: null },
    ])
    const exceptions = () =>
      gateway.db.pool.query(
        "SELECT parties, closed_at IS NOT NULL AS closed FROM exception WHERE kind = 'webhook-gone' ORDER BY id DESC LIMIT 1",
      )
    expect((await exceptions()).rows).toEqual([{ parties: ['woonboog'], closed: false }])
    const later = await feedback()
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(hook().received).toHaveLength(1)
    const { items } = await company().inbox()
    expect(items.map(item => item.id)).toEqual([id, later.id])
    hook().reply = () => ({ status: 204 })
    await company().setWebhook({ url: `${hook().url}/webhook` })
    await untilState(gateway, id, 'delivered')
    await untilState(gateway, later.id, 'delivered')
    expect((await exceptions()).rows).toEqual([{ parties: ['woonboog'], closed: true }])
    expect(await company().getWebhook()).toMatchObject({ state: 'active' })
    await assertConserved(gateway)
  })

  test('of an address that was changed meanwhile does not end the new one', async () => {
    const answer = Promise.withResolvers<{ status: number }>()
    hook().reply = () => answer.promise
    const id = await sendTest(gateway, 'woonboog')
    await until('it is asked', () => hook().received.length > 0)
    await company().setWebhook({ url: `${hook().url}/another` })
    hook().reply = () => ({ status: 204 })
    answer.resolve({ status: 410 })
    await untilState(gateway, id, 'delivered')
    expect(await company().getWebhook()).toMatchObject({ state: 'active' })
    expect(hook().received.map(({ path }) => path)).toEqual(['/webhook', '/another'])
  })
})

describe('the secret', () => {
  test('for a day after a rotation both sign, and after that the new one alone', async () => {
    const { secret: former } = await company().setWebhook({ url: `${hook().url}/webhook` })
    const { secret: now, formerSecretUntil } = await company().rotateWebhook()
    const hours = (Date.parse(formerSecretUntil!) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23.9)
    expect(hours).toBeLessThanOrEqual(24)
    const signs = async () => {
      const count = hook().received.length
      await sendTest(gateway, 'woonboog')
      const received = await until('it arrives', () => hook().received[count])
      return [former!, now!].map(secret => isSignedBy(received, secret))
    }
    expect(await signs()).toEqual([true, true])
    await gateway.db.pool.query('UPDATE webhook SET former_until = now()')
    expect(await signs()).toEqual([false, true])
    await eraseExpired(gateway.context)
    const { rows } = await gateway.db.pool.query(
      "SELECT wrapped IS NULL AS gone FROM wrapped_key WHERE name = 'webhook:woonboog:former'",
    )
    expect(rows).toEqual([{ gone: true }])
  })

  test('that may be known is useless after two rotations, and at once where the webhook is set', async () => {
    const { secret: known } = await company().setWebhook({ url: `${hook().url}/webhook` })
    await company().rotateWebhook()
    await company().rotateWebhook()
    await sendTest(gateway, 'woonboog')
    const received = await until('it arrives', () => hook().received[0])
    expect(String(received.headers['webhook-signature']).split(' ')).toHaveLength(2)
    expect(isSignedBy(received, known!)).toBe(false)
    const { secret: rotated } = await company().rotateWebhook()
    await company().setWebhook({ url: `${hook().url}/webhook` })
    await sendTest(gateway, 'woonboog')
    const last = await until('it arrives', () => hook().received[1])
    expect(isSignedBy(last, rotated!)).toBe(false)
  })
})

test('statistics: tries, what got through, when, and what failed last', async () => {
  const before = (await company().getWebhook()).statistics!
  hook().reply = () => ({ status: hook().received.length === 1 ? 500 : 204 })
  await untilTried(gateway, await sendTest(gateway, 'woonboog'))
  await untilTried(gateway, await sendTest(gateway, 'woonboog'))
  const { statistics } = await company().getWebhook()
  expect(statistics).toMatchObject({
    attempts: before.attempts + 2,
    delivered: before.delivered + 1,
    failed: before.failed + 1,
    failuresInARow: 0,
    lastReason: 'http-500',
    pausedUntil: null,
  })
  expect(Date.now() - Date.parse(statistics!.lastDeliveredAt!)).toBeLessThan(10_000)
})

describe('a replay that fails', () => {
  test('says so in its entry, and the message stays delivered', async () => {
    const { messageId, id } = await feedback()
    await untilState(gateway, id, 'delivered')
    hook().reply = () => ({ status: 422 })
    await company().retryDelivery(id)
    await untilTried(gateway, id, 2)
    expect(await deliveryOf(gateway, id)).toMatchObject({
      state: 'delivered',
      last_status: 422,
      reason: 'http-422',
    })
    expect(await entriesOf(gateway, messageId, 'message.parked')).toEqual([])
    expect(await entriesOf(gateway, messageId, 'message.delivered')).toHaveLength(1)
    expect(await entriesOf(gateway, messageId, 'message.replay-failed')).toMatchObject([
      { recipient: 'woonboog', reason: 'http-422' },
    ])
    await assertConserved(gateway)
  })
})

describe('the inbox', () => {
  test('an acknowledgement takes what was shown, not what a webhook was only tried with', async () => {
    hook().reply = () => ({ status: 422 })
    const parked = await feedback()
    await untilState(gateway, parked.id, 'parked')
    await company().deleteWebhook()
    const later = await feedback()
    const { items } = await company().inbox({ after: parked.id })
    expect(items.map(item => item.id)).toEqual([later.id])
    expect(await company().acknowledge(later.id)).toMatchObject({ acknowledged: 1 })
    expect(await isIn(gateway, parked.messageId, 'parked')).toBe(true)
    const { items: left } = await company().inbox()
    expect(left.map(item => item.id)).toEqual([parked.id])
    expect(await company().acknowledge(parked.id)).toMatchObject({ acknowledged: 1 })
    expect(await isIn(gateway, parked.messageId, 'delivered')).toBe(true)
    await assertConserved(gateway)
  })

  test('and the webhook together count one delivery', async () => {
    const answer = Promise.withResolvers<{ status: number }>()
    hook().reply = () => answer.promise
    const { messageId, id } = await feedback()
    await until('the webhook has it', () => hook().received.length > 0)
    await company().inbox()
    expect(await company().acknowledge(id)).toMatchObject({ acknowledged: 1 })
    answer.resolve({ status: 204 })
    await untilTried(gateway, id)
    expect(await company().acknowledge(id)).toMatchObject({ acknowledged: 0 })
    expect(await entriesOf(gateway, messageId, 'message.delivered')).toHaveLength(1)
    expect(await gateway.clients.vdab.message(messageId)).toMatchObject({
      items: { accepted: 1, delivered: 1 },
    })
  })

  test('a retry of what was taken shows it again, and an older showing does not take it', async () => {
    await company().deleteWebhook()
    const { id } = await feedback()
    await company().inbox()
    await company().acknowledge(id)
    await company().retryDelivery(id)
    const later = await feedback()
    await company().inbox({ after: id })
    await company().acknowledge(later.id)
    const { items } = await company().inbox()
    expect(items.map(item => item.id)).toEqual([id])
  })
})

describe('retry of many', () => {
  test('takes what fits, any number of times while it is kept, and counts the rest', async () => {
    hook().reply = () => ({ status: 422 })
    const [first, second, third] = [await feedback(), await feedback(), await feedback()]
    for (const { id } of [first, second, third]) await untilState(gateway, id, 'parked')
    await gateway.db.pool.query('UPDATE hand_over SET erased_at = now() WHERE id = $1', [third.id])
    const none = await company().retryDeliveries({ event: 'be.huisbrug.detection.answered' })
    expect(none).toEqual({ retried: 0, gone: 0 })
    const past = { until: new Date(Date.now() - 3_600_000).toISOString() }
    expect(await company().retryDeliveries(past)).toEqual({ retried: 0, gone: 0 })
    for (const tries of [2, 3]) {
      const since = new Date(Date.now() - 600_000).toISOString()
      const which = { state: 'parked', since, event: 'be.huisbrug.feedback.reachability' } as const
      expect(await company().retryDeliveries(which)).toEqual({ retried: 2, gone: 1 })
      for (const { id } of [first, second]) await untilTried(gateway, id, tries)
    }
    hook().reply = () => ({ status: 204 })
    expect(await company().retryDeliveries()).toEqual({ retried: 2, gone: 1 })
    for (const { id } of [first, second]) await untilState(gateway, id, 'delivered')
    await expect(company().retryDelivery(third.id)).rejects.toMatchObject({ code: 'HB-508' })
    await assertConserved(gateway)
  })

  test('is of the caller alone, and refuses what it does not know', async () => {
    hook().reply = () => ({ status: 422 })
    const { id } = await feedback()
    await untilState(gateway, id, 'parked')
    expect(await gateway.clients.leefgoed.retryDeliveries()).toEqual({ retried: 0, gone: 0 })
    for (const wrong of [{ state: 'held' }, { since: 'yesterday' }, { unknown: 1 }]) {
      await expect(company().retryDeliveries(wrong as never)).rejects.toMatchObject({
        code: 'HB-202',
      })
    }
  })
})
