import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { KeyStore } from '../../src/keys/key-store.ts'
import { RouteCipher } from '../../src/pseudonym/route-cipher.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { hex } from './support.ts'

const key = randomBytes(32)
const cipher = new RouteCipher(key, 'wm-vdab/1/1', 'woonboog')
const reference = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/)

describe('an encrypted tenant reference', () => {
  test('is read back', () => {
    fc.assert(fc.property(reference, text => expect(cipher.open(cipher.seal(text))).toBe(text)))
  })

  test('has the same length for all, and is never the same twice', () => {
    fc.assert(
      fc.property(reference, text => {
        const [first, second] = [cipher.seal(text), cipher.seal(text)]
        expect([first.length, second.length]).toEqual([92, 92])
        expect(hex(first)).not.toBe(hex(second))
      }),
    )
  })

  test('is not read by another party, in another domain, or under another key', () => {
    const sealed = cipher.seal('huurder-17')
    const others = [
      new RouteCipher(key, 'wm-vdab/1/1', 'leefgoed'),
      new RouteCipher(key, 'wm-vdab/1/2', 'woonboog'),
      new RouteCipher(randomBytes(32), 'wm-vdab/1/1', 'woonboog'),
    ]
    for (const other of others) expect(() => other.open(sealed)).toThrow()
  })

  test('is not read once any bit is changed, or a part is missing', () => {
    const sealed = cipher.seal('huurder-17')
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), bit => {
        const changed = Uint8Array.from(sealed)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => cipher.open(changed)).toThrow()
      }),
    )
    expect(() => cipher.open(sealed.subarray(1))).toThrow(RangeError)
  })

  test('may have at most 64 bytes', () => {
    expect(() => cipher.seal('x'.repeat(65))).toThrow(RangeError)
    expect(() => cipher.seal('é'.repeat(40))).toThrow(RangeError)
  })
})

describe('the hash of a tenant reference', () => {
  test('finds it again, for this key only', () => {
    expect(hex(cipher.hash('huurder-17'))).toBe(hex(cipher.hash('huurder-17')))
    expect(hex(cipher.hash('huurder-17'))).not.toBe(hex(cipher.hash('huurder-18')))
    const other = new RouteCipher(randomBytes(32), 'wm-vdab/1/1', 'woonboog')
    expect(hex(other.hash('huurder-17'))).not.toBe(hex(cipher.hash('huurder-17')))
    expect(cipher.hash('huurder-17').length).toBe(32)
  })
})

describe('the route keys', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.close())

  test('are one per party and domain, the same in every process', async () => {
    const masterKey = randomBytes(32)
    const open = (domain: string, party: string) =>
      RouteCipher.open(new KeyStore(database.pool, masterKey), domain, party)
    const both = await Promise.all([
      open('wm-vdab/1/1', 'woonboog'),
      open('wm-vdab/1/1', 'woonboog'),
    ])
    expect(both[1]!.open(both[0]!.seal('huurder-17'))).toBe('huurder-17')
    const others = [await open('wm-vdab/1/1', 'leefgoed'), await open('wm-vdab/1/2', 'woonboog')]
    const hashes = [both[0]!, ...others].map(one => hex(one.hash('huurder-17')))
    expect(new Set(hashes).size).toBe(3)
    const { rows } = await database.pool.query('SELECT name FROM wrapped_key ORDER BY name')
    expect(rows.map(row => row.name)).toEqual([
      'check',
      'route:wm-vdab/1/1:leefgoed',
      'route:wm-vdab/1/1:woonboog',
      'route:wm-vdab/1/2:woonboog',
    ])
  })
})
