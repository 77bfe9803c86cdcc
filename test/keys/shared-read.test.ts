import { randomBytes } from 'node:crypto'
import type { Pool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('one read serves all who ask; a secret that was written since it began is found all the same', async () => {
  const key = randomBytes(32)
  const secret = randomBytes(32)
  const read = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let reads = 0
  const query = async (...asked: Parameters<Pool['query']>) => {
    reads += 1
    const result = await db.pool.query(...asked)
    read.resolve()
    await gate.promise
    return result
  }
  const keys = new KeyStore({ query } as unknown as Pool, key)
  const first = keys.find('sign:test')
  await read.promise
  await new KeyStore(db.pool, key).put('sign:test', secret)
  const second = keys.find('sign:test')
  expect(reads).toBe(1)
  gate.resolve()
  expect(await Promise.all([first, second])).toEqual([secret, secret])
})
