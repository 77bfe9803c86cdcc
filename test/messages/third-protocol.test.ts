import { createHash } from 'node:crypto'
import { readBalances } from '../../src/exchange/conservation.ts'
import { settleOnce } from '../../src/exchange/settle.ts'
import { validatorFor } from '../../src/schemas.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { addThirdProtocol, THIRD } from './third.ts'
import { callsOf, eventAt, forwarded, TODAY } from './welfare.ts'

let gateway: TestGateway
let register: TestRegister

beforeAll(async () => {
  gateway = await testGateway()
  await addThirdProtocol(gateway)
  register = await prepareTestRegister(gateway, [0, 1, 2, 3].map(syntheticNumber), THIRD)
})

afterAll(async () => {
  register.close()
  await gateway.close()
})

const send = (type: string, items: Record<string, string | number>[], more: object = {}) => {
  const stopping = ['participation.withdrawn', 'objection.raised'].includes(type)
  const purpose = stopping ? 'stopping' : 'help'
  const message = { protocol: THIRD, type, purpose, ...more, items } as never
  const fromVdab = ['participants.answer', 'referral.taken-up', 'steps.taken'].includes(type)
  return gateway.clients[fromVdab ? 'vdab' : 'woonboog'].send(message)
}

const person = (index: number, changes: Record<string, string> = {}) => ({
  ...{ insz: syntheticNumber(index), dossier: `d-${index}`, signedOn: TODAY, paper: `p-${index}` },
  ...changes,
})

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
}

async function reasonsOf(messageId: string): Promise<string[]> {
  const { rows } = await gateway.db.pool.query(
    'SELECT state, reason FROM hand_over WHERE message_id = $1 ORDER BY id',
    [messageId],
  )
  return rows.map(row => `${row.state} ${row.reason}`)
}

describe('participation: a signed document that names the recipients', () => {
  test('an item without it is refused, the others go', async () => {
    const { dossier, insz } = person(1)
    const items = [person(0), { dossier, insz }, person(2, { signedOn: '2099-01-01' })]
    const sent = await send('participants.question', items as Record<string, string>[])
    expect(sent).toMatchObject({
      accepted: 1,
      refused: [
        { index: 1, tenantRef: 'd-1', code: 'HB-414', pointer: '/items/1/signedOn' },
        { index: 2, tenantRef: 'd-2', code: 'HB-414', pointer: '/items/2/signedOn' },
      ],
    })
    const call = await forwarded(gateway, sent.messageId)
    expect(call.raw).not.toContain('"p-0')
    const [opened] = await register.open(call)
    expect(opened?.content).toEqual({})
  })

  test('a document reference with a national number in it is refused unstored', async () => {
    const number = syntheticNumber(700)
    const items = [person(7, { paper: `p-${number}` })]
    await expect(send('participants.question', items)).rejects.toMatchObject({ code: 'HB-402' })
    const { rows } = await gateway.db.pool.query(
      "SELECT count(*)::int AS n FROM participation WHERE document LIKE '%' || $1 || '%'",
      [number],
    )
    expect(rows[0].n).toBe(0)
  })

  test('its official withdrawal stops everything after it', async () => {
    gateway.vdab.reply = () => ({ status: 503, headers: { 'retry-after': '3600' } })
    const sent = await send('participants.question', [person(10), person(11)])
    await until('it was tried', async () =>
      (await reasonsOf(sent.messageId))[0]?.startsWith('retr'),
    )
    const gone = await send('participation.withdrawn', [{ dossier: 'd-10' }])
    expect(gone).toMatchObject({ accepted: 1, refused: [] })
    const state = await gateway.clients.woonboog.message(sent.messageId)
    expect(state.items).toMatchObject({ accepted: 2, withdrawn: 1, pending: 1 })
    // It asked for an hour's rest, which the tests after this one do not wait for.
    await gateway.db.pool.query('DELETE FROM circuit')
    gateway.vdab.reply = () => ({ status: 202, body: {} })
    const again = await send('participants.question', [person(10, { dossier: 'd-10b' })])
    expect(again).toMatchObject({
      accepted: 0,
      refused: [{ index: 0, tenantRef: 'd-10b', code: 'HB-415', pointer: '/items/0' }],
    })
    const { rows } = await gateway.db.pool.query(
      'SELECT count(*)::int AS n FROM participation WHERE withdrawn_on IS NOT NULL',
    )
    expect(rows[0].n).toBe(1)
  })

  test('a participation signed later counts again', async () => {
    await gateway.db.pool.query(
      "UPDATE participation SET signed_on = '2026-01-01', withdrawn_on = '2026-02-01'",
    )
    await gateway.db.pool.query("DELETE FROM period_member WHERE protocol = 'third-exchange'")
    const sent = await send('participants.question', [person(10, { dossier: 'd-10c' })])
    expect(sent).toMatchObject({ accepted: 1, refused: [] })
  })
})

