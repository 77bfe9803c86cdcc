import { join } from 'node:path'
import { loadLogVerifierKey } from '../../src/audit/log-key.ts'
import { sequenceOnce } from '../../src/audit/sequencer.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { readBalances } from '../../src/exchange/conservation.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { detection, forwardedTo, openDomain, PERIOD, TODAY, tenants } from '../support/detection.ts'
import { resign, type TestGateway, testGateway, until } from '../support/gateway.ts'

let gateway: TestGateway
let domain: string
let next = 0

beforeEach(async () => {
  gateway = await testGateway()
  domain = await openDomain(gateway)
})
afterEach(async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.filter(balance => !balance.balanced)).toEqual([])
  await gateway.close()
})

const some = (count = 3) => {
  next += count
  return tenants(next - count, count)
}

/** Sets every waiting hand-over due now and ends pauses, so that a test need not wait. */
async function hurry(): Promise<void> {
  await gateway.db.pool.query('DELETE FROM circuit')
  await gateway.db.pool.query("UPDATE hand_over SET due_at = now() WHERE state = 'retrying'")
}

async function handOversOf(messageId: string) {
  const { rows } = await gateway.db.pool.query(
    'SELECT state, reason, attempts, last_status, items, withdrawn FROM hand_over WHERE message_id = $1',
    [messageId],
  )
  return rows
}

/** Feedback about one of the given tenants, as VDAB would send it. */
async function giveFeedback(tenantRef: string): Promise<string> {
  const { rows } = await gateway.db.pool.query('SELECT tag FROM route ORDER BY period')
  const tags = rows.map(row => row.tag.toString('base64url'))
  const sent = await gateway.clients.vdab.feedback({
    protocol: 'wm-vdab',
    domain,
    items: [{ tag: tags.at(-1), reachability: 'hard-to-reach', establishedOn: TODAY }],
  })
  expect({ tenantRef, accepted: sent.accepted }).toEqual({ tenantRef, accepted: 1 })
  return sent.messageId
}

describe('towards VDAB', () => {
  test('503 and 429 are retried with the same id and body, Retry-After is kept to', async () => {
    let tries = 0
    gateway.vdab.reply = () => {
      tries += 1
      if (tries === 1) return { status: 503 }
      return tries === 2
        ? { status: 429, headers: { 'retry-after': '600' } }
        : { status: 202, body: {} }
    }
    const { messageId } = await gateway.clients.woonboog.detect(detection(some()))
    await until('one try', () => tries === 1)
    await until('it waits', async () => (await handOversOf(messageId))[0].state === 'retrying')
    expect((await gateway.clients.woonboog.message(messageId)).state).toBe('retrying')
    await hurry()
    await until('two tries', () => tries === 2)
    await until('it waits long', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT due_at > now() + interval '590 seconds' AS long FROM hand_over WHERE message_id = $1",
        [messageId],
      )
      return rows[0].long
    })
    await hurry()
    await until(
      'it is delivered',
      async () => (await handOversOf(messageId))[0].state === 'delivered',
    )
    const calls = gateway.vdab.to('/api/detections')
    expect(new Set(calls.map(call => call.raw)).size).toBe(1)
    expect(new Set(calls.map(call => call.headers['idempotency-key']))).toEqual(
      new Set([messageId]),
    )
  })

  test('another 4xx parks it for a person, and says with which status', async () => {
    gateway.vdab.reply = () => ({ status: 422 })
    const { messageId } = await gateway.clients.woonboog.detect(detection(some()))
    await until('it is parked', async () => (await handOversOf(messageId))[0].state === 'parked')
    expect(await handOversOf(messageId)).toMatchObject([
      { attempts: 1, last_status: 422, reason: 'http-422' },
    ])
    const { state, items } = await gateway.clients.woonboog.message(messageId)
    expect({ state, parked: items.parked }).toEqual({ state: 'parked', parked: 3 })
  })

  test('VDAB away: what was accepted waits and goes once it is back', async () => {
    await gateway.db.pool.query(
      "UPDATE party SET base_url = 'http://127.0.0.1:1' WHERE id = 'vdab'",
    )
    await new Promise(resolve => setTimeout(resolve, 1_100))
    const { messageId } = await gateway.clients.woonboog.detect(detection(some()))
    await until('it failed', async () => (await handOversOf(messageId))[0].reason === 'refused')
    await gateway.db.pool.query('UPDATE party SET base_url = $1 WHERE id = $2', [
      `${gateway.vdab.url}/api`,
      'vdab',
    ])
    await new Promise(resolve => setTimeout(resolve, 1_100))
    await hurry()
    await forwardedTo(gateway, messageId)
  })

  test('an answer that comes before our own record of the delivery is taken, and proves it', async () => {
    let release = () => {}
    gateway.vdab.reply = () =>
      new Promise(resolve => {
        release = () => resolve({ status: 503 })
      })
    const { messageId } = await gateway.clients.woonboog.detect(detection(some()))
    const { body } = await forwardedTo(gateway, messageId)
    await gateway.clients.vdab.answer(messageId, {
      requestDigest: String(body['requestDigest']),
      found: 1,
    })
    release()
    await until('it counts', async () => (await handOversOf(messageId))[0]?.state === 'delivered')
  })

  test('a tenancy that ends before its row has left takes the row out', async () => {
    gateway.vdab.reply = () => ({ status: 503 })
    const people = some(2)
    const { messageId } = await gateway.clients.woonboog.detect(detection(people))
    await until('it waits', async () => (await handOversOf(messageId))[0].state === 'retrying')
    await gateway.clients.woonboog.tenanciesEnded({
      protocol: 'wm-vdab',
      items: [{ tenantRef: people[0]!.tenantRef, endedOn: TODAY }],
    })
    expect(await handOversOf(messageId)).toMatchObject([{ items: 1, withdrawn: 1 }])
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await hurry()
    await until(
      'it is delivered',
      async () => (await handOversOf(messageId))[0].state === 'delivered',
    )
    expect(gateway.vdab.to('/api/detections').at(-1)!.body['rows']).toHaveLength(1)
    const { items } = await gateway.clients.woonboog.message(messageId)
    expect(items).toMatchObject({ accepted: 2, delivered: 1, withdrawn: 1 })
  })
})

