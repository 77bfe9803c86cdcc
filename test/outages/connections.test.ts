import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import { runOnServer, testServer } from '../support/server.ts'
import {
  addUnknown,
  assertAllCame,
  assertHonest,
  countMessages,
  NO_LIMITS,
  newDetection,
  patientClient,
  sleep,
  startLoad,
  startWatching,
  stopAll,
  throughOutage,
} from './kit.ts'

/** The server is there, but not for us: connections cut, read only, none left. */
let gateway: TestGateway
let token: string
const accepted: string[] = []

beforeAll(async () => {
  gateway = await testGateway({ settings: NO_LIMITS })
  await openDomain(gateway)
  token = await tokenFor(gateway, 'woonboog')
})
afterEach(async () => {
  await restore()
  await stopAll()
})
afterAll(async () => {
  await gateway?.close()
})

/** Statements on the server's own database, beside the gateway's. */
const onServer = (...statements: string[]) => runOnServer(testServer().url, ...statements)

const database = () => new URL(gateway.db.url).pathname.slice(1)
const endAll = () =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database()}'`

async function restore(): Promise<void> {
  await until('the server is back', () =>
    onServer(
      `ALTER DATABASE ${database()} RESET default_transaction_read_only`,
      `ALTER DATABASE ${database()} CONNECTION LIMIT -1`,
      endAll(),
    ).then(
      () => true,
      () => false,
    ),
  )
}

test('connections cut in the middle of transactions, again and again', async () => {
  const load = startLoad(
    COMPANIES.map(company => patientClient(gateway, company)),
    0,
  )
  const seen = startWatching(gateway, token)
  for (let cuts = 0; cuts < 10; cuts++) {
    await sleep(150)
    await onServer(endAll())
  }
  await load.stop()
  await seen.stop()
  expect(load.errors).toEqual([])
  accepted.push(...load.accepted, ...assertHonest(seen))
  await addUnknown(gateway, accepted)
  await assertAllCame(gateway, accepted)
})

// A connection that was being made meanwhile has the rules from before, and would be enough to go on.
const cutAgain = () => sleep(300).then(() => onServer(endAll()))

test('a database that is read only takes nothing, and says so', async () => {
  const readOnly = `ALTER DATABASE ${database()} SET default_transaction_read_only = on`
  await throughOutage(gateway, accepted, () => onServer(readOnly, endAll()), cutAgain, restore)
})

test('a server without a connection left', async () => {
  const none = `ALTER DATABASE ${database()} CONNECTION LIMIT 0`
  await throughOutage(gateway, accepted, () => onServer(none, endAll()), cutAgain, restore)
})

test('a pool that is used up: a bounded wait, 503, and on again', async () => {
  const { pool } = gateway.context
  const before = await countMessages(gateway)
  // The sequencer has one already.
  const asked = await Promise.allSettled(
    Array.from({ length: pool.options.max }, () => pool.connect()),
  )
  const held = asked.flatMap(it => (it.status === 'fulfilled' ? [it.value] : []))
  try {
    const seen = startWatching(gateway, token)
    await until('it is refused', () => seen.answers.length > 0, 10)
    await until('it is not ready', () => seen.ready.includes(503), 10)
    await seen.stop()
    expect(assertHonest(seen, 7_000)).toEqual([])
  } finally {
    for (const client of held) client.release()
  }
  expect(await countMessages(gateway)).toBe(before)
  const { messageId } = await patientClient(gateway, 'woonboog').detect(newDetection())
  accepted.push(messageId)
  await assertAllCame(gateway, accepted)
})
