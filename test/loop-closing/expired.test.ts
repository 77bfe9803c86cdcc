import { readBalances } from '../../src/exchange/conservation.ts'
import { closeEpoch, rotateEpoch } from '../../src/exchange/epoch.ts'
import { expireInteractions } from '../../src/exchange/expire.ts'
import { validatorFor } from '../../src/schemas.ts'
import { entriesOf, isIn, post } from '../attack/kit.ts'
import { client, forwarded, openWelfare, question } from '../messages/welfare.ts'
import { detection, forwardedTo, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import { revoke } from '../suspension/kit.ts'
import { dyingPool } from './kit.ts'

const EXPIRED = 'be.huisbrug.interaction.expired'

let gateway: TestGateway
let next = 0

beforeAll(async () => {
  gateway = await testGateway()
  await openDomain(gateway)
})
beforeEach(() => {
  gateway.hooks.woonboog.received.length = 0
})
afterAll(async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  await gateway.close()
})

/** A request that VDAB has, and the digest to answer it with. */
async function ask(): Promise<{ messageId: string; requestDigest: string }> {
  next += 2
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(next - 2, 2)))
  const { body } = await forwardedTo(gateway, messageId)
  await until('it is delivered', () => isIn(gateway, messageId, 'delivered'))
  return { messageId, requestDigest: String(body['requestDigest']) }
}

/** Makes a request due at that instant. */
async function due(messageId: string, at: Date): Promise<void> {
  await gateway.db.pool.query('UPDATE message SET answer_due_at = $2 WHERE id = $1', [
    messageId,
    at,
  ])
}

const noticesOf = async (messageId: string) => {
  const { rows } = await gateway.db.pool.query<{ destination: string; state: string }>(
    'SELECT destination, state FROM hand_over WHERE message_id = $1 AND event = $2 ORDER BY destination',
    [messageId, EXPIRED],
  )
  return rows
}

test('both sides are told, VDAB by the id of the message alone; once', async () => {
  const { messageId } = await ask()
  await due(messageId, new Date(Date.now() - 1))
  const hooked = await until('the company is told', () => gateway.hooks.woonboog.received[0])
  expect(hooked.body).toMatchObject({ type: EXPIRED, data: { messageId } })
  const event = await until('VDAB is told', async () => {
    const { items } = await gateway.clients.vdab.inbox()
    return items.find(one => one.subject === messageId)
  })
  expect(validatorFor('envelope')(event)).toEqual([])
  expect(event.type).toBe(EXPIRED)
  expect(event.data).toEqual({
    messageId,
    protocol: 'wm-vdab',
    type: 'detection.request',
    expiredAt: expect.any(String),
  })
  await expireInteractions(gateway.context)
  expect((await noticesOf(messageId)).map(it => it.destination)).toEqual(['vdab', 'woonboog'])
  expect(await entriesOf(gateway, messageId, 'message.expired')).toHaveLength(1)
  const view = await gateway.clients.woonboog.message(messageId)
  expect(view).toMatchObject({ state: 'expired', items: { delivered: 2, pending: 0 } })
})

test('what VDAB never saw, it is not told of', async () => {
  gateway.vdab.reply = () => ({ status: 503 })
  await gateway.db.pool.query(
    `INSERT INTO circuit (party_id, channel, failures, pauses, paused_until, failing_since, reason)
     VALUES ('vdab', 'calls', 9, 1, now() + interval '1 hour', now(), 'http-503')`,
  )
  next += 1
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(next - 1, 1)))
  await due(messageId, new Date(Date.now() - 1))
  await until('it is told', async () => (await noticesOf(messageId)).length > 0)
  expect((await noticesOf(messageId)).map(it => it.destination)).toEqual(['woonboog'])
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  await gateway.db.pool.query('DELETE FROM circuit')
})

test('a process that dies before any statement leaves it whole, or as it was', async () => {
  const { messageId } = await ask()
  const at = new Date(Date.now() + 20 * 86_400_000)
  let deaths = 0
  while ((await noticesOf(messageId)).length === 0) {
    expect(await entriesOf(gateway, messageId, 'message.expired')).toEqual([])
    const dying = dyingPool(gateway.context.pool, deaths + 1)
    await expireInteractions({ ...gateway.context, pool: dying, clock: () => at }).catch(() => {})
    // It finds nothing while the server has not noticed yet that the last one died.
    if (dying.died) deaths += 1
  }
  expect(deaths).toBeGreaterThanOrEqual(6)
  expect(await noticesOf(messageId)).toHaveLength(2)
})

