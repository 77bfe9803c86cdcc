import { setTimeout as sleep } from 'node:timers/promises'
import { QuietClient } from '../../src/db/client.ts'
import { chooseEngine, type WakeUpQueue, type WakeUpWorker } from '../../src/queue/engine.ts'
import { emptyDatabase, type TestDatabase } from '../support/database.ts'
import { openProxy, type ServerProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** PostgreSQL goes away between the start of a process and the first use of its queue. */
let database: TestDatabase
let proxy: ServerProxy
let queue: WakeUpQueue
let worker: WakeUpWorker

beforeEach(async () => {
  database = await emptyDatabase()
  proxy = await openProxy(database.url)
})
afterEach(async () => {
  await worker.close(true)
  await queue.close()
  await proxy.close()
  await database.close()
})

test('what opens while PostgreSQL is away works once it is back', async () => {
  const engine = chooseEngine(proxy.url, undefined, new AbortController().signal)
  await engine.prepare()
  proxy.cut()
  const taken: string[] = []
  queue = engine.openQueue()
  worker = engine.openWorker(async job => void taken.push(job.data.destination), 1)
  const errors: Error[] = []
  for (const one of [queue, worker]) one.on('error', error => errors.push(error))
  const wake = () =>
    queue.addBulk([
      { name: 'wake-up', data: { destination: 'vdab' }, opts: { deduplication: { id: 'vdab' } } },
    ])
  await expect(wake()).rejects.toThrow()
  await until(() => errors.length > 0)
  proxy.restore()
  await until(() =>
    wake().then(
      () => true,
      () => false,
    ),
  )
  await until(() => taken.length > 0)
  expect(taken).toContain('vdab')
})

test('a connection that breaks in the instant after it was made ends nothing', async () => {
  const client = new QuietClient({ connectionString: proxy.url })
  expect(client.emit('error', new Error('terminating connection'))).toBe(false)
  const heard: unknown[] = []
  client.on('error', error => heard.push(error))
  client.emit('error', 'told')
  client.removeAllListeners()
  client.emit('error', 'not told')
  expect(heard).toEqual(['told'])
})

test('ends as usual where its connections are cut at that very moment', async () => {
  const engine = chooseEngine(proxy.url, undefined, new AbortController().signal)
  await engine.prepare()
  for (let round = 0; round < 20; round++) {
    queue = engine.openQueue()
    worker = engine.openWorker(async () => {}, 1)
    for (const one of [queue, worker]) one.on('error', () => {})
    // From before the connection that listens is there to long after.
    await sleep((round * 37) % 200)
    const ended = Promise.allSettled([worker.close(true), queue.close()])
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`,
    )
    await ended
  }
})
