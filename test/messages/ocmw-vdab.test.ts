import { readBalances } from '../../src/exchange/conservation.ts'
import { validatorFor } from '../../src/schemas.ts'
import { until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import {
  callsOf,
  client,
  eventAt,
  forwarded,
  OFFICE,
  openWelfare,
  question,
  TODAY,
  type Welfare,
} from './welfare.ts'

const ANSWERED = 'be.huisbrug.message.answered'
const RECEIVED = 'be.huisbrug.message.received'

let world: Welfare
let feedbackId = ''

beforeAll(async () => {
  // VDAB knows the persons 0 to 4 of those that the office asks about, and others.
  world = await openWelfare([0, 1, 2, 3, 4, 50, 51].map(syntheticNumber))
})

afterAll(async () => {
  await world.close()
})

describe('who takes the guidance, in files alone', () => {
  test('the question reaches VDAB as sealed rows that open only for people it knows', async () => {
    const { office, gateway, register } = world
    const persons = Array.from({ length: 8 }, (_, index) => client(index))
    const accepted = await office.send(question([...persons, { insz: '1', clientRef: 'c-x' }]))
    expect(accepted).toMatchObject({
      accepted: 8,
      refused: [{ index: 8, tenantRef: 'c-x', code: 'HB-401', pointer: '/items/8/insz' }],
    })
    const call = await forwarded(gateway, accepted.messageId)
    expect(validatorFor('message-forward')(call.body)).toEqual([])
    expect(call.body).toMatchObject({
      type: 'guidance.question',
      protocol: 'ocmw-vdab',
      domain: 'ocmw-vdab/1/1',
      sender: OFFICE,
      granularity: 'person',
    })
    expect(call.headers['idempotency-key']).toBe(call.body['deliveryId'])
    expect(call.raw).not.toMatch(/client-[0-9]|\b[0-9]{11}\b/)
    const opened = await register.open(call)
    expect(opened).toHaveLength(5)
    expect(opened[0]?.content).toEqual({ referenceDate: TODAY })
  })

  test('one answer per item comes back to the office under its own reference', async () => {
    const { gateway, vdab, hook, register } = world
    const [call] = callsOf(gateway, 'guidance.question')
    if (!call) throw new Error('no question')
    const opened = await register.open(call)
    const answer = {
      protocol: 'ocmw-vdab',
      type: 'guidance.answer',
      purpose: 'guidance',
      inReplyTo: String(call.body['messageId']),
      requestDigest: String(call.body['requestDigest']),
      items: opened.map(({ rowId }, index) => ({
        row: rowId,
        guidance: index === 0 ? 'welfare-office' : 'employment-service',
      })),
    }
    await expect(
      vdab.send({ ...answer, items: [{ row: 'x', guidance: 'work' }] }),
    ).rejects.toThrow()
    const stranger = { ...answer, items: [{ row: 'A'.repeat(22), guidance: 'welfare-office' }] }
    await expect(vdab.send(stranger)).rejects.toMatchObject({ code: 'HB-407' })
    await vdab.send(answer)
    await expect(vdab.send(answer)).rejects.toMatchObject({ code: 'HB-502' })
    const event = await eventAt(hook, ANSWERED)
    expect(validatorFor('envelope')(event)).toEqual([])
    const { results, messageId } = event['data'] as {
      messageId: string
      results: { item: { clientRef: string }; answer: { guidance: string } | null }[]
    }
    expect(messageId).toBe(answer.inReplyTo)
    expect(results).toHaveLength(8)
    const byRef = new Map(results.map(one => [one.item.clientRef, one.answer]))
    expect([...byRef.keys()].sort()).toEqual(persons(8))
    expect(results.filter(one => one.answer === null)).toHaveLength(3)
    for (const index of [5, 6, 7]) expect(byRef.get(`client-${index}`)).toBeNull()
    const known = results.flatMap(one => one.answer?.guidance ?? [])
    expect(known.filter(one => one === 'welfare-office')).toHaveLength(1)
  })

  test('an empty answer is an answer: nobody of the question is known', async () => {
    const { office, vdab, hook, gateway } = world
    const { messageId } = await office.send(question([client(70), client(71)]))
    const { body } = await forwarded(gateway, messageId)
    const requestDigest = String(body['requestDigest'])
    const type = 'guidance.answer'
    const about = { inReplyTo: messageId, requestDigest }
    await vdab.send({ protocol: 'ocmw-vdab', type, purpose: 'guidance', ...about, items: [] })
    const event = await eventAt(hook, ANSWERED, 1)
    expect((event['data'] as { results: object[] }).results).toEqual(
      expect.arrayContaining([
        { item: { clientRef: 'client-70' }, answer: null },
        { item: { clientRef: 'client-71' }, answer: null },
      ]),
    )
  })
})

describe('contact that is needed, and its closing answer', () => {
  test('reaches the one office that has the person: a date and no reason', async () => {
    const { gateway, vdab, hook, register } = world
    const [call] = callsOf(gateway, 'guidance.question')
    if (!call) throw new Error('no question')
    const [person] = await register.open(call)
    const event = {
      protocol: 'ocmw-vdab',
      type: 'contact.follow-up-needed',
      purpose: 'contact',
      domain: register.domain,
    }
    const item = { tag: person?.tag ?? '', neededOn: TODAY }
    const withReason = { ...item, reason: 'unwilling' }
    await expect(vdab.send({ ...event, items: [withReason] })).rejects.toMatchObject({
      code: 'HB-312',
    })
    const unknown = { tag: 'A'.repeat(22), neededOn: TODAY }
    const sent = await vdab.send({ ...event, items: [item, unknown] })
    expect(sent).toMatchObject({ accepted: 1, refused: [{ index: 1, code: 'HB-405' }] })
    const told = await eventAt(hook, RECEIVED)
    expect(validatorFor('envelope')(told)).toEqual([])
    const data = told['data'] as { feedbackId: string; item: Record<string, string> }
    expect(data).toMatchObject({ type: event.type, purpose: 'contact' })
    expect(Object.keys(data.item).sort()).toEqual(['clientRef', 'neededOn'])
    feedbackId = data.feedbackId
  })

  test('goes back to VDAB when it is closed, once', async () => {
    const { gateway, office, vdab } = world
    const closing = {
      protocol: 'ocmw-vdab',
      type: 'contact.follow-up-closed',
      purpose: 'contact',
      items: [{ feedbackId, status: 'closed', on: TODAY }],
    }
    await expect(vdab.send(closing)).rejects.toMatchObject({ code: 'HB-309' })
    await office.send(closing)
    const call = await until('VDAB is told', () => callsOf(gateway, closing.type)[0])
    expect(validatorFor('message-forward')(call.body)).toEqual([])
    expect(call.body['items']).toEqual([
      { tag: expect.any(String), feedbackId, status: 'closed', on: TODAY },
    ])
    await expect(office.send(closing)).rejects.toMatchObject({ code: 'HB-507' })
    const twice = { ...closing, items: [...closing.items, ...closing.items] }
    await expect(office.send(twice)).rejects.toMatchObject({ code: 'HB-506' })
  })
})

describe('the end of the assistance', () => {
  test('ends the way back, and VDAB is told to stop', async () => {
    const { gateway, office, vdab, register } = world
    const ended = {
      protocol: 'ocmw-vdab',
      type: 'assistance.ended',
      purpose: 'stopping',
      items: [
        { clientRef: 'client-0', endedOn: TODAY },
        { clientRef: 'client-999', endedOn: TODAY },
      ],
    }
    const sent = await office.send(ended)
    expect(sent).toMatchObject({
      accepted: 1,
      refused: [
        { index: 1, tenantRef: 'client-999', code: 'HB-406', pointer: '/items/1/clientRef' },
      ],
    })
    const call = await until('VDAB is told', () => callsOf(gateway, ended.type)[0])
    const [item] = call.body['items'] as { tag: string; endedOn: string }[]
    expect(item).toEqual({ tag: expect.any(String), endedOn: TODAY })
    const late = {
      protocol: 'ocmw-vdab',
      type: 'contact.follow-up-needed',
      purpose: 'contact',
      domain: register.domain,
      items: [{ tag: item?.tag ?? '', neededOn: TODAY }],
    }
    await expect(vdab.send(late)).resolves.toMatchObject({ accepted: 0 })
  })
})

test('every item of it balances, and no reference or number is stored in clear', async () => {
  const { gateway } = world
  const { pool } = gateway.db
  const balances = await until('all is delivered', async () => {
    const all = (await readBalances(pool)).filter(one => one.protocol === 'ocmw-vdab')
    return all.every(one => one.pending === 0) && all
  })
  expect(balances.length).toBeGreaterThan(0)
  for (const balance of balances) expect(balance).toMatchObject({ balanced: true, parked: 0 })
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM outgoing_item')
  expect(rows[0].n).toBe(0)
})

function persons(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `client-${index}`)
}