describe('objection window: announced, held, then released', () => {
  test('what was announced long ago goes at once', async () => {
    await send('participants.question', [person(20), person(21), person(22)])
    const items = [{ dossier: 'd-20', announcedOn: daysAgo(9) }]
    const sent = await send('referral.announced', items)
    expect(sent.accepted).toBe(1)
    const call = await forwarded(gateway, sent.messageId)
    expect(validatorFor('message-forward')(call.body)).toEqual([])
    expect(call.body['items']).toEqual([
      {
        tag: expect.any(String),
        feedbackId: expect.stringMatching(/^fb_/),
        announcedOn: daysAgo(9),
      },
    ])
  })

  test('a person of another or nobody is refused: no current route', async () => {
    const items = [{ dossier: 'd-404', announcedOn: TODAY }]
    await expect(send('referral.announced', items)).resolves.toMatchObject({
      accepted: 0,
      refused: [{ index: 0, code: 'HB-406', pointer: '/items/0/dossier' }],
    })
  })

  test('what was announced today waits; who objects is left out, the rest goes on', async () => {
    const items = [21, 22].map(index => ({ dossier: `d-${index}`, announcedOn: TODAY }))
    const sent = await send('referral.announced', items)
    expect(await reasonsOf(sent.messageId)).toEqual(['held objection-window'])
    await settleOnce(gateway.context)
    expect(await reasonsOf(sent.messageId)).toEqual(['held objection-window'])
    const { rows } = await gateway.db.pool.query<{ due_at: Date }>(
      'SELECT due_at FROM hand_over WHERE message_id = $1',
      [sent.messageId],
    )
    expect(rows[0]?.due_at.toISOString()).toBe(`${daysAgo(-8)}T00:00:00.000Z`)

    const objection = await send('objection.raised', [{ dossier: 'd-21' }, { dossier: 'd-20' }])
    expect(objection).toMatchObject({
      accepted: 1,
      refused: [{ index: 1, tenantRef: 'd-20', code: 'HB-416' }],
    })
    await gateway.db.pool.query('UPDATE hand_over SET due_at = now() WHERE message_id = $1', [
      sent.messageId,
    ])
    const call = await forwarded(gateway, sent.messageId)
    expect(call.body['items']).toHaveLength(1)
    const late = await send('objection.raised', [{ dossier: 'd-22' }])
    expect(late).toMatchObject({ accepted: 0, refused: [{ code: 'HB-416' }] })
    const state = await gateway.clients.woonboog.message(sent.messageId)
    expect(state.items).toMatchObject({ accepted: 2, delivered: 1, withdrawn: 1 })
  })

  test('its progress comes back to who announced it', async () => {
    const [call] = callsOf(gateway, 'referral.announced')
    const [item] = (call?.body['items'] ?? []) as { feedbackId: string }[]
    const step = { feedbackId: item?.feedbackId ?? '', status: 'taken-up', on: TODAY }
    await send('referral.taken-up', [step])
    const event = await eventAt(gateway.hooks.woonboog, 'be.huisbrug.message.received')
    expect(validatorFor('envelope')(event)).toEqual([])
    expect(event['data']).toMatchObject({
      type: 'referral.taken-up',
      feedbackId: step.feedbackId,
      item: { dossier: 'd-20', status: 'taken-up', on: TODAY },
    })
  })
})

describe('counts about the group of a request', () => {
  const COUNTS = 'be.huisbrug.message.counts'

  async function ask(first: number, count: number) {
    const items = Array.from({ length: count }, (_, index) => person(first + index))
    const { messageId } = await send('participants.question', items)
    const { body } = await forwarded(gateway, messageId)
    return { inReplyTo: messageId, requestDigest: String(body['requestDigest']) }
  }

  test('reach the asker with noise, rounded, small ones withheld, once', async () => {
    const about = await ask(100, 200)
    const items = [
      { step: 'contact', persons: 100 },
      { step: 'work', persons: 1 },
    ]
    const sent = await send('steps.taken', items, about)
    expect(sent.accepted).toBe(2)
    const event = await eventAt(gateway.hooks.woonboog, COUNTS)
    expect(validatorFor('envelope')(event)).toEqual([])
    const { items: shown } = event['data'] as {
      items: { step: string; persons: number | null }[]
    }
    // What was left out comes too: which codes there are tells of nobody.
    expect(shown.map(one => one.step)).toEqual(['contact', 'training', 'work'])
    expect((shown[0]?.persons ?? 1) % 5).toBe(0)
    expect(Math.abs((shown[0]?.persons ?? 0) - 100)).toBeLessThan(75)
    expect([null, 5, 10, 15, 20, 25, 30, 35, 40]).toContain(shown[2]?.persons)
    await expect(send('steps.taken', items, about)).rejects.toMatchObject({ code: 'HB-502' })
  })

  test('of a small group nothing is shown, not even that there are numbers', async () => {
    const about = await ask(400, 3)
    const sent = await send('steps.taken', [{ step: 'work', persons: 3 }], about)
    expect(await reasonsOf(sent.messageId)).toEqual(['delivered small-group'])
    const { rows } = await gateway.db.pool.query('SELECT FROM counts_item WHERE message_id = $1', [
      sent.messageId,
    ])
    expect(rows).toEqual([])
  })

  test.each([
    [
      'a code twice',
      [
        { step: 'work', persons: 1 },
        { step: 'work', persons: 1 },
      ],
      '/items/1',
    ],
    ['more than were asked about', [{ step: 'work', persons: 9 }], '/items/0/persons'],
  ])('%s is refused', async (_what, items, pointer) => {
    const about = await ask(500 + items.length * 10, 4)
    await expect(send('steps.taken', items, about)).rejects.toMatchObject({
      code: 'HB-202',
      errors: [expect.objectContaining({ pointer })],
    })
  })

  test('bound to another request are refused', async () => {
    const about = await ask(600, 4)
    const other = { ...about, requestDigest: createHash('sha256').digest('base64url') }
    const items = [{ step: 'work', persons: 1 }]
    await expect(send('steps.taken', items, other)).rejects.toMatchObject({ code: 'HB-505' })
    const nothing = { ...about, inReplyTo: 'msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD' }
    await expect(send('steps.taken', items, nothing)).rejects.toMatchObject({ code: 'HB-503' })
  })
})

test('everything balances', async () => {
  const balances = await readBalances(gateway.db.pool)
  expect(balances.some(one => one.protocol === THIRD)).toBe(true)
  for (const balance of balances) expect(balance.balanced).toBe(true)
})
