import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { claimDue } from '../../src/delivery/claim.ts'
import { eraseExpired } from '../../src/exchange/retention.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import type { Agreement } from '../../src/protocol/document.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { callsOf, forwarded, TODAY } from '../messages/welfare.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import type { Reply } from '../support/peer.ts'
import { syntheticNumber } from '../support/people.ts'
import { assertConserved, handOversOf, hurry } from './kit.ts'

/** Attacks on messages of the general form, under a protocol that no file of the product knows. */
let gateway: TestGateway
let next = 1_000

beforeAll(async () => {
  gateway = await testGateway()
  await addThirdProtocol(gateway)
  await openThird(gateway)
})
afterAll(async () => {
  await assertConserved(gateway)
  await gateway.close()
})
afterEach(async () => {
  // Who was told to wait is tried again by the next test.
  await gateway.db.pool.query('DELETE FROM circuit')
  gateway.vdab.reply = () => ({ status: 202, body: {} })
  gateway.hooks.woonboog.reply = () => ({ status: 202, body: {} })
})

/** Not now, for messages of one type. */
function busyFor(type: string, body: Record<string, unknown>): Reply {
  if (body['type'] !== type) return { status: 202, body: {} }
  return { status: 503, headers: { 'retry-after': '600' } }
}

const FROM_VDAB = ['participants.answer', 'referral.taken-up', 'steps.taken']
const STOPPING = ['participation.withdrawn', 'objection.raised']

type Items = Record<string, string | number | boolean>[]

function send(type: string, items: Items, more: object = {}, to = gateway) {
  const purpose = STOPPING.includes(type) ? 'stopping' : 'help'
  const party = FROM_VDAB.includes(type) ? 'vdab' : 'woonboog'
  return to.clients[party].send({ protocol: THIRD, type, purpose, ...more, items } as never)
}

const person = (index: number, changes: Record<string, string> = {}) => ({
  ...{ insz: syntheticNumber(index), dossier: `d-${index}`, signedOn: TODAY, paper: `p-${index}` },
  ...changes,
})

/** People whom nothing was said about before, all of one question. */
async function ask(count: number, to = gateway) {
  const indexes = Array.from({ length: count }, () => next++)
  const { messageId } = await send(
    'participants.question',
    indexes.map(index => person(index)),
    {},
    to,
  )
  return { messageId, indexes }
}

async function openThird(to: TestGateway): Promise<void> {
  const { vdab } = to.clients
  const { domain } = await until('a domain opens', async () => {
    const { items } = await vdab.domains()
    return items.find(it => it.domain.startsWith(`${THIRD}/`))
  })
  await vdab.domainReady(domain)
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
}

/** Holds every message of a type just before it is stored, while `meanwhile` happens. */
async function whileStoring<T>(type: string, message: () => Promise<T>, meanwhile: () => unknown) {
  const lock = await gateway.db.pool.connect()
  try {
    await lock.query('BEGIN')
    const { rowCount } = await lock.query(
      'SELECT FROM volume_use WHERE protocol = $1 AND type = $2 FOR UPDATE',
      [THIRD, type],
    )
    expect(rowCount).toBeGreaterThan(0)
    const sent = message().then(
      value => ({ value }),
      (error: { code?: string }) => ({ error: error.code }),
    )
    await until('it waits', async () => {
      const { rows } = await gateway.db.pool.query(
        "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'",
      )
      return rows[0].n > 0
    })
    await meanwhile()
    await lock.query('COMMIT')
    return await sent
  } finally {
    lock.release()
  }
}

async function stateOf(messageId: string): Promise<string> {
  return (await handOversOf(gateway, messageId)).map(it => it.state).join()
}

