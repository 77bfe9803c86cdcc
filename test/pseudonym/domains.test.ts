import { randomBytes } from 'node:crypto'
import { parseEntry } from '../../src/audit/entry.ts'
import { inTransaction, openPool } from '../../src/db/pool.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { DomainStore } from '../../src/pseudonym/domains.ts'
import { LocalKeys } from '../../src/pseudonym/evaluator.ts'
import { keyPairOf } from '../../src/pseudonym/voprf.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { base64url, hex } from './support.ts'

const at = new Date('2026-01-15T10:00:00.000Z')
const recipient = { party: 'vdab', at }
const masterKey = randomBytes(32)

let database: TestDatabase
let domains: DomainStore

beforeEach(async () => {
  database = await testDatabase()
  domains = newStore()
})

afterEach(async () => {
  await database.close()
})

/** A store with a key store of its own, as in another process. */
function newStore(): DomainStore {
  const { pool } = database
  return new DomainStore({ pool, keys: new KeyStore(pool, masterKey), clock: () => at })
}

/** A secret as a process of its own reads it. */
async function secretOf(name: string): Promise<Buffer> {
  const secret = await new KeyStore(database.pool, masterKey).find(name)
  if (!secret) throw new Error(`no secret ${name}`)
  return secret
}

async function entries() {
  const { rows } = await database.pool.query('SELECT entry FROM audit_pending ORDER BY entry_id')
  return rows.map(row => parseEntry(row.entry))
}

describe('the first domain', () => {
  test('opens with a key whose public half is published', async () => {
    const domain = await domains.ensureFirstDomain('wm-vdab', 1)
    expect(domain).toMatchObject({
      name: 'wm-vdab/1/1',
      protocol: 'wm-vdab',
      epoch: 1,
      state: 'opening',
    })
    expect(domain.openedAt).toEqual(at)
    const { publicKey } = keyPairOf(await secretOf('domain:wm-vdab/1/1'))
    expect(hex(domain.publicKey)).toBe(hex(publicKey))
    expect(hex(await domains.publicKey('wm-vdab/1/1'))).toBe(hex(publicKey))
    const rules = (await entries()).map(entry => [entry.action, entry.rule, entry.reason])
    expect(rules).toContainEqual([
      'key.created',
      `public-key ${base64url(publicKey)}`,
      'domain wm-vdab/1/1',
    ])
  })

  test('is made once, whoever asks and however often', async () => {
    const stores = Array.from({ length: 8 }, newStore)
    const made = await Promise.all(stores.map(store => store.ensureFirstDomain('wm-vdab', 1)))
    expect(new Set(made.map(domain => hex(domain.publicKey))).size).toBe(1)
    const again = await newStore().ensureFirstDomain('wm-vdab', 1)
    expect(hex(again.publicKey)).toBe(hex(made[0]!.publicKey))
    const created = (await entries()).filter(entry => entry.action === 'key.created')
    expect(created.map(entry => entry.reason).sort()).toEqual([
      'domain subject',
      'domain wm-vdab/1/1',
    ])
    const { publicKey } = keyPairOf(await secretOf('domain:wm-vdab/1/1'))
    expect(hex(again.publicKey)).toBe(hex(publicKey))
  })

  test('is another for another protocol', async () => {
    const [one, other] = [
      await domains.ensureFirstDomain('wm-vdab', 1),
      await domains.ensureFirstDomain('ocmw-vdab', 2),
    ]
    expect(other.name).toBe('ocmw-vdab/2/1')
    expect(hex(other.publicKey)).not.toBe(hex(one.publicKey))
    expect((await domains.list()).map(domain => domain.name)).toEqual([
      'ocmw-vdab/2/1',
      'wm-vdab/1/1',
    ])
    expect((await domains.list('wm-vdab')).map(domain => domain.name)).toEqual(['wm-vdab/1/1'])
  })

  test('leaves neither key nor row where its evidence cannot be written', async () => {
    await domains.ensureSubjectKey()
    await database.pool.query('ALTER TABLE audit_pending RENAME TO audit_gone')
    await expect(domains.ensureFirstDomain('wm-vdab', 1)).rejects.toThrow()
    await database.pool.query('ALTER TABLE audit_gone RENAME TO audit_pending')
    expect(await domains.list()).toEqual([])
    const { rowCount } = await database.pool.query(
      `SELECT FROM wrapped_key WHERE name LIKE 'domain:%'`,
    )
    expect(rowCount).toBe(0)
  })
})

