import { readBalances } from '../../src/exchange/conservation.ts'
import { closeEpoch } from '../../src/exchange/epoch.ts'
import { detection, openDomain, TODAY, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway, until } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister } from '../support/register.ts'
import { revoke } from '../suspension/kit.ts'
import { assertConserved, endTenancies, entriesOf, hurry, tagsOf } from './kit.ts'

/** The same persons under two key epochs: who gets feedback, and what ends with a tenancy. */
type Tenant = ReturnType<typeof tenants>[number]

const FIRST = 'wm-vdab/1/1'
const SECOND = 'wm-vdab/1/2'
const operator = { actor: { role: 'operator' }, reason: 'test' }

let gateway: TestGateway
const people = tenants(0, 12)
// In the first epoch the whole list, in the second the latter half and two newcomers.
const [onlyOld, both] = [people.slice(0, 6), people.slice(6)]
const onlyNew = tenants(50, 2)
/** Tags by domain and tenant reference. */
const tags: Record<string, Map<string, string>> = { [FIRST]: new Map(), [SECOND]: new Map() }

beforeAll(async () => {
  gateway = await testGateway()
  const started = Date.now()
  await openDomain(gateway)
  for (const person of people) await name('woonboog', person)
  await gateway.context.domains.rotate('wm-vdab', { actor: { role: 'operator' }, at: new Date() })
  const register = await prepareTestRegister(gateway, [syntheticNumber(99_000)], 'wm-vdab', SECOND)
  register.close()
  // The month before is closed by the first round of what is due by time, or not for a minute.
  await until('the first round is over', () => Date.now() - started > 2_500)
  for (const person of [...both, ...onlyNew]) await name('woonboog', person, lastMonth())
})
afterAll(async () => {
  await assertConserved(gateway)
  await gateway.close()
})
beforeEach(() => {
  for (const hook of Object.values(gateway.hooks)) hook.received.length = 0
  gateway.vdab.received.length = 0
})

// A person is in one request a month: the second epoch goes by the month before.
const lastMonth = () => {
  const day = new Date(Date.UTC(+TODAY.slice(0, 4), +TODAY.slice(5, 7) - 1, 0))
  return { referenceDate: day.toISOString().slice(0, 10) }
}

async function name(party: 'woonboog' | 'leefgoed', person: Tenant, changes: object = {}) {
  const { messageId } = await gateway.clients[party].detect(
    detection([person], changes as Record<string, unknown>),
  )
  const [tag] = await tagsOf(gateway, messageId)
  const { rows } = await gateway.db.pool.query('SELECT domain FROM message WHERE id = $1', [
    messageId,
  ])
  if (party === 'woonboog') tags[rows[0].domain]!.set(person.tenantRef, tag!)
  return { tag: tag!, domain: String(rows[0].domain) }
}

function feedback(domain: string, tag: string) {
  const items = [{ tag, reachability: 'not-reached' as const, establishedOn: TODAY }]
  return gateway.clients.vdab.feedback({ protocol: 'wm-vdab', domain, items })
}

const received = (party: 'woonboog' | 'leefgoed') =>
  gateway.hooks[party].received
    .filter(it => it.body['type'] === 'be.huisbrug.feedback.reachability')
    .map(it => it.body['data'] as { tenantRef: string })

test('who names a person first in a new epoch gets nothing while another has the old one', async () => {
  const [victim] = onlyOld
  const own = { ...victim!, tenantRef: 'stolen' }
  const { tag, domain } = await name('leefgoed', own)
  expect(domain).toBe(SECOND)
  for (const [under, by] of [
    [SECOND, tag],
    [FIRST, tags[FIRST]!.get(victim!.tenantRef)!],
  ] as const) {
    expect(await feedback(under, by)).toMatchObject({ accepted: 1, refused: [] })
  }
  await new Promise(resolve => setTimeout(resolve, 1_500))
  expect([...received('woonboog'), ...received('leefgoed')]).toEqual([])
  await endTenancies(gateway, 'leefgoed', [own])
  const both = await until('both go to the right one', () => {
    const found = received('woonboog')
    return found.length === 2 && found
  })
  expect(both.map(it => it.tenantRef)).toEqual([victim!.tenantRef, victim!.tenantRef])
  expect(received('leefgoed')).toEqual([])
})

test('feedback on its way by an old tag is held when another company names the person by a new one', async () => {
  const [, victim] = onlyOld
  gateway.hooks.woonboog.reply = () => ({ status: 503 })
  const sent = await feedback(FIRST, tags[FIRST]!.get(victim!.tenantRef)!)
  await until('it was tried, and no worker has it', async () => {
    const { rows } = await gateway.db.pool.query(
      "SELECT FROM hand_over WHERE message_id = $1 AND state = 'retrying'",
      [sent.messageId],
    )
    return rows.length === 1
  })
  const own = { ...victim!, tenantRef: 'moved-in' }
  await name('leefgoed', own)
  expect(await entriesOf(gateway, sent.messageId, 'exception.opened')).toHaveLength(1)
  gateway.hooks.woonboog.reply = () => ({ status: 202 })
  gateway.hooks.woonboog.received.length = 0
  await endTenancies(gateway, 'woonboog', [victim!])
  // The one left has the person by another tag than the feedback came with.
  await until('it goes to the one left', () => received('leefgoed').length === 1)
  expect(received('leefgoed')[0]).toMatchObject({ tenantRef: 'moved-in' })
  expect(received('woonboog')).toEqual([])
})

