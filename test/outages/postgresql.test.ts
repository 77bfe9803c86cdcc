import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import {
  assertAllCame,
  assertHonest,
  NO_LIMITS,
  type OwnServer,
  ownServer,
  patientClient,
  startLoad,
  startWatching,
  stopAll,
} from './kit.ts'

/** PostgreSQL goes in ways of its own and comes back, while messages are sent. */
let server: OwnServer
let gateway: TestGateway
let token: string
const accepted: string[] = []

beforeAll(async () => {
  server = await ownServer()
  gateway = await testGateway({ settings: NO_LIMITS })
  await openDomain(gateway)
  token = await tokenFor(gateway, 'woonboog')
})
afterEach(() => stopAll())
afterAll(async () => {
  await gateway?.close()
  await server?.close()
})

/** Has something happen under load, and looks at what everybody saw of it. */
async function during(happen: () => Promise<void>): Promise<void> {
  const load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
  const seen = startWatching(gateway, token)
  await until('it is under way', () => seen.answers.length > 3 && load.accepted.length > 3)
  await happen()
  await until('it is refused', () => seen.answers.some(it => it.reply.status === 503))
  await until('it is not ready', () => seen.ready.includes(503))
  const back = performance.now()
  const before = seen.answers.length
  await until('it is taken again', () => seen.answers.slice(before).some(it => it.id))
  expect(performance.now() - back).toBeLessThan(8_000)
  await until('it is ready', () => seen.ready.at(-1) === 200)
  await load.stop()
  await seen.stop()
  expect(load.errors).toEqual([])
  accepted.push(...load.accepted, ...assertHonest(seen))
  // What was refused while it was not known whether it was stored may have been: whoever repeats it hears so.
  await addUnknown()
  await assertAllCame(gateway, accepted)
}

async function addUnknown(): Promise<void> {
  const { rows } = await gateway.db.pool.query<{ id: string }>(
    `SELECT m.id FROM message m JOIN idempotency i ON i.response ->> 'messageId' = m.id
     WHERE i.key LIKE 'watch-%' AND i.status = 202`,
  )
  for (const { id } of rows) if (!accepted.includes(id)) accepted.push(id)
}

test.each([
  ['a fast restart', 'SIGINT'],
  ['a crash', 'SIGKILL'],
] as const)('%s: 503 meanwhile, then all goes on by itself', async (_, signal) => {
  await during(async () => server.signal(signal))
})
