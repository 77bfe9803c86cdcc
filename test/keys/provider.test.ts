import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { KeyStore } from '../../src/keys/key-store.ts'
import { KeyProviderError, LocalKey } from '../../src/keys/provider.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { PATIENCE, until } from '../support/until.ts'
import { createVault, isRunning, type Mode, type Vault } from './vault.ts'

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })

describe('a key that the program holds', () => {
  test('gives back every secret under its own name and under no other', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(32, 32), bytes(0, 200), fc.string(), fc.string(), async (...all) => {
        const [master, secret, name, other] = all
        const key = new LocalKey(master)
        const wrapped = await key.wrap(name, secret)
        expect(await key.unwrap(name, wrapped)).toEqual(Buffer.from(secret))
        if (name !== other) await expect(key.unwrap(other, wrapped)).rejects.toThrow()
        const flipped = Buffer.from(wrapped)
        flipped[flipped.length - 1]! ^= 1
        await expect(key.unwrap(name, flipped)).rejects.toThrow()
      }),
      { numRuns: 100 },
    )
  })

  test('has a name of its own, which is no part of it', () => {
    const master = randomBytes(32)
    const { id } = new LocalKey(master)
    expect(id).toMatch(/^local-[A-Za-z0-9_-]{16}$/)
    expect(new LocalKey(master).id).toBe(id)
    expect(new LocalKey(randomBytes(32)).id).not.toBe(id)
    const name = Buffer.from(id.slice(6), 'base64url')
    for (let at = 0; at + 4 <= name.length; at += 4) {
      expect(master.includes(name.subarray(at, at + 4))).toBe(false)
    }
  })

  test('has 32 bytes', () => {
    for (const size of [0, 16, 31, 33]) expect(() => new LocalKey(randomBytes(size))).toThrow()
  })
})

describe('a key that a command holds', () => {
  let vault: Vault
  beforeEach(() => {
    vault = createVault()
  })
  afterEach(() => vault.close())

  test('wraps and unwraps; a secret opens under its own name only', async () => {
    const key = await vault.open()
    const secret = randomBytes(64)
    const wrapped = await key.wrap('domain:wm-vdab/1/1', secret)
    expect(wrapped.includes(secret)).toBe(false)
    expect(await key.unwrap('domain:wm-vdab/1/1', wrapped)).toEqual(secret)
    await expect(key.unwrap('subject', wrapped)).rejects.toThrow('another secret')
    expect((await vault.open()).id).toBe(key.id)
  })

  test('many at once, at most four commands at a time', async () => {
    const key = await vault.open()
    const secrets = Array.from({ length: 12 }, () => randomBytes(32))
    const wrapped = await Promise.all(secrets.map((secret, at) => key.wrap(`k${at}`, secret)))
    const back = await Promise.all(wrapped.map((it, at) => key.unwrap(`k${at}`, it)))
    expect(back).toEqual(secrets)
  })

  test('gets no secret in an argument or its environment, and nothing of ours', async () => {
    process.env['HUISBRUG_PLANTED'] = 'planted'
    const { foreignEnvironment } = await import('../../src/config.ts')
    expect(foreignEnvironment()).not.toHaveProperty('HUISBRUG_PLANTED')
    expect(foreignEnvironment()).toHaveProperty('PATH')
    delete process.env['HUISBRUG_PLANTED']
    const key = await vault.open()
    const secret = randomBytes(32)
    const wrapped = await key.wrap('subject', secret)
    await key.unwrap('subject', wrapped)
    const seen = JSON.stringify(vault.calls())
    expect(vault.calls().map(call => call.verb)).toEqual(['id', 'wrap', 'unwrap'])
    for (const form of ['base64url', 'base64', 'hex'] as const) {
      expect(seen).not.toContain(secret.toString(form))
      expect(seen).not.toContain(wrapped.toString(form))
    }
  })

  const failures: [Mode, RegExp][] = [
    ['fail', /ended with status 3/],
    ['garbage', /something else than base64url/],
    ['silent', /something else than base64url/],
    ['flood', /something else than base64url/],
    ['half-way', /ended with SIGKILL/],
    ['hang', /did not answer within 2 s/],
  ]
  test.each(failures)('that goes wrong (%s) is HB-904 and tells what to do', async (mode, says) => {
    const key = await vault.open({ timeoutMs: 2_000 })
    const secret = randomBytes(32)
    const wrapped = await key.wrap('subject', secret)
    vault.set(mode)
    for (const ask of [() => key.wrap('subject', secret), () => key.unwrap('subject', wrapped)]) {
      const error = await ask().then(
        () => undefined,
        (caught: KeyProviderError) => caught,
      )
      expect(error).toBeInstanceOf(KeyProviderError)
      expect(error).toMatchObject({ code: 'HB-904', status: 503 })
      expect(error?.message).toMatch(says)
      expect(error?.message).toContain('docs/operations.md')
      const all = `${error?.stack} ${JSON.stringify(error)} ${error?.message}`
      for (const it of [secret, wrapped, vault.key]) {
        expect(all).not.toContain(it.toString('base64url'))
      }
    }
    await until(() => vault.calls().every(call => !isRunning(call.pid)))
    vault.set('ok')
    await until(async () => (await key.unwrap('subject', wrapped).catch(() => undefined)) && true)
    expect(await key.unwrap('subject', wrapped)).toEqual(secret)
  })

  test('that hangs is not asked again by everyone who waits', async () => {
    const key = await vault.open({ timeoutMs: 1_000 })
    vault.set('hang')
    const before = performance.now()
    const asked = await Promise.allSettled(
      Array.from({ length: 40 }, () => key.wrap('subject', randomBytes(32))),
    )
    expect(asked.every(it => it.status === 'rejected')).toBe(true)
    expect(performance.now() - before).toBeLessThan(PATIENCE * 4_000)
    expect(vault.calls().filter(call => call.verb === 'wrap').length).toBeLessThanOrEqual(4)
  })

  test('that does not exist, or names no key, keeps the program from starting', async () => {
    vault.set('garbage')
    await expect(vault.open()).rejects.toThrow(/printed no name of a key.*\(id\)/)
    vault.argv.splice(0, 3, '/nowhere/key-command')
    await expect(vault.open()).rejects.toThrow(/could not be started/)
  })
})