describe('a withdrawal at the same moment', () => {
  test('as an event about the person: nothing about the person leaves after it', async () => {
    const { indexes } = await ask(2)
    const [first, second] = indexes.map(index => `d-${index}`) as [string, string]
    const announcedOn = daysAgo(9)
    await send('referral.announced', [{ dossier: first, announcedOn }])
    const sent = await whileStoring(
      'referral.announced',
      () => send('referral.announced', [{ dossier: second, announcedOn }]),
      () => send('participation.withdrawn', [{ dossier: second }]),
    )
    expect(sent).toEqual({ error: 'HB-406' })
  })

  test('in a loop, with requests, events and claims: what stands afterwards was sent before', async () => {
    for (let round = 0; round < 6; round++) {
      const { indexes } = await ask(4)
      const dossiers = indexes.map(index => ({ dossier: `d-${index}` }))
      const announced = dossiers.map(one => ({ ...one, announcedOn: daysAgo(9) }))
      gateway.vdab.reply = () => ({ status: round % 2 ? 503 : 202 })
      const outcomes = await Promise.allSettled([
        send('participation.withdrawn', dossiers),
        send('referral.announced', announced),
        send('referral.announced', announced.toReversed()),
        send('participation.withdrawn', dossiers.toReversed()),
        send(
          'participants.question',
          indexes.map(index => person(index)),
        ),
        settleOnce(gateway.context),
      ])
      const faults = outcomes.flatMap(it =>
        it.status === 'rejected' ? [String(it.reason?.code ?? it.reason)] : [],
      )
      expect(faults.filter(code => !/^HB-[34]/.test(code))).toEqual([])
      gateway.vdab.reply = () => ({ status: 202, body: {} })
      await hurry(gateway)
      await until('nothing is under way', async () => {
        const { rows } = await gateway.db.pool.query(
          `SELECT count(*)::int AS n FROM hand_over WHERE message_id IS NOT NULL
             AND state IN ('queued', 'retrying') AND kind <> 'event'`,
        )
        await hurry(gateway)
        return rows[0].n === 0
      })
      // Each withdrew with the same signature as it was sent: none may be sent again.
      const again = await send(
        'participants.question',
        indexes.map(index => person(index)),
      )
      expect(again.accepted).toBe(0)
      await assertConserved(gateway)
    }
  }, 120_000)
})

describe('an official withdrawal holds', () => {
  test('where the gateway knew of no participation yet', async () => {
    const { indexes } = await ask(1)
    await gateway.db.pool.query('DELETE FROM participation')
    await gateway.db.pool.query('DELETE FROM period_member WHERE protocol = $1', [THIRD])
    await send('participation.withdrawn', [{ dossier: `d-${indexes[0]}` }])
    const again = await send('participants.question', [person(indexes[0]!)])
    expect(again).toMatchObject({ accepted: 0, refused: [{ code: 'HB-415' }] })
  })

  test('where the route of the person had ended before', async () => {
    const { indexes } = await ask(1)
    const dossier = `d-${indexes[0]}`
    await gateway.db.pool.query('UPDATE route SET ended_on = $1 WHERE domain LIKE $2', [
      TODAY,
      `${THIRD}/%`,
    ])
    await gateway.db.pool.query('DELETE FROM period_member WHERE protocol = $1', [THIRD])
    const gone = await send('participation.withdrawn', [{ dossier }])
    expect(gone.accepted).toBe(1)
    const again = await send('participants.question', [person(indexes[0]!)])
    expect(again).toMatchObject({ accepted: 0, refused: [{ code: 'HB-415' }] })
    const twice = await send('participation.withdrawn', [{ dossier }])
    expect(twice).toMatchObject({ accepted: 0, refused: [{ code: 'HB-406' }] })
  })

  test('and progress about the person goes no further', async () => {
    const { indexes } = await ask(1)
    const dossier = `d-${indexes[0]}`
    await send('referral.announced', [{ dossier, announcedOn: daysAgo(9) }])
    const call = await until('VDAB has it', () =>
      callsOf(gateway, 'referral.announced').find(it => it.raw.includes('announcedOn')),
    )
    expect(call).toBeDefined()
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      'SELECT id FROM feedback ORDER BY id DESC LIMIT 1',
    )
    await send('participation.withdrawn', [{ dossier }])
    const before = gateway.hooks.woonboog.received.length
    const step = { feedbackId: rows[0]!.id, status: 'taken-up', on: TODAY }
    const sent = await send('referral.taken-up', [step])
    await until('it came to nothing', async () => (await stateOf(sent.messageId)) === 'withdrawn')
    expect(gateway.hooks.woonboog.received.length).toBe(before)
  })
})