describe('a domain', () => {
  test('is current once its recipient is ready, not before', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    expect(await domains.current('wm-vdab')).toBeUndefined()
    expect(await domains.open('wm-vdab')).toEqual(['wm-vdab/1/1'])
    const domain = await domains.markReady('wm-vdab/1/1', recipient)
    expect(domain).toMatchObject({ state: 'current', readyAt: at })
    expect(await domains.current('wm-vdab')).toBe('wm-vdab/1/1')
    const ready = (await entries()).find(entry => entry.action === 'key.ready')
    expect(ready).toMatchObject({
      actor: { party: 'vdab', role: 'party' },
      reason: 'domain wm-vdab/1/1',
      rule: `public-key ${base64url(domain.publicKey)}`,
    })
  })

  test('becomes current once, also where ready is said twice at once', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    const said = [newStore(), newStore(), newStore()].map(store =>
      store.markReady('wm-vdab/1/1', recipient),
    )
    expect((await Promise.all(said)).map(domain => domain.state)).toEqual(Array(3).fill('current'))
    const ready = (await entries()).filter(entry => entry.action === 'key.ready')
    expect(ready).toHaveLength(1)
  })

  test('goes on closing when the next one is ready, and is not ready again', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    await domains.markReady('wm-vdab/1/1', recipient)
    await database.pool.query(
      `INSERT INTO domain (name, protocol, epoch, state, public_key)
       SELECT 'wm-vdab/1/2', protocol, 2, 'opening', public_key FROM domain`,
    )
    await domains.markReady('wm-vdab/1/2', recipient)
    expect(await domains.current('wm-vdab')).toBe('wm-vdab/1/2')
    expect((await domains.list('wm-vdab')).map(domain => domain.state)).toEqual([
      'closing',
      'current',
    ])
    expect(await domains.open('wm-vdab')).toEqual(['wm-vdab/1/1', 'wm-vdab/1/2'])
    await expect(domains.markReady('wm-vdab/1/1', recipient)).rejects.toMatchObject({
      code: 'HB-413',
    })
  })

  test('that nobody knows is refused', async () => {
    expect(await domains.find('wm-vdab/1/9')).toBeUndefined()
    expect(await domains.current('wm-vdab')).toBeUndefined()
    await expect(domains.publicKey('wm-vdab/1/9')).rejects.toMatchObject({ code: 'HB-412' })
    await expect(domains.markReady('wm-vdab/1/9', recipient)).rejects.toMatchObject({
      code: 'HB-412',
    })
  })

  test('whose key was destroyed is refused as closed', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    await new KeyStore(database.pool, masterKey).destroy('domain:wm-vdab/1/1')
    await database.pool.query(`UPDATE domain SET state = 'closed'`)
    const made = inTransaction(database.pool, tx =>
      new LocalKeys(new KeyStore(database.pool, masterKey)).make('wm-vdab/1/1', tx),
    )
    await expect(made).rejects.toMatchObject({ code: 'HB-413' })
    expect(await domains.open('wm-vdab')).toEqual([])
  })
})

describe('the keys', () => {
  test('are in the database only as wrapped', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    const secrets = [await secretOf('domain:wm-vdab/1/1'), await secretOf('subject')]
    const { rows } = await database.pool.query('SELECT * FROM wrapped_key')
    const stored = rows.map(row => hex(row.wrapped)).join(' ')
    expect(rows.map(row => row.name).toSorted()).toEqual(['check', 'domain:wm-vdab/1/1', 'subject'])
    for (const secret of secrets) expect(stored).not.toContain(hex(secret))
  })

  test('the subject key is made once and is no domain', async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, newStore).map(store => store.ensureSubjectKey()),
    )
    expect(new Set(made.map(hex)).size).toBe(1)
    expect(await domains.list()).toEqual([])
    expect(await domains.find('subject')).toBeUndefined()
  })

  test('do not open under another master key', async () => {
    await domains.ensureFirstDomain('wm-vdab', 1)
    const pool = openPool(database.url, { max: 1 })
    const stranger = new KeyStore(pool, randomBytes(32))
    await expect(stranger.find('domain:wm-vdab/1/1')).rejects.toThrow()
    await pool.end()
  })
})