describe('a provider that is lost while the program runs', () => {
  let database: TestDatabase
  let vault: Vault
  beforeAll(async () => {
    database = await testDatabase()
    vault = createVault()
  })
  afterAll(async () => {
    vault.close()
    await database.close()
  })

  test('is remembered for as long as was set, then refused, and comes back by itself', async () => {
    const notes: [boolean, string][] = []
    const current = await vault.open({ timeoutMs: 5_000, rememberMs: 6_000 })
    const keys = new KeyStore(database.pool, { current }, (...note) => notes.push(note))
    await keys.assertFits()
    const secret = await keys.secret('subject')
    expect(await keys.check()).toBeUndefined()
    vault.set('fail')
    await new Promise(resolve => setTimeout(resolve, 2_500))
    expect(await keys.find('subject')).toEqual(secret)
    await until(async () => (await keys.check()) !== undefined)
    await until(() =>
      keys.find('subject').then(
        () => false,
        () => true,
      ),
    )
    await expect(keys.find('subject')).rejects.toMatchObject({ code: 'HB-904' })
    await expect(keys.secret('another')).rejects.toMatchObject({ code: 'HB-904' })
    expect(notes.map(([answers]) => answers)).toEqual([false])
    vault.set('ok')
    await until(async () => (await keys.check()) === undefined)
    expect(await keys.find('subject')).toEqual(secret)
    expect(notes.map(([answers]) => answers)).toEqual([false, true])
    const told = JSON.stringify(notes)
    expect(told).not.toContain(secret.toString('base64url'))
    expect(told).not.toContain(vault.key.toString('base64url'))
  })

  test('a program does not start with another key than the database was wrapped under', async () => {
    const other = createVault()
    const strangers = [randomBytes(32), { current: await other.open() }]
    for (const stranger of strangers) {
      await expect(new KeyStore(database.pool, stranger).assertFits()).rejects.toThrow(
        /the master key does not fit this database/,
      )
    }
    other.close()
  })

  test('the database holds the secrets as wrapped only, with the name of the key', async () => {
    const current = await vault.open()
    const keys = new KeyStore(database.pool, { current })
    const secret = await keys.secret('subject')
    const { rows } = await database.pool.query('SELECT name, wrapped, wrapped_by FROM wrapped_key')
    expect(rows.length).toBeGreaterThanOrEqual(2)
    for (const row of rows) {
      expect(row.wrapped_by).toBe(current.id)
      expect(row.wrapped.includes(secret)).toBe(false)
      expect(row.wrapped.includes(vault.key)).toBe(false)
    }
  })

  test('a row that was put in the place of another does not open', async () => {
    const keys = new KeyStore(database.pool, { current: await vault.open() })
    await keys.put('webhook:one', randomBytes(32))
    await keys.put('webhook:other', randomBytes(32))
    await database.pool.query(
      `UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key WHERE name = 'webhook:one')
       WHERE name = 'webhook:other'`,
    )
    await expect(keys.find('webhook:other')).rejects.toThrow('another secret')
  })
})