describe('an objection', () => {
  async function announce(on: string) {
    const { indexes } = await ask(1)
    const dossier = `d-${indexes[0]}`
    const sent = await send('referral.announced', [{ dossier, announcedOn: on }])
    return { dossier, messageId: sent.messageId }
  }

  test('that comes as the message is released is refused: it stopped nothing', async () => {
    const early = await announce(TODAY)
    await send('objection.raised', [{ dossier: early.dossier }])
    const late = await announce(TODAY)
    const sent = await whileStoring(
      'objection.raised',
      () => send('objection.raised', [{ dossier: late.dossier }]),
      async () => {
        await gateway.db.pool.query('UPDATE hand_over SET due_at = now() WHERE message_id = $1', [
          late.messageId,
        ])
        await until('it left', async () => (await stateOf(late.messageId)) === 'delivered')
      },
    )
    expect(sent).toEqual({ error: 'HB-416' })
  })

  test('is remembered: the same announcement does not go out once more', async () => {
    const { dossier, messageId } = await announce(daysAgo(2))
    await send('objection.raised', [{ dossier }])
    expect(await stateOf(messageId)).toBe('withdrawn')
    for (const announcedOn of [daysAgo(2), daysAgo(30), TODAY]) {
      const again = await send('referral.announced', [{ dossier, announcedOn }])
      expect(again).toMatchObject({ accepted: 0, refused: [{ index: 0, code: 'HB-417' }] })
    }
    const calls = callsOf(gateway, 'referral.announced').filter(it => it.raw.includes(daysAgo(30)))
    expect(calls).toEqual([])
    const { rows } = await gateway.db.pool.query(
      'UPDATE objection SET objected_on = $1 RETURNING subject_tag',
      [daysAgo(1)],
    )
    expect(rows.length).toBeGreaterThan(0)
    await expect(
      send('referral.announced', [{ dossier, announcedOn: TODAY }]),
    ).resolves.toMatchObject({ accepted: 1 })
  })

  test('tells nobody', async () => {
    const { dossier } = await announce(TODAY)
    const { messageId } = await send('objection.raised', [{ dossier }])
    await settleOnce(gateway.context)
    expect(gateway.vdab.received.filter(it => it.raw.includes(messageId))).toEqual([])
    expect(callsOf(gateway, 'objection.raised')).toEqual([])
  })
})

test('only who was named in the last closed month can be told about', async () => {
  const { indexes } = await ask(1)
  await gateway.db.pool.query("UPDATE route SET period = '2026-01' WHERE domain LIKE $1", [
    `${THIRD}/%`,
  ])
  await gateway.db.pool.query(
    `INSERT INTO period_close (protocol, party_id, period, closed_at, released_at)
     VALUES ($1, 'woonboog', '2026-02', now(), now())`,
    [THIRD],
  )
  const items = [{ dossier: `d-${indexes[0]}`, announcedOn: daysAgo(9) }]
  const sent = await send('referral.announced', items)
  expect(sent).toMatchObject({ accepted: 0, refused: [{ code: 'HB-406' }] })
  await gateway.db.pool.query('DELETE FROM period_close WHERE protocol = $1', [THIRD])
})

describe('counts of the steps that a group takes', () => {
  const COUNTS = 'be.huisbrug.message.counts'
  const told = (messageId: string) =>
    gateway.hooks.woonboog.received
      .map(it => it.body as { type: string; data: { messageId: string; items: Items } })
      .find(it => it.type === COUNTS && it.data.messageId === messageId)

  async function count(size: number, items: Items) {
    const { messageId } = await ask(size)
    const { body } = await forwarded(gateway, messageId)
    const about = { inReplyTo: messageId, requestDigest: String(body['requestDigest']) }
    await send('steps.taken', items, about)
    return messageId
  }

  test('tell every step, in the order of the protocol: which were left out says nothing', async () => {
    const some = await count(40, [{ step: 'work', persons: 1 }])
    const event = await until('the counts', () => told(some))
    expect(event.data.items.map(it => it['step'])).toEqual(['contact', 'training', 'work'])
  })

  test('of one person do not come at all, whatever they say', async () => {
    const one = await count(1, [{ step: 'work', persons: 1 }])
    await settleOnce(gateway.context)
    expect(told(one)).toBeUndefined()
    const { items } = await gateway.clients.woonboog.deliveries()
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      'SELECT id FROM message WHERE in_reply_to = $1',
      [one],
    )
    expect(items.filter(it => it.messageId === rows[0]?.id)).toEqual([])
    expect(await gateway.clients.woonboog.message(one)).toMatchObject({ state: 'delivered' })
  })
})

