import type { BlindItem } from '../../src/client/blind-sender.ts'
import { blindPeople } from '../../src/client/blind-sender.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { forwarded } from '../messages/welfare.ts'
import { detection, forwardedTo, TODAY, tenants } from '../support/detection.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import {
  type BlindGateway,
  blinded,
  blindGateway,
  keysOf,
  mayBeBlind,
  QUOTA,
  type TestStore,
  testStore,
} from './support.ts'

const PEOPLE = tenants(0, 40)
/** The even ones, and people who are no tenants. */
const REGISTER = Array.from({ length: 40 }, (_, index) => syntheticNumber(index * 2))

let gateway: BlindGateway

beforeAll(async () => {
  gateway = await blindGateway(mayBeBlind, REGISTER)
})
afterAll(() => gateway?.close())

test('the same people, plain and blind, give the same rows, routes and subjects', async () => {
  const { woonboog, leefgoed } = gateway.clients
  const plain = await woonboog.detect(detection(PEOPLE))
  const items = await blinded(gateway, PEOPLE, { company: 'leefgoed' })
  const request = detection(items as never, { domain: gateway.domain })
  const blind = await leefgoed.detect(request as never)
  expect([plain.accepted, blind.accepted]).toEqual([40, 40])
  const found = async (messageId: string) => {
    const call = await forwardedTo(gateway, messageId)
    const rows = call.body['rows'] as { rowId: string; ciphertext: string }[]
    const opened = await gateway.register.open(call)
    return {
      rowIds: rows.map(({ rowId }) => rowId),
      lengths: new Set(rows.map(({ ciphertext }) => ciphertext.length)),
      opened: opened.map(({ rowId, tag, content }) => ({ rowId, tag, content })),
    }
  }
  const ofPlain = await found(plain.messageId)
  expect(ofPlain.opened).toHaveLength(20)
  expect(await found(blind.messageId)).toEqual(ofPlain)
  const of = async (party: string) => {
    const { rows } = await gateway.db.pool.query(
      `SELECT encode(r.tag, 'hex') AS tag, encode(r.subject_tag, 'hex') AS subject,
         encode(p.row_id, 'hex') AS row FROM route r
       JOIN period_member p USING (party_id, subject_tag, tag) WHERE party_id = $1 ORDER BY 1`,
      [party],
    )
    return rows
  }
  expect(await of('woonboog')).toHaveLength(40)
  expect(await of('leefgoed')).toEqual(await of('woonboog'))
})

describe('what a person said counts whoever made the pseudonyms', () => {
  let register: TestRegister
  let own: TestStore

  beforeAll(async () => {
    own = testStore()
    await addThirdProtocol(gateway, document => {
      document.modalities.evaluation.push({ party: 'woonboog', ...QUOTA })
    })
    register = await prepareTestRegister(gateway, [syntheticNumber(70)], THIRD)
  })
  afterAll(() => {
    own?.close()
    register?.close()
  })

  const person = (index: number, dossier = `d-${index}`) => ({
    ...{ insz: syntheticNumber(index), dossier, signedOn: TODAY, paper: `p-${index}` },
  })
  type Person = ReturnType<typeof person>

  async function pseudonyms(people: Person[]): Promise<BlindItem<Person>[]> {
    const client = gateway.clients.woonboog
    const { domain } = register
    const publishedKeys = await keysOf(client, domain)
    const made = []
    const options = { client, domain, publishedKeys, people, store: own.store }
    for await (const item of blindPeople<Person>(options)) made.push(item)
    return made
  }

  const ask = (items: object[], more: object = {}) =>
    gateway.clients.woonboog.send({
      ...{ protocol: THIRD, type: 'participants.question', purpose: 'help' },
      ...more,
      items: items as never,
    })
  const withdraw = (dossier: string) =>
    gateway.clients.woonboog.send({
      ...{ protocol: THIRD, type: 'participation.withdrawn', purpose: 'stopping' },
      items: [{ dossier }],
    })

  test('withdrawn after a plain request: the blind one is refused for that person', async () => {
    expect(await ask([person(70)])).toMatchObject({ accepted: 1 })
    expect(await withdraw('d-70')).toMatchObject({ accepted: 1 })
    const items = await pseudonyms([person(70, 'd-70b'), person(71)])
    const sent = await ask(items, { domain: register.domain })
    expect(sent).toMatchObject({
      accepted: 1,
      refused: [{ index: 0, tenantRef: 'd-70b', code: 'HB-415', pointer: '/items/0' }],
    })
    const call = await forwarded(gateway, sent.messageId)
    expect(call.raw).not.toContain('"p-71')
  })

  test('withdrawn after a blind request: the plain one is refused for that person', async () => {
    const items = await pseudonyms([person(72)])
    expect(await ask(items, { domain: register.domain })).toMatchObject({ accepted: 1 })
    expect(await withdraw('d-72')).toMatchObject({ accepted: 1 })
    expect(await ask([person(72, 'd-72b')])).toMatchObject({
      accepted: 0,
      refused: [{ index: 0, code: 'HB-415', pointer: '/items/0' }],
    })
  })

  test('without a participation a blind item is refused, the others go', async () => {
    const [first, second] = await pseudonyms([person(73), person(74)])
    const { paper: _, ...without } = first!
    expect(await ask([without, second!], { domain: register.domain })).toMatchObject({
      accepted: 1,
      refused: [{ index: 0, tenantRef: 'd-73', code: 'HB-414', pointer: '/items/0/paper' }],
    })
  })

  test('a document reference with a national number in it is refused unstored', async () => {
    const [item] = await pseudonyms([person(75)])
    const paper = `p-${syntheticNumber(700)}`
    await expect(ask([{ ...item, paper }], { domain: register.domain })).rejects.toMatchObject({
      errors: [{ code: 'HB-402', pointer: '/items/0/paper' }],
    })
  })

  test('the end of a tenancy stops what a blind sender named', async () => {
    const { woonboog } = gateway.clients
    const items = await blinded(gateway, tenants(80, 1))
    await woonboog.detect(detection(items as never, { domain: gateway.domain }) as never)
    const ended = { protocol: 'wm-vdab', items: [{ tenantRef: 'tenant-80', endedOn: TODAY }] }
    expect(await woonboog.tenanciesEnded(ended)).toMatchObject({ accepted: 1, refused: [] })
  })
})
