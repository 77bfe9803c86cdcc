import pg from 'pg'
import { openDomain } from '../support/detection.ts'
import { COMPANIES, type TestGateway, testGateway, until } from '../support/gateway.ts'
import { tokenFor } from '../support/raw.ts'
import { testServer } from '../support/server.ts'
import {
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
afterEach(() => stopAll())
afterAll(async () => {
  await gateway?.close()
})

/** Has something happen under load, and looks at what everybody saw of it. */
async function during(happen: () => Promise<void>): Promise<void> {
  const load = startLoad(COMPANIES.map(company => patientClient(gateway, company)))
  const seen = startWatching(gateway, token)
  await until('it is under way', () => seen.answers.length > 3 && load.accepted.length > 3)
  await happen()
  await until('it is refused', () => seen.answers.some(it => it.reply.status === 503))
  await until('it is not ready', () => seen.ready.includes(503))
  await restore()
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

/** Statements on the server's own database, beside the gateway's. */
async function onServer(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: testServer().url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

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
  await addUnknown()
  await assertAllCame(gateway, accepted)
})

test('a database that is read only takes nothing, and says so', async () => {
  await during(() =>
    onServer(`ALTER DATABASE ${database()} SET default_transaction_read_only = on`, endAll()),
  )
})

test('a server without a connection left', async () => {
  await during(() => onServer(`ALTER DATABASE ${database()} CONNECTION LIMIT 0`, endAll()))
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
