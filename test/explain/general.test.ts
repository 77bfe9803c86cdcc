import { newNonce } from '../../src/client/index.ts'
import { addThirdProtocol, THIRD } from '../messages/third.ts'
import { TODAY } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { syntheticNumber } from '../support/people.ts'
import { prepareTestRegister, type TestRegister } from '../support/register.ts'
import { askAbout, type Sample, send } from './kit.ts'

/** A protocol that no file of the product knows is explained as it is carried out. */
let gateway: TestGateway
let register: TestRegister

beforeAll(async () => {
  gateway = await testGateway()
  await addThirdProtocol(gateway)
})
afterAll(async () => {
  register?.close()
  await gateway?.close()
})

function general(type: string, items: object[], purpose = 'help'): Sample {
  const message = { protocol: THIRD, type, purpose, nonce: newNonce(), items }
  return { type, path: '/v1/messages', message }
}

const person = (index: number, changes: object = {}) => ({
  ...{ insz: 'synthetic', dossier: `d-${index}`, signedOn: TODAY, paper: `p-${index}` },
  ...changes,
})

async function both(party: string, sample: Sample) {
  return {
    told: (await askAbout(gateway, party, sample)).body,
    real: await send(gateway, party, sample),
  }
}

test('no pseudonym domain yet: both say so', async () => {
  const { told, real } = await both('woonboog', general('participants.question', [person(0)]))
  expect([told.passes, told.errors[0]?.code]).toEqual([false, 'HB-316'])
  expect(told.checks.find(({ outcome }) => outcome === 'stops')?.check).toBe('domain')
  expect([real.status, real.body.code]).toEqual([503, 'HB-316'])
  register = await prepareTestRegister(gateway, [0, 1].map(syntheticNumber), THIRD)
})

test('an item without the participation that its type asks for is told by itself', async () => {
  const { signedOn: _, ...without } = person(2)
  const items = [person(1), without, person(3, { signedOn: '2099-01-01' })]
  const { told, real } = await both('woonboog', general('participants.question', items))
  const refused = (real.body['refused'] as { tenantRef?: string }[]).map(
    ({ tenantRef: _, ...item }) => item,
  )
  expect([told.passes, told.errors, real.status]).toEqual([true, [], 202])
  expect(refused).toHaveLength(2)
  expect(told.refusedItems).toEqual(refused)
})

test('where no item stands the message does not pass, though the gateway takes it', async () => {
  const { paper: _, ...without } = person(4)
  const { told, real } = await both('woonboog', general('participants.question', [without]))
  expect([real.status, real.body['state']]).toEqual([202, 'refused'])
  expect(told.passes).toBe(false)
  expect(told.errors).toMatchObject([{ code: 'HB-414', pointer: '/items/0/paper' }])
  expect(told.checks.find(({ outcome }) => outcome === 'stops')?.check).toBe('content')
})

test.each([
  ['an event twice', 'referral.announced', [event(1), event(1)], 'HB-403'],
  ['an event in the future', 'referral.announced', [event(2, '2099-01-01')], 'HB-202'],
  [
    'a withdrawal with a field too many',
    'objection.raised',
    [{ dossier: 'd', why: 'x' }],
    'HB-312',
  ],
  ['an event of another field', 'referral.announced', [{ insz: 'synthetic' }], 'HB-312'],
])('%s is refused for the same reason', async (_, type, items, code) => {
  const purpose = type === 'objection.raised' ? 'stopping' : 'help'
  const { told, real } = await both('woonboog', general(type, items, purpose))
  expect([told.passes, real.body.code]).toEqual([false, code])
  const real1 = real.body.errors?.map(({ code, pointer }) => `${code} ${pointer}`) ?? []
  const told1 = told.errors.map(({ code, pointer }) => `${code} ${pointer}`)
  expect(told1.slice(0, real1.length)).toEqual(real1)
})

function event(index: number, announcedOn = TODAY) {
  return { dossier: `e-${index}`, announcedOn }
}
