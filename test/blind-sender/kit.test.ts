import { blindPeople, sendBlind } from '../../src/client/blind-sender.ts'
import type { HuisbrugClient } from '../../src/client/index.ts'
import type { Tenant } from '../../src/client/types.ts'
import { detection, tenants } from '../support/detection.ts'
import { syntheticNumber, tenant } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import {
  type BlindGateway,
  blinded,
  blindGateway,
  keysOf,
  mustBeBlind,
  type TestStore,
  testStore,
} from './support.ts'

const { tenants: _, ...message } = detection([])

let gateway: BlindGateway
let own: TestStore

beforeAll(async () => {
  gateway = await blindGateway(mustBeBlind)
  own = testStore()
})
afterAll(async () => {
  own?.close()
  await gateway?.close()
})

/** A client that counts what it evaluates, and stops the run before the nth evaluation. */
function counting(stopBefore = Number.POSITIVE_INFINITY) {
  const { woonboog } = gateway.clients
  const seen = { calls: 0, elements: [] as [string, number][] }
  const client: Pick<HuisbrugClient, 'evaluate' | 'detect' | 'send' | 'domains'> = {
    ...woonboog,
    evaluate: request => {
      if (++seen.calls === stopBefore) throw new Error('stopped')
      seen.elements.push([request.domain, request.blinded.length])
      return woonboog.evaluate(request)
    },
  }
  return { client, seen }
}

async function sending(people: Iterable<Tenant>, client = counting().client, more: object = {}) {
  const { domain } = gateway
  const publishedKeys = await keysOf(gateway.clients.woonboog, domain)
  return { client, domain, publishedKeys, people, store: own.store, message, ...more }
}

const people = tenants(100, 25)

test('a run that is stopped goes on where it was, in a new process', async () => {
  const stopped = counting(4)
  await expect(
    sendBlind(await sending(people, stopped.client, { batchSize: 10, messageSize: 10 })),
  ).rejects.toThrow('stopped')
  expect(stopped.seen.elements).toEqual([
    ['subject', 10],
    ['wm-vdab/1/1', 10],
    ['subject', 10],
  ])
  own.reopen()
  const { client, seen } = counting()
  const progress: object[] = []
  const options = await sending(people, client, {
    batchSize: 10,
    messageSize: 10,
    onProgress: (one: object) => progress.push(one),
  })
  const replies = await sendBlind(options)
  expect(seen.elements).toEqual([
    ['wm-vdab/1/1', 10],
    ['subject', 5],
    ['wm-vdab/1/1', 5],
  ])
  expect(replies.map(({ accepted }) => accepted)).toEqual([10, 10, 5])
  expect(progress.at(-1)).toEqual({ seen: 25, ready: 25, evaluated: 15, invalid: 0 })
})

test('run again: the same messages, so the same answers, and nothing is evaluated', async () => {
  own.reopen()
  const { client, seen } = counting()
  const options = await sending(people, client, { batchSize: 10, messageSize: 10 })
  const replies = await sendBlind(options)
  expect(seen.calls).toBe(0)
  const { rows } = await gateway.db.pool.query(
    `SELECT id FROM message WHERE type = 'detection.request' AND accepted > 0`,
  )
  expect(replies.map(({ messageId }) => messageId).toSorted()).toEqual(
    rows.map(({ id }) => id).toSorted(),
  )
})

test('only who is new is evaluated', async () => {
  const { client, seen } = counting()
  const more = [...people, ...tenants(200, 3)]
  const items = []
  for await (const item of blindPeople(await sending(more, client))) items.push(item)
  expect(items).toHaveLength(28)
  expect(seen.elements).toEqual([
    ['subject', 3],
    ['wm-vdab/1/1', 3],
  ])
})

test('an invalid number is left out and told, without the number', async () => {
  const told: object[] = []
  const wrong = tenant(300, { insz: '85073003329' })
  const options = await sending([tenant(301), wrong], undefined, {
    onInvalid: (person: object) => told.push(person),
  })
  const items = []
  for await (const item of blindPeople(options)) items.push(item)
  expect(items.map(({ tenantRef }) => tenantRef)).toEqual(['tenant-301'])
  expect(told).toEqual([{ tenantRef: 'tenant-300', tenantGround: 'art-6.1-1-a' }])
})