describe('what a protocol no longer allows', () => {
  const limited = (amend: (document: Agreement) => void) => addThirdProtocol(gateway, amend)
  afterAll(async () => {
    await limited(() => {})
  })

  test('answers per person do not go out once only counts are granted', async () => {
    gateway.hooks.woonboog.reply = () => ({ status: 503 })
    const { messageId } = await ask(2)
    const { body } = await forwarded(gateway, messageId)
    const about = { inReplyTo: messageId, requestDigest: String(body['requestDigest']) }
    const sent = await send('participants.answer', [], about)
    await until('it was tried', async () => (await stateOf(sent.messageId)) === 'retrying')
    await limited(document => {
      document.modalities.granularity = 'counts'
    })
    await gateway.context.protocols.reload()
    const before = gateway.hooks.woonboog.received.length
    gateway.hooks.woonboog.reply = () => ({ status: 202 })
    await hurry(gateway)
    await until('it is settled', async () => {
      const state = await stateOf(sent.messageId)
      return state !== 'retrying' && state !== 'queued'
    })
    const after = gateway.hooks.woonboog.received.slice(before)
    expect(after.filter(it => it.raw.includes('participants.answer'))).toEqual([])
    await limited(() => {})
  })

  test('of a call that is withdrawn at the claim nothing stays', async () => {
    const { indexes } = await ask(1)
    gateway.vdab.reply = ({ body }) => busyFor('referral.announced', body)
    const items = [{ dossier: `d-${indexes[0]}`, announcedOn: daysAgo(9) }]
    const { messageId } = await send('referral.announced', items)
    await until('it was tried', async () => (await stateOf(messageId)) === 'retrying')
    // As the claim of a process that sees the change before the sweep does.
    await gateway.db.pool.query(`UPDATE message SET purpose = 'another' WHERE id = $1`, [messageId])
    await gateway.db.pool.query(
      "UPDATE hand_over SET due_at = now() - interval '1 second' WHERE message_id = $1",
      [messageId],
    )
    await gateway.db.pool.query('DELETE FROM circuit')
    await claimDue(gateway.context, 'vdab', 16)
    await until('it is withdrawn', async () => (await stateOf(messageId)) === 'withdrawn')
    const { rows } = await gateway.db.pool.query(
      'SELECT FROM outgoing_item WHERE message_id = $1',
      [messageId],
    )
    expect(rows).toHaveLength(0)
  })
})