describe('towards a housing company', () => {
  test('a webhook that fails is tried again with the same id and a fresh signature', async () => {
    const hook = gateway.hooks.woonboog
    hook.reply = () => ({ status: hook.received.length === 1 ? 500 : 204 })
    await gateway.clients.woonboog.detect(detection(some(1)))
    await giveFeedback('last')
    await until('the first try', () => hook.received.length === 1)
    await until('it waits', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT 1 FROM hand_over WHERE state = 'retrying'",
      )
      return rows.length > 0
    })
    await hurry()
    await until('the second try', () => hook.received.length === 2)
    const [first, second] = hook.received
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
    expect(second!.raw).toBe(first!.raw)
  })

  test('a slow housing company does not delay another', async () => {
    gateway.hooks.woonboog.reply = () => 'hang'
    await gateway.clients.woonboog.detect(detection(some(1)))
    await giveFeedback('woonboog')
    await until('the slow one has it', () => gateway.hooks.woonboog.received.length > 0)
    const people = some(1)
    await gateway.clients.leefgoed.detect(detection(people))
    const { rows } = await gateway.db.pool.query(
      "SELECT tag FROM route WHERE party_id = 'leefgoed'",
    )
    const started = Date.now()
    await gateway.clients.vdab.feedback({
      protocol: 'wm-vdab',
      domain,
      items: [
        {
          tag: rows[0].tag.toString('base64url'),
          reachability: 'not-reached',
          establishedOn: TODAY,
        },
      ],
    })
    await until('the other has its own', () => gateway.hooks.leefgoed.received.length > 0)
    expect(Date.now() - started).toBeLessThan(5_000)
  })

  test('two current routes: delivered to nobody until one ends', async () => {
    const [person] = some(1)
    await gateway.clients.woonboog.detect(detection([person!]))
    await gateway.clients.leefgoed.detect(detection([{ ...person!, tenantRef: 'moved-in' }]))
    await giveFeedback('both')
    await settleOnce(gateway.context)
    await new Promise(resolve => setTimeout(resolve, 500))
    expect([...gateway.hooks.woonboog.received, ...gateway.hooks.leefgoed.received]).toEqual([])
    const open = await gateway.db.pool.query('SELECT kind FROM exception WHERE closed_at IS NULL')
    expect(open.rows).toEqual([{ kind: 'two-current-routes' }])
    await gateway.clients.woonboog.tenanciesEnded({
      protocol: 'wm-vdab',
      items: [{ tenantRef: person!.tenantRef, endedOn: TODAY }],
    })
    await until('it goes to the one that is left', () => gateway.hooks.leefgoed.received.length > 0)
    expect(gateway.hooks.leefgoed.received[0]!.body['data']).toMatchObject({
      tenantRef: 'moved-in',
    })
    expect(gateway.hooks.woonboog.received).toEqual([])
  })

  test('without a webhook events wait in the inbox, and the acknowledgement delivers', async () => {
    const { woonboog, leefgoed } = gateway.clients
    await woonboog.deleteWebhook()
    await woonboog.detect(detection(some(1)))
    await giveFeedback('inbox')
    const { items } = await woonboog.inbox()
    expect(items).toMatchObject([{ type: 'be.huisbrug.feedback.reachability', specversion: '1.0' }])
    expect(await leefgoed.inbox()).toMatchObject({ items: [] })
    const upTo = items[0]!.id
    expect(await leefgoed.acknowledge(upTo)).toEqual({ upTo, acknowledged: 0 })
    expect(await woonboog.acknowledge(upTo)).toEqual({ upTo, acknowledged: 1 })
    expect(await woonboog.acknowledge(upTo)).toEqual({ upTo, acknowledged: 0 })
    expect(await woonboog.inbox()).toMatchObject({ items: [], next: null })
    const { items: deliveries } = await woonboog.deliveries()
    expect(deliveries).toMatchObject([{ deliveryId: upTo, state: 'delivered' }])
  })

  test('a delivery can be had again, any number of times, by its own party only', async () => {
    const hook = gateway.hooks.woonboog
    const { woonboog, leefgoed } = gateway.clients
    await woonboog.detect(detection(some(1)))
    await giveFeedback('again')
    const delivery = await until('it is delivered', async () => {
      const { items } = await woonboog.deliveries()
      return items.find(item => item.state === 'delivered')
    })
    await expect(leefgoed.retryDelivery(delivery.deliveryId)).rejects.toMatchObject({
      code: 'HB-510',
    })
    for (const times of [2, 3]) {
      await woonboog.retryDelivery(delivery.deliveryId)
      await until('it comes again', () => hook.received.length === times)
      await until(
        'it is delivered again',
        async () => (await woonboog.deliveries()).items[0]!.state === 'delivered',
      )
    }
    await gateway.db.pool.query('UPDATE hand_over SET erased_at = now()')
    await expect(woonboog.retryDelivery(delivery.deliveryId)).rejects.toMatchObject({
      code: 'HB-508',
    })
  })

  test('a webhook is set, tested, rotated and removed by its party', async () => {
    const { woonboog } = gateway.clients
    const { rotateWebhook, testWebhook, getWebhook, deleteWebhook } = woonboog
    const before = gateway.webhookSecrets.woonboog
    expect((await rotateWebhook()).secret).not.toBe(before)
    expect(await getWebhook()).toMatchObject({ url: `${gateway.hooks.woonboog.url}/webhook` })
    const { deliveryId } = await testWebhook()
    const received = await until('the test arrives', () => gateway.hooks.woonboog.received[0])
    expect(received.headers['webhook-id']).toBe(deliveryId)
    expect(received.body).toMatchObject({ type: 'be.huisbrug.test' })
    await deleteWebhook()
    await expect(getWebhook()).rejects.toMatchObject({ code: 'HB-511' })
    await expect(woonboog.setWebhook({ url: 'http://example.com/hook' })).rejects.toMatchObject({
      code: 'HB-512',
    })
  })
})

