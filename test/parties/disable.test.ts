import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EVERYTHING } from '../../src/access/scope.ts'
import { handOverDue } from '../../src/delivery/hand-over.ts'
import { dueDestinations } from '../../src/delivery/outbox.ts'
import { countUnseen } from '../../src/exchange/exceptions.ts'
import { checkParties } from '../../src/health-parties.ts'
import { deliveryOf, sendTest } from '../delivery/kit.ts'
import { detection, openDomain, tenants } from '../support/detection.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'

/** One process hands over by hand here: nothing else works, so every step can be seen. */
let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway({ roles: 'api,sequencer' })
})
afterAll(() => gateway.close())

const work = (party: string) => handOverDue(gateway.context, party, new AbortController().signal)
const exceptions = async () =>
  (await countUnseen(gateway.db.pool, EVERYTHING)).map(({ kind, parties }) => [kind, ...parties])
const waiting = async () => (await checkParties(gateway.context))[1]

test('what waits for a disabled party waits, is told to people, and goes once it is enabled', async () => {
  const { parties, pool } = gateway.context
  const id = await sendTest(gateway, 'woonboog')
  await parties.disable('woonboog')
  expect(await dueDestinations(pool)).not.toContain('woonboog')
  await work('woonboog')
  expect(gateway.hooks.woonboog.received).toEqual([])
  expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'queued', attempts: 0 })
  expect(await exceptions()).toEqual([['party-disabled', 'woonboog']])
  expect(await waiting()).toMatchObject({ ok: false, detail: '1 wait for woonboog' })
  await expect(gateway.clients.woonboog.deliveries()).rejects.toMatchObject({ code: 'HB-106' })
  await parties.enable('woonboog')
  await work('woonboog')
  expect(gateway.hooks.woonboog.received).toHaveLength(1)
  expect(await deliveryOf(gateway, id)).toMatchObject({ state: 'delivered' })
  expect(await exceptions()).toEqual([])
  expect(await waiting()).toMatchObject({ ok: true })
})

test('a party for which nothing waits is no exception', async () => {
  await gateway.context.parties.disable('leefgoed')
  expect(await exceptions()).toEqual([])
  expect(await waiting()).toMatchObject({ ok: true })
  await gateway.context.parties.enable('leefgoed')
})

test('a call that is in hand while the party is disabled does not leave', async () => {
  const { parties } = gateway.context
  await openDomain(gateway)
  const server = createServer(async (_request, response) => {
    await parties.disable('vdab')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 600 }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  await parties.change('vdab', { baseUrl: `${gateway.vdab.url}/api`, tokenUrl })
  const { messageId } = await gateway.clients.woonboog.detect(detection(tenants(1, 2)))
  await work('vdab')
  expect(gateway.vdab.to('/api/detections')).toEqual([])
  const { rows } = await gateway.db.pool.query(
    'SELECT state, reason FROM hand_over WHERE message_id = $1',
    [messageId],
  )
  expect(rows).toEqual([{ state: 'retrying', reason: 'party-disabled' }])
  await parties.enable('vdab')
  await gateway.context.protocols.reload()
  await work('vdab')
  expect(gateway.vdab.to('/api/detections')).toHaveLength(1)
  await new Promise(resolve => server.close(resolve))
})