describe('what is kept of persons', () => {
  const marks = async () => {
    const { rows } = await gateway.db.pool.query<{ withdrawn: boolean; document: string | null }>(
      `SELECT withdrawn_on IS NOT NULL AS withdrawn, document FROM participation ORDER BY 1`,
    )
    return rows
  }

  test('a participation goes with the route; a withdrawal and an objection stay, and still hold', async () => {
    await gateway.db.pool.query('DELETE FROM participation')
    await gateway.db.pool.query('DELETE FROM objection')
    const { indexes } = await ask(3)
    const [gone, objects] = indexes as [number, number, number]
    await send('referral.announced', [{ dossier: `d-${objects}`, announcedOn: TODAY }])
    await send('objection.raised', [{ dossier: `d-${objects}` }])
    await send('participation.withdrawn', [{ dossier: `d-${gone}` }])
    await eraseExpired(gateway.context)
    expect((await marks()).map(it => it.document === null)).toEqual([false, false, false])
    await gateway.db.pool.query("UPDATE route SET expires_at = now() - interval '1 day'")
    await gateway.db.pool.query('DELETE FROM period_member')
    await eraseExpired(gateway.context)
    expect(await marks()).toEqual([{ withdrawn: true, document: null }])
    const { rows } = await gateway.db.pool.query('SELECT FROM objection')
    expect(rows).toHaveLength(1)
    const again = await send('participants.question', [person(gone)])
    expect(again).toMatchObject({ accepted: 0, refused: [{ code: 'HB-415' }] })
    await gateway.db.pool.query("UPDATE participation SET withdrawn_on = '2026-01-01'")
    const anew = await send('participants.question', [person(gone)])
    expect(anew.accepted).toBe(1)
  })

  test('and go once the agreement is long over', async () => {
    await gateway.db.pool.query(
      `INSERT INTO participation (protocol, party_id, subject_tag, withdrawn_on)
       VALUES ($1, 'woonboog', decode(repeat('ab', 16), 'hex'), '2026-01-01')`,
      [THIRD],
    )
    await addThirdProtocol(gateway, document => {
      document.duration.until = '2030-12-31'
    })
    await until('it is read', () => {
      const { document } = gateway.context.protocols.current().protocols.get(THIRD)!
      return document.duration.until === '2030-12-31'
    })
    const far = { ...gateway.context, clock: () => new Date('2199-01-01T00:00:00Z') }
    await eraseExpired(far)
    expect((await marks()).filter(it => it.document === null)).toEqual([])
    const { rows } = await gateway.db.pool.query('SELECT FROM objection')
    expect(rows).toEqual([])
  })
})

test('what was delivered is erased in time, also once the document is gone from the folder', async () => {
  const { messageId } = await ask(2)
  const { body } = await forwarded(gateway, messageId)
  const about = { inReplyTo: messageId, requestDigest: String(body['requestDigest']) }
  const sent = await send('participants.answer', [], about)
  await until('it is delivered', async () => (await stateOf(sent.messageId)) === 'delivered')
  await gateway.db.pool.query(
    "UPDATE hand_over SET delivered_at = now() - interval '30 days' WHERE message_id = $1",
    [sent.messageId],
  )
  const left = async () => {
    await eraseExpired(gateway.context)
    const { rows } = await gateway.db.pool.query(
      'SELECT FROM detection_result WHERE message_id = $1',
      [sent.messageId],
    )
    return rows.length
  }
  const folder = join(gateway.protocolsDir, THIRD)
  renameSync(folder, join(gateway.protocolsDir, '.away'))
  await gateway.context.protocols.reload()
  expect(gateway.context.protocols.current().protocols.has(THIRD)).toBe(false)
  expect(await left()).toBe(0)
  renameSync(join(gateway.protocolsDir, '.away'), folder)
  await gateway.context.protocols.reload()
})

test('what is parked and forgotten is not kept for good', async () => {
  const { indexes } = await ask(1)
  gateway.vdab.reply = () => ({ status: 422 })
  const items = [{ dossier: `d-${indexes[0]}`, announcedOn: daysAgo(9) }]
  const { messageId } = await send('referral.announced', items)
  await until('it is parked', async () => (await stateOf(messageId)) === 'parked')
  const contents = async () => {
    await eraseExpired(gateway.context)
    const { rows } = await gateway.db.pool.query(
      'SELECT FROM outgoing_item WHERE message_id = $1',
      [messageId],
    )
    return rows.length
  }
  expect(await contents()).toBe(1)
  await gateway.db.pool.query(
    "UPDATE hand_over SET created_at = now() - interval '401 days' WHERE message_id = $1",
    [messageId],
  )
  expect(await contents()).toBe(0)
  expect(await stateOf(messageId)).toBe('expired')
  await assertConserved(gateway)
})