describe('while a protocol is suspended', () => {
  const suspend = (until: string | null) =>
    resign(join(gateway.protocolsDir, 'wm-vdab'), record => {
      record.suspensions.length = 0
      record.suspensions.push({
        by: 'vdab',
        from: '2026-01-01T00:00:00.000Z',
        until,
        reason: 'test',
      } as never)
    })

  test('new messages get 503 and no outcome, what is in flight is held, and goes on after', async () => {
    gateway.vdab.reply = () => ({ status: 503 })
    const { messageId } = await gateway.clients.woonboog.detect(detection(some()))
    await until('it waits', async () => (await handOversOf(messageId))[0].state === 'retrying')
    suspend(null)
    await gateway.context.protocols.reload()
    const options = { idempotencyKey: 'during-suspension', nonce: 'A'.repeat(43) }
    const people = some()
    await expect(gateway.clients.woonboog.detect(detection(people), options)).rejects.toMatchObject(
      { code: 'HB-307' },
    )
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    const tries = gateway.vdab.to('/api/detections').length
    await hurry()
    await until('it is held', async () => (await handOversOf(messageId))[0].state === 'held')
    expect(gateway.vdab.to('/api/detections')).toHaveLength(tries)
    suspend('2026-01-02T00:00:00.000Z')
    await gateway.context.protocols.reload()
    await until('it goes on', async () => (await handOversOf(messageId))[0].state === 'delivered')
    expect(await gateway.clients.woonboog.detect(detection(people), options)).toMatchObject({
      accepted: 3,
    })
  })
})

