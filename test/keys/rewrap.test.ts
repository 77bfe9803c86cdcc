import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { KeyStore } from '../../src/keys/key-store.ts'
import { LocalKey } from '../../src/keys/provider.ts'
import { type RewrapOptions, rewrapKeys } from '../../src/keys/rewrap.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createVault } from './vault.ts'

const CHILD = fileURLToPath(new URL('rewrap-child.ts', import.meta.url))

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

const recorded: object[] = []
const record: RewrapOptions['record'] = async (_tx, outcome) => recorded.push(outcome)
const newKey = () => randomBytes(32)

function storeOf(master: Buffer, next?: Buffer): KeyStore {
  const current = new LocalKey(master)
  return new KeyStore(database.pool, next ? { current, next: new LocalKey(next) } : { current })
}

/** Many secrets, written at once rather than one by one. */
async function fill(store: KeyStore, count: number): Promise<Map<string, Buffer>> {
  await store.assertFits()
  const secrets = new Map(Array.from({ length: count }, (_, at) => [`route:d:${at}`, newKey()]))
  for (const [name, secret] of secrets) await store.put(name, secret)
  return secrets
}

async function expectAll(store: KeyStore, secrets: Map<string, Buffer>): Promise<void> {
  for (const [name, secret] of secrets) expect(await store.find(name)).toEqual(secret)
}

async function countBy(): Promise<Record<string, number>> {
  const { rows } = await database.pool.query(
    'SELECT wrapped_by AS id, count(*)::int AS n FROM wrapped_key WHERE wrapped IS NOT NULL GROUP BY 1',
  )
  return Object.fromEntries(rows.map(row => [row.id, row.n]))
}

test('every secret opens under the new key alone, and under the former no more', async () => {
  const [former, next] = [newKey(), newKey()]
  const secrets = await fill(storeOf(former), 45)
  const { keyring } = storeOf(former, next)
  recorded.length = 0
  const outcome = await rewrapKeys({ pool: database.pool, keyring, record })
  const ids = { from: keyring.current.id, to: keyring.next!.id }
  expect(outcome).toEqual({ ...ids, rewrapped: 46, verified: 46 })
  expect(recorded).toEqual([{ ...ids, keys: 46 }])
  expect(await countBy()).toEqual({ [ids.to]: 46 })
  await storeOf(next).assertFits()
  await expectAll(storeOf(next), secrets)
  await expect(storeOf(former).assertFits()).rejects.toThrow('does not fit')
  await expect(storeOf(former).find('route:d:1')).rejects.toMatchObject({ code: 'HB-904' })

  const again = await rewrapKeys({ pool: database.pool, keyring, record })
  expect(again).toMatchObject({ rewrapped: 0, verified: 46 })
  expect(recorded).toHaveLength(1)
})

test('without a new key it says what to give', async () => {
  const { keyring } = storeOf(newKey())
  await expect(rewrapKeys({ pool: database.pool, keyring, record })).rejects.toThrow(
    'HUISBRUG_NEW_MASTER_KEY',
  )
})

test('processes that have both keys read and write all the while, and nothing stays behind', async () => {
  const [former, next] = [newKey(), newKey()]
  const secrets = await fill(storeOf(former), 120)
  let over = false
  const names = [...secrets.keys()]
  const written = new Map<string, Buffer>()
  const traffic = [1, 2, 3].map(async process => {
    for (let round = 0; !over || round < 20; round++) {
      const store = storeOf(former, next)
      const name = names[(round * 7 + process) % names.length]!
      expect(await store.find(name)).toEqual(secrets.get(name))
      const own = `webhook:${process}-${round}`
      written.set(own, await store.secret(own))
      const replaced = `sign:${process}`
      const secret = newKey()
      await store.put(replaced, secret)
      written.set(replaced, secret)
    }
  })
  const { keyring } = storeOf(former, next)
  await rewrapKeys({ pool: database.pool, keyring, record })
  over = true
  await Promise.all(traffic)
  expect(Object.keys(await countBy())).toEqual([keyring.next!.id])
  await expectAll(storeOf(next), new Map([...secrets, ...written]))
})

test('two runs at once share the work, and one records the end', async () => {
  const [former, next] = [newKey(), newKey()]
  const secrets = await fill(storeOf(former), 100)
  recorded.length = 0
  const outcomes = await Promise.all(
    [1, 2].map(() => {
      return rewrapKeys({ pool: database.pool, keyring: storeOf(former, next).keyring, record })
    }),
  )
  expect(outcomes[0]!.rewrapped + outcomes[1]!.rewrapped).toBe(101)
  expect(recorded).toHaveLength(1)
  await expectAll(storeOf(next), secrets)
})

test('a run that is killed leaves every secret readable with both, and the next one goes on', async () => {
  const [former, next] = [newKey(), newKey()]
  const secrets = await fill(storeOf(former), 1_000)
  const keys = [former, next].map(key => key.toString('base64url'))
  const args = ['--no-warnings', CHILD, database.url, ...keys]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const { id } = new LocalKey(next)
  while (((await countBy())[id] ?? 0) < 100 && child.exitCode === null) {}
  child.kill('SIGKILL')
  await ended
  expect(child.signalCode).toBe('SIGKILL')
  const half = await countBy()
  expect(half[id]).toBeGreaterThanOrEqual(100)
  expect(half[id]).toBeLessThan(1_001)
  await expectAll(storeOf(former, next), secrets)
  for (const alone of [former, next]) {
    await expect(storeOf(alone).assertFits()).rejects.toThrow(/does not fit.*with both/)
  }
  const { keyring } = storeOf(former, next)
  const outcome = await rewrapKeys({ pool: database.pool, keyring, record })
  expect(outcome.verified).toBe(1_001)
  expect(outcome.rewrapped).toBeLessThan(1_001)
  await expectAll(storeOf(next), secrets)
})

test('a damaged secret stops it by name, and nothing is lost', async () => {
  const [former, next] = [newKey(), newKey()]
  const secrets = await fill(storeOf(former), 5)
  await database.pool.query(
    `UPDATE wrapped_key SET wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))
     WHERE name = 'route:d:2'`,
  )
  const { keyring } = storeOf(former, next)
  const options = { pool: database.pool, keyring, record }
  await expect(rewrapKeys(options)).rejects.toThrow(/route:d:2 does not open/)
  secrets.delete('route:d:2')
  await expectAll(storeOf(former, next), secrets)
})

test('any sequence of keys, held by the program or by a vault, leaves each secret as it was', async () => {
  const vault = createVault()
  const held = await vault.open()
  const store = storeOf(newKey())
  let current = store.keyring.current
  const secrets = await fill(store, 3)
  const step = fc.record({ vault: fc.boolean(), add: fc.boolean(), destroy: fc.boolean() })
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async steps => {
      for (const { vault: toVault, add, destroy } of steps) {
        const next = toVault && current !== held ? held : new LocalKey(newKey())
        const both = new KeyStore(database.pool, { current, next })
        if (add) {
          const [name, secret] = [`webhook:${count++}`, newKey()]
          await both.put(name, secret)
          secrets.set(name, secret)
        }
        await rewrapKeys({ pool: database.pool, keyring: both.keyring, record })
        current = next
        const [last] = [...secrets.keys()].slice(3)
        if (destroy && last) {
          await both.destroy(last)
          secrets.delete(last)
          expect(await new KeyStore(database.pool, { current }).find(last)).toBeUndefined()
        }
        await expectAll(new KeyStore(database.pool, { current }), secrets)
      }
    }),
    { numRuns: 5 },
  )
  vault.close()
}, 120_000)