describe('a late answer', () => {
  test('is refused with the rule, when it was due and when it expired', async () => {
    const { messageId, requestDigest } = await ask()
    const dueAt = new Date(Date.now() - 5)
    const from = Date.now()
    await due(messageId, dueAt)
    await until('it has expired', async () => (await noticesOf(messageId)).length > 0)
    const late = await post(gateway, 'vdab', `/v1/detections/${messageId}/answer`, {
      requestDigest,
      found: 1,
    })
    expect(late).toMatchObject({ status: 409, body: { code: 'HB-504' } })
    const [why] = late.body['errors'] as { rule: string; remedy: string }[]
    expect(why?.rule).toBe('modalities.answerWindowDays')
    expect(why?.remedy).toContain(`due by ${dueAt.toISOString()}`)
    const expired = /expired at ([^;]+);/.exec(why?.remedy ?? '')?.[1] ?? ''
    expect(Date.parse(expired)).toBeGreaterThanOrEqual(from - 1_000)
    expect(Date.parse(expired)).toBeLessThanOrEqual(Date.now() + 1_000)
    // The refusal is evidence, and the company sees nothing of it.
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM message WHERE party_id = 'vdab' AND code = 'HB-504' AND accepted = 0",
    )
    expect(rows).toHaveLength(1)
    expect((await gateway.clients.woonboog.message(messageId)).state).toBe('expired')
  })

  test('names the key epoch that was closed', async () => {
    const other = await testGateway()
    try {
      const domain = await openDomain(other)
      const { messageId } = await other.clients.woonboog.detect(detection(tenants(0, 3)))
      const { body } = await forwardedTo(other, messageId)
      await until('it is delivered', () => isIn(other, messageId, 'delivered'))
      const by = { actor: { role: 'operator' }, at: new Date() }
      const opened = await rotateEpoch(other.context, 'wm-vdab', by)
      const numbers = [syntheticNumber(99_000)]
      ;(await prepareTestRegister(other, numbers, 'wm-vdab', opened.name)).close()
      const closing = { ...by, reason: 'the key may be known', force: true }
      await closeEpoch(other.context, domain, closing)
      const inbox = await other.clients.vdab.inbox()
      expect(inbox.items.map(one => [one.type, one.subject])).toEqual([[EXPIRED, messageId]])
      const answer = { requestDigest: String(body['requestDigest']), found: 1 }
      const late = await post(other, 'vdab', `/v1/detections/${messageId}/answer`, answer)
      expect(late).toMatchObject({ status: 409, body: { code: 'HB-504' } })
      const [why] = late.body['errors'] as { rule: string; remedy: string }[]
      expect(why).toMatchObject({ rule: 'key epoch', remedy: expect.stringContaining('HB-413') })
      // After a revocation the protocol itself is the reason.
      await revoke(other, 'wm-vdab', 'vdab')
      const revoked = await post(other, 'vdab', `/v1/detections/${messageId}/answer`, answer)
      expect(revoked.body.code).toBe('HB-306')
    } finally {
      await other.close()
    }
  }, 60_000)

  test('in the general form too', async () => {
    const world = await openWelfare([syntheticNumber(0)])
    try {
      const { messageId } = await world.office.send(question([client(0)]))
      const call = await forwarded(world.gateway, messageId)
      const [known] = await world.register.open(call)
      await until('it is delivered', () => isIn(world.gateway, messageId, 'delivered'))
      await world.gateway.db.pool.query(
        "UPDATE message SET answer_due_at = now() - interval '1 second' WHERE id = $1",
        [messageId],
      )
      const told = await until('the office is told', () =>
        world.hook.received.find(it => it.body['type'] === EXPIRED),
      )
      expect(told.body['data']).toMatchObject({ messageId, type: 'guidance.question' })
      const late = await post(world.gateway, 'vdab', '/v1/messages', {
        protocol: 'ocmw-vdab',
        type: 'guidance.answer',
        purpose: 'guidance',
        inReplyTo: messageId,
        requestDigest: String(call.body['requestDigest']),
        items: [{ row: known?.rowId, guidance: 'welfare-office' }],
      })
      expect(late).toMatchObject({ status: 409, body: { code: 'HB-504' } })
      const [why] = late.body['errors'] as { rule: string; remedy: string }[]
      expect(why).toMatchObject({
        rule: 'modalities.answerWindowDays',
        remedy: expect.stringContaining('expired at '),
      })
    } finally {
      await world.close()
    }
  }, 60_000)
})