test('the end of tenancies tells VDAB by the tags of each epoch, and counts each person once', async () => {
  const gone = [onlyOld[2]!, onlyOld[3]!, both[0]!, both[1]!, both[2]!, onlyNew[0]!]
  let up = false
  gateway.vdab.reply = ({ body }) => ({ status: up || body['domain'] === SECOND ? 202 : 503 })
  const sent = await endTenancies(gateway, 'woonboog', gone)
  expect(sent).toMatchObject({ accepted: 6, refused: [] })
  const { woonboog } = gateway.clients
  await until('the new epoch is told', async () => {
    return (await woonboog.message(sent.messageId)).items.delivered === 4
  })
  // The old one waits with the two that are in it alone; the three repeats count nowhere.
  expect((await woonboog.message(sent.messageId)).items).toMatchObject({ accepted: 6, pending: 2 })
  await assertConserved(gateway)
  up = true
  await until('the old epoch is told', async () => {
    await hurry(gateway)
    return (await woonboog.message(sent.messageId)).items.delivered === 6
  })
  await assertConserved(gateway)
  const calls = gateway.vdab.to('/api/tenancies/ended')
  const last = new Map(calls.map(it => [String(it.body['domain']), it]))
  const told = (domain: string) =>
    (last.get(domain)!.body['items'] as { tag: string }[]).map(it => it.tag).toSorted()
  const expected = (domain: string, who: Tenant[]) =>
    who.map(it => tags[domain]!.get(it.tenantRef)!).toSorted()
  expect(told(FIRST)).toEqual(expected(FIRST, gone.slice(0, 5)))
  expect(told(SECOND)).toEqual(expected(SECOND, gone.slice(2)))
  expect(new Set(calls.map(it => it.headers['idempotency-key'])).size).toBe(2)
  const forwarded = await entriesOf(gateway, sent.messageId, 'message.delivered')
  const carried = forwarded.map(it => (it['counts'] as { items: number }).items)
  expect(carried.toSorted()).toEqual([4, 5])
  for (const [domain, who] of [
    [FIRST, both[0]!],
    [SECOND, both[0]!],
    [SECOND, onlyNew[0]!],
  ] as const) {
    const again = await feedback(domain, tags[domain]!.get(who.tenantRef)!)
    expect(again).toMatchObject({ accepted: 0, refused: [{ code: 'HB-405' }] })
  }
})

test('an end of which only repeats are open: closing the old epoch by force loses no item', async () => {
  gateway.vdab.reply = ({ body }) => ({ status: body['domain'] === FIRST ? 503 : 202 })
  const sent = await endTenancies(gateway, 'woonboog', [both[3]!])
  const { woonboog } = gateway.clients
  await until('the new epoch is told, the old one waits', async () => {
    const { items, state } = await woonboog.message(sent.messageId)
    return items.delivered === 1 && state === 'retrying'
  })
  const plain = closeEpoch(gateway.context, FIRST, { ...operator, at: new Date(), force: false })
  await expect(plain).rejects.toMatchObject({ code: 'open-work' })
  await until('it closes', async () => {
    return closeEpoch(gateway.context, FIRST, { ...operator, at: new Date(), force: true }).then(
      () => true,
      () => false,
    )
  })
  expect((await woonboog.message(sent.messageId)).items).toEqual({
    ...{ accepted: 1, refused: 0, delivered: 1 },
    ...{ pending: 0, parked: 0, expired: 0, withdrawn: 0 },
  })
  await assertConserved(gateway)
  const [balance] = await readBalances(gateway.db.pool)
  expect(balance).toMatchObject({ balanced: true })
})

test('after its epoch closed, a tag leads nowhere, and an end of tenancy is told once', async () => {
  const late = feedback(FIRST, tags[FIRST]!.get(both[4]!.tenantRef)!)
  await expect(late).rejects.toMatchObject({ code: 'HB-413' })
  const { rows } = await gateway.db.pool.query('SELECT FROM route WHERE domain = $1', [FIRST])
  expect(rows).toHaveLength(0)
  gateway.vdab.reply = () => ({ status: 202 })
  const sent = await endTenancies(gateway, 'woonboog', [both[4]!])
  await until('VDAB is told', () => gateway.vdab.to('/api/tenancies/ended').length === 1)
  expect(gateway.vdab.to('/api/tenancies/ended')[0]!.body).toMatchObject({
    messageId: sent.messageId,
    domain: SECOND,
  })
  const nobody = await endTenancies(gateway, 'woonboog', [onlyOld[4]!])
  expect(nobody).toMatchObject({ accepted: 0, refused: [{ code: 'HB-406' }] })
})

// Last: what is revoked stays so.
test('a company whose accession ended does not keep the other one waiting', async () => {
  const [person] = tenants(80, 1)
  const { tag } = await name('woonboog', person!)
  await name('leefgoed', { ...person!, tenantRef: 'held-up' })
  const { messageId } = await feedback(SECOND, tag)
  expect(await entriesOf(gateway, messageId, 'exception.opened')).toHaveLength(1)
  await revoke(gateway, 'wm-vdab-leefgoed', 'leefgoed')
  await until('it goes to the other one', () => received('woonboog').length === 1)
  expect(received('woonboog')[0]).toMatchObject({ tenantRef: person!.tenantRef })
  expect(received('leefgoed')).toEqual([])
})