test('the general form carries them too', async () => {
  const options = await sending(tenants(400, 2), undefined, {
    message: { ...message, type: 'detection.request' },
  })
  expect(await sendBlind(options)).toMatchObject([{ accepted: 2, refused: [] }])
})

test.each([
  ['the domain', 'wm-vdab/1/1'],
  ['the subject index', 'subject'],
])('another key than the published one for %s stops the run', async (_name, tampered) => {
  const { client } = counting()
  const tampering = {
    ...client,
    evaluate: async (request: { domain: string; blinded: string[] }) => {
      const domain = request.domain === tampered ? OTHER[tampered] : request.domain
      return { ...(await client.evaluate({ ...request, domain: domain ?? '' })) }
    },
  }
  const [index] = tampered === 'subject' ? [500] : [501]
  const options = await sending([tenant(index!)], tampering as never)
  const run = blindPeople(options).next()
  await expect(run).rejects.toMatchObject({ code: 'key-not-published' })
})
const OTHER: Record<string, string> = { 'wm-vdab/1/1': 'subject', subject: 'wm-vdab/1/1' }

test('the store holds no national number, and of the subject index no secret', async () => {
  const subject = own.store.findByNumber('subject', syntheticNumber(100))
  expect(subject?.tag).toHaveLength(16)
  expect(subject?.secret).toHaveLength(0)
  await expect(own.store.preparePeriod('subject', '2026-11')).rejects.toThrow(RangeError)
})

describe('after a rotation', () => {
  let old: Awaited<ReturnType<typeof blinded>>

  beforeAll(async () => {
    old = await blinded(gateway, tenants(600, 2), { store: own })
    const at = gateway.context.clock()
    await gateway.context.domains.rotate('wm-vdab', { actor: { role: 'operator' }, at })
  })

  const detect = (items: object[], more: Record<string, unknown>) =>
    gateway.clients.woonboog.detect(detection(items as never, more) as never)

  test('while an epoch opens, the domain has to be named', async () => {
    await expect(detect(old, {})).rejects.toMatchObject({
      code: 'HB-419',
      errors: [{ pointer: '/domain' }],
    })
    const opening = await blinded(gateway, tenants(610, 1), { store: own, domain: 'wm-vdab/1/2' })
    await expect(detect(opening, { domain: 'wm-vdab/1/2' })).rejects.toMatchObject({
      code: 'HB-316',
    })
    expect(await detect([old[0]!], { domain: 'wm-vdab/1/1' })).toMatchObject({ accepted: 1 })
  })

  test('pseudonyms of the epoch before are refused; new ones cost no subject tag', async () => {
    const numbers = [syntheticNumber(600), syntheticNumber(601)]
    const next = await prepareTestRegister(gateway, numbers, 'wm-vdab', 'wm-vdab/1/2')
    next.close()
    await expect(detect([old[1]!], { domain: 'wm-vdab/1/1' })).rejects.toMatchObject({
      code: 'HB-413',
      errors: [{ pointer: '/domain', remedy: expect.stringContaining('anew') }],
    })
    const { client, seen } = counting()
    const { domain: _current, ...options } = await sending(tenants(601, 1), client)
    const domain = 'wm-vdab/1/2'
    const publishedKeys = await keysOf(gateway.clients.woonboog, domain)
    expect(await sendBlind({ ...options, domain, publishedKeys })).toMatchObject([{ accepted: 1 }])
    expect(seen.elements).toEqual([[domain, 1]])
  })

  test('who was sent under the epoch before was sent this month', async () => {
    const again = await blinded(gateway, tenants(600, 1), { store: own, domain: 'wm-vdab/1/2' })
    await expect(detect(again, { domain: 'wm-vdab/1/2' })).rejects.toMatchObject({
      errors: [{ code: 'HB-404', pointer: '/tenants/0/subjectTag' }],
    })
  })

  test('once it is closed the domain still has to be named: old tags would be found by nobody', async () => {
    const { domains, clock } = gateway.context
    const closing = { actor: { role: 'operator' }, at: clock(), reason: 'test' }
    await domains.close('wm-vdab/1/1', { ...closing, before: async () => {} })
    await expect(detect([old[1]!], {})).rejects.toMatchObject({ code: 'HB-419' })
    await expect(detect([old[1]!], { domain: 'wm-vdab/1/1' })).rejects.toMatchObject({
      code: 'HB-413',
    })
  })
})