describe('interactions that nobody answers', () => {
  test('expire after the window, stay delivered, and refuse a late answer', async () => {
    const { woonboog, vdab } = gateway.clients
    const { messageId } = await woonboog.detect(detection(some()))
    const { body } = await forwardedTo(gateway, messageId)
    await until(
      'it is delivered',
      async () => (await handOversOf(messageId))[0].state === 'delivered',
    )
    await gateway.db.pool.query("UPDATE message SET answer_due_at = now() - interval '1 second'")
    const notice = await until('the notice', () => gateway.hooks.woonboog.received[0])
    expect(notice.body).toMatchObject({
      type: 'be.huisbrug.interaction.expired',
      data: { messageId },
    })
    expect(await woonboog.message(messageId)).toMatchObject({
      state: 'expired',
      items: { delivered: 3 },
    })
    await expect(
      vdab.answer(messageId, { requestDigest: String(body['requestDigest']), found: 1 }),
    ).rejects.toMatchObject({ code: 'HB-504' })
    const { rows } = await gateway.db.pool.query('SELECT count(*)::int AS n FROM detection_row')
    expect(rows[0].n).toBe(0)
  })
})

describe('no evidence, no disclosure', () => {
  test('where no entry can be written nothing is accepted and nothing leaves', async () => {
    const { woonboog } = gateway.clients
    gateway.vdab.reply = () => ({ status: 503 })
    const { messageId } = await woonboog.detect(detection(some()))
    await until('it waits', async () => (await handOversOf(messageId))[0].state === 'retrying')
    const tries = gateway.vdab.to('/api/detections').length
    await gateway.db.pool.query(`
      CREATE FUNCTION full_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$;
      CREATE TRIGGER full_log BEFORE INSERT ON audit_pending EXECUTE FUNCTION full_log()`)
    const before = await gateway.db.pool.query('SELECT count(*)::int AS n FROM message')
    await expect(woonboog.detect(detection(some()))).rejects.toMatchObject({ code: /HB-90[123]/ })
    await hurry()
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(gateway.vdab.to('/api/detections')).toHaveLength(tries)
    expect((await gateway.db.pool.query('SELECT count(*)::int AS n FROM message')).rows).toEqual(
      before.rows,
    )
    await gateway.db.pool.query('DROP TRIGGER full_log ON audit_pending')
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    await until('it goes on', async () => (await handOversOf(messageId))[0].state === 'delivered')
  })
})

test('every step is in the log, which verifies', async () => {
  const { woonboog, vdab } = gateway.clients
  const { messageId } = await woonboog.detect(detection(some()))
  const { body } = await forwardedTo(gateway, messageId)
  await vdab.answer(messageId, { requestDigest: String(body['requestDigest']), found: 1 })
  await woonboog.closePeriod('wm-vdab', PERIOD)
  await until('the number arrives', () => gateway.hooks.woonboog.received[0])
  const { pool, keys, config, clock } = gateway.context
  await until('the log holds all', async () => {
    await sequenceOnce({ pool, keys, config, clock })
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM audit_pending')
    return rows[0].n === 0
  })
  const { rows } = await pool.query<{ action: string }>('SELECT DISTINCT action FROM audit_entry')
  expect(rows.map(row => row.action)).toEqual(
    expect.arrayContaining([
      'message.accepted',
      'message.forwarding',
      'message.delivered',
      'period.closed',
      'counts.released',
      'key.created',
      'key.ready',
      'quota.used',
      'access.token',
      'party.added',
      'protocol.in-force',
      'program.started',
    ]),
  )
  const report = await verifyLog(pool, await loadLogVerifierKey(keys, config.logOrigin))
  expect(report).toMatchObject({ ok: true, problems: [] })
})

test('the program itself may not change or delete evidence', async () => {
  const { pool } = gateway.context
  for (const change of [
    "UPDATE audit_entry SET action = 'message.refused'",
    'DELETE FROM audit_entry',
    'DELETE FROM audit_checkpoint',
    'TRUNCATE audit_entry',
    'ALTER TABLE audit_entry DISABLE TRIGGER ALL',
  ]) {
    await expect(pool.query(change)).rejects.toMatchObject({ code: '42501' })
  }
})
