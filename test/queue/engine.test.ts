import { chooseEngine, migrateQueue } from '../../src/queue/engine.ts'
import { emptyDatabase, type TestDatabase } from '../support/database.ts'
import { runOnServer, testServer } from '../support/server.ts'

const never = new AbortController().signal
const OWN = 'postgresql://own/huisbrug'

describe('the engine', () => {
  test.each([
    [undefined, 'postgresql'],
    ['postgresql://other/queue', 'postgresql'],
    ['postgres://other/queue', 'postgresql'],
    ['redis://127.0.0.1:6379', 'redis'],
    ['rediss://user:word@queue.example:6380/1', 'redis'],
  ] as const)('for the queue URL %s is %s', (queueUrl, kind) => {
    expect(chooseEngine(OWN, queueUrl, never).kind).toBe(kind)
  })
})

describe('the tables of BullMQ', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await emptyDatabase()
  })
  afterAll(() => database.close())

  test('are made in their own schema, also by several processes at once', async () => {
    await Promise.all([1, 2, 3, 4].map(() => migrateQueue(database.url)))
    const { rows } = await database.pool.query(
      `SELECT table_schema AS schema, count(*)::int > 5 AS several FROM information_schema.tables
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1`,
    )
    expect(rows).toEqual([{ schema: 'bullmq', several: true }])
  })

  test('once made, need no right to make any', async () => {
    await migrateQueue(database.url)
    const name = new URL(database.url).pathname.slice(1)
    const { rows } = await database.pool.query(
      'SELECT rolname AS owner, rolsuper AS super FROM pg_roles WHERE rolname = current_user',
    )
    // On a server of yours the tests may run as superuser, whom no revoke binds.
    if (rows[0].super) return
    await runOnServer(testServer().url, `REVOKE CREATE ON DATABASE ${name} FROM ${rows[0].owner}`)
    await database.pool.query('REVOKE CREATE ON SCHEMA bullmq FROM CURRENT_USER')
    await expect(database.pool.query('CREATE SCHEMA other')).rejects.toMatchObject({
      code: '42501',
    })
    await expect(migrateQueue(database.url)).resolves.toBeUndefined()
  })
})