test('hundreds of persons at once, in opposite orders: nothing is our fault, and all of it balances', async () => {
  for (let round = 0; round < 3; round++) {
    const { indexes } = await ask(300)
    const dossiers = indexes.map(index => ({ dossier: `d-${index}` }))
    const announced = dossiers.map(one => ({ ...one, announcedOn: daysAgo(9) }))
    await send('referral.announced', announced)
    const { rows } = await gateway.db.pool.query<{ id: string }>(
      'SELECT id FROM feedback ORDER BY id DESC LIMIT 300',
    )
    const steps = (status: string) => rows.map(({ id }) => ({ feedbackId: id, status, on: TODAY }))
    const waiting = announced.map(one => ({ ...one, announcedOn: TODAY }))
    await send('referral.announced', waiting)
    const outcomes = await Promise.allSettled([
      send('referral.taken-up', steps('taken-up')),
      send('referral.taken-up', steps('closed').toReversed()),
      send('objection.raised', dossiers),
      send('objection.raised', dossiers.toReversed()),
      send('referral.announced', waiting.toReversed()),
      send('participation.withdrawn', dossiers.slice(0, 150)),
      send('participation.withdrawn', dossiers.slice(100).toReversed()),
    ])
    const codes = outcomes.flatMap(it =>
      it.status === 'rejected' ? [it.reason.code ?? it.reason] : [],
    )
    expect(codes.filter(code => !/^HB-(4\d\d|507)$/.test(String(code)))).toEqual([])
    await assertConserved(gateway)
  }
}, 60_000)

test('an explanation does not tell whether another party has a message', async () => {
  await openDomain(gateway)
  const { messageId } = await gateway.clients.leefgoed.detect(detection(tenants(90, 1)))
  const explain = async (inReplyTo: string) => {
    const message = {
      ...{ protocol: 'wm-vdab', type: 'detection.answer', purpose: 'detection', inReplyTo },
      ...{ nonce: 'A'.repeat(43), requestDigest: 'A'.repeat(43), items: [{ found: 1 }] },
    }
    const reply = await gateway.clients.woonboog.explain({ type: 'detection.answer', message })
    return { ...reply, at: '' }
  }
  const nothing = await explain('msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD')
  expect(await explain(messageId)).toEqual(nothing)
})

test('an objection window is not evaded by the endpoint of a type that cannot carry its date', async () => {
  const own = await testGateway({
    framework: document => {
      const request = document.messageTypes.find(one => one.type === 'detection.request')!
      const ended = document.messageTypes.find(one => one.type === 'tenancy.ended')!
      document.messageTypes.push({ ...ended, type: 'objection.raised', label: 'bezwaar' })
      const date = document.dataElements.find(one => one.field === 'referenceDate')!
      document.dataElements.push({
        ...{ ...date, id: 'aangekondigd', field: 'announcedOn', place: 'item' as const },
        messageTypes: ['detection.request'],
      })
      for (const element of document.dataElements) {
        if (element.messageTypes.includes('tenancy.ended')) {
          element.messageTypes.push('objection.raised')
        }
      }
      request.preconditions = {
        objectionWindow: { days: 7, announcedField: 'announcedOn', objectedBy: 'objection.raised' },
      }
    },
  })
  try {
    await openDomain(own)
    const { woonboog } = own.clients
    await expect(woonboog.detect(detection(tenants(0, 2)))).rejects.toMatchObject({
      code: 'HB-202',
    })
    const { tenants: items, ...request } = detection(tenants(0, 2))
    const announced = items.map(item => ({ ...item, announcedOn: TODAY }))
    const sent = await woonboog.send({
      type: 'detection.request',
      ...request,
      items: announced,
    } as never)
    const [handOver] = await handOversOf(own, sent.messageId)
    expect(handOver).toMatchObject({ state: 'held', reason: 'objection-window' })
    expect(own.vdab.to('/api/detections')).toEqual([])
  } finally {
    await own.close()
  }
})

describe('more than one key epoch', () => {
  test('ended tenancies of two epochs are two calls, each with a key of its own', async () => {
    const { woonboog } = gateway.clients
    const wm = await openDomain(gateway)
    await woonboog.detect(detection(tenants(50, 1)))
    await gateway.context.domains.rotate('wm-vdab', {
      actor: { role: 'operator' },
      at: new Date(),
    })
    const { items } = await gateway.clients.vdab.domains()
    const opened = items.find(it => it.domain.startsWith('wm-vdab/') && it.domain !== wm)!
    await gateway.clients.vdab.domainReady(opened.domain)
    await woonboog.detect(detection(tenants(60, 1)))
    const ended = [50, 60].map(index => ({ tenantRef: `tenant-${index}`, endedOn: TODAY }))
    const { messageId } = await woonboog.tenanciesEnded({ protocol: 'wm-vdab', items: ended })
    const calls = await until('both calls', () => {
      const all = gateway.vdab
        .to('/tenancies/ended')
        .filter(it => it.body['messageId'] === messageId)
      return all.length === 2 && all
    })
    expect(new Set(calls.map(it => it.headers['idempotency-key'])).size).toBe(2)
    expect(new Set(calls.map(it => it.body['domain']))).toEqual(new Set([wm, opened.domain]))
  })
})

describe('progress about an event of VDAB', () => {
  test('goes no further once the person withdrew the participation, in flight or after', async () => {
    await addThirdProtocol(gateway, addContact)
    await until('it is listed', () => listed('contact.needed'))
    const { indexes } = await ask(2)
    const { rows } = await gateway.db.pool.query<{ tag: Buffer; domain: string }>(
      `SELECT tag, domain FROM route WHERE domain LIKE '${THIRD}/%' AND party_id = 'woonboog'
       ORDER BY expires_at DESC LIMIT 2`,
    )
    const items = rows.map(row => ({ tag: row.tag.toString('base64url'), neededOn: TODAY }))
    const told = await gateway.clients.vdab.send({
      ...{ protocol: THIRD, type: 'contact.needed', purpose: 'help', domain: rows[0]!.domain },
      items,
    } as never)
    expect(told.accepted).toBe(2)
    const { rows: feedback } = await gateway.db.pool.query<{ id: string }>(
      'SELECT id FROM feedback WHERE message_id = $1 ORDER BY id',
      [told.messageId],
    )
    const [first, second] = feedback.map(({ id }) => ({
      feedbackId: id,
      status: 'closed',
      on: TODAY,
    }))
    gateway.vdab.reply = ({ body }) => busyFor('contact.done', body)
    const inFlight = await send('contact.done', [first!])
    await until('it was tried', async () => (await stateOf(inFlight.messageId)) === 'retrying')
    await send(
      'participation.withdrawn',
      indexes.map(index => ({ dossier: `d-${index}` })),
    )
    expect(await stateOf(inFlight.messageId)).toBe('withdrawn')
    await expect(send('contact.done', [second!])).rejects.toMatchObject({ code: 'HB-415' })
    const { rows: open } = await gateway.db.pool.query<{ status: string }>(
      'SELECT status FROM feedback WHERE id = $1',
      [second!.feedbackId],
    )
    expect(open).toEqual([{ status: 'open' }])
  })
})

function listed(type: string): boolean {
  const { standings, current } = {
    standings: gateway.context.protocols.standings(),
    current: gateway.context.protocols.current(),
  }
  const document = current.protocols.get(THIRD)?.document as Agreement | undefined
  const isThere = document?.messageTypes.some(one => one.type === type) ?? false
  return isThere && standings.get(THIRD)?.status === 'in-force'
}

/** An event of VDAB about a person, and what was done with it, told to VDAB. */
function addContact(document: Agreement): void {
  const { messageTypes, dataElements } = document
  const answer = messageTypes.find(one => one.type === 'participants.answer')!
  const { answers: _, ...fromVdab } = answer
  const question = messageTypes.find(one => one.type === 'referral.announced')!
  const { preconditions: __, ...toVdab } = question
  messageTypes.push(
    { ...fromVdab, type: 'contact.needed', label: 'contact', pattern: 'event' },
    {
      ...toVdab,
      type: 'contact.done',
      label: 'gedaan',
      pattern: 'progress',
      answers: 'contact.needed',
    },
  )
  const row = dataElements.find(one => one.field === 'row')!
  const known = dataElements.find(one => one.field === 'known')!
  const needed = ['contact.needed']
  dataElements.push(
    { ...row, id: 'tag', field: 'tag', format: 'pseudonym', messageTypes: needed },
    { ...known, id: 'needed', field: 'neededOn', format: 'date', messageTypes: needed },
  )
  for (const element of dataElements.filter(one => ['status', 'on'].includes(one.field))) {
    element.messageTypes = [...element.messageTypes, 'contact.done']
    const { from, to } = toVdab
    element.directions = [...element.directions, { from, to } as never]
  }
}
