import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { ByteIndex } from '../../src/client/byte-index.ts'
import { RecordFile } from '../../src/client/record-file.ts'
import type { RegisteredPerson, RegisterStore } from '../../src/client/register-store.ts'
import { deriveRowId } from '../../src/pseudonym/derive.ts'
import { cleanUp, DOMAIN, newFolder, openStore } from './register-support.ts'
import { base64url, hex, numbersOf } from './support.ts'

const publicKey = randomBytes(32)
const HEADER = 256
const PERSON = 134

afterEach(cleanUp)

function open(folder?: string): RegisterStore {
  const store = openStore(folder)
  store.openDomain(DOMAIN, publicKey)
  return store
}

function personOf(
  store: RegisterStore,
  insz: string,
  ref = `klant-${insz.slice(0, 4)}`,
): RegisteredPerson {
  return { personKey: store.personKey(insz), ref, tag: randomBytes(16), secret: randomBytes(32) }
}

/** A closed store with so many people. */
function filled(count: number): { folder: string; people: RegisteredPerson[]; file: string } {
  const folder = newFolder()
  const store = open(folder)
  const people = numbersOf(count).map(insz => personOf(store, insz))
  store.append(DOMAIN, people)
  store.close()
  return { folder, people, file: join(folder, 'wm-vdab%2F1%2F1.people') }
}

const found = (store: RegisterStore, people: readonly RegisteredPerson[]) =>
  people.filter(person => store.findByTag(DOMAIN, base64url(person.tag)) !== undefined).length

describe('the store', () => {
  test('finds people again by number, tag and row id, also when opened again', async () => {
    const { folder, people } = filled(40)
    const store = open(folder)
    const [number, person] = [numbersOf(40)[7]!, people[7]!]
    expect(store.count(DOMAIN)).toBe(40)
    expect(store.findByNumber(DOMAIN, number)).toEqual(person)
    expect(store.findByTag(DOMAIN, base64url(person.tag))).toEqual(person)
    const rowId = base64url(deriveRowId(person.secret, '2026-01'))
    expect(store.findByRowId(DOMAIN, '2026-01', rowId)).toBeUndefined()
    await store.preparePeriod(DOMAIN, '2026-01')
    expect(store.findByRowId(DOMAIN, '2026-01', rowId)).toEqual(person)
    expect(store.findByRowId(DOMAIN, '2026-02', rowId)).toBeUndefined()
    expect(store.findByNumber(DOMAIN, numbersOf(41)[40]!)).toBeUndefined()
  })

  test('has each person once', () => {
    const store = open()
    const person = personOf(store, '85073003328')
    expect(store.append(DOMAIN, [person, person])).toBe(1)
    expect(
      store.append(DOMAIN, [
        personOf(store, '85073003328', 'other'),
        personOf(store, '17073003384'),
      ]),
    ).toBe(1)
    expect(store.findByNumber(DOMAIN, '85073003328')?.ref).toBe(person.ref)
    expect(store.count(DOMAIN)).toBe(2)
  })

  test('is for its owner only', async () => {
    const { folder } = filled(3)
    await open(folder).preparePeriod(DOMAIN, '2026-01')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const names = readdirSync(folder)
    expect(names.sort()).toEqual([
      'key',
      'lock',
      'wm-vdab%2F1%2F1.2026-01.rows',
      'wm-vdab%2F1%2F1.people',
    ])
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  })

  test('keeps references of up to 64 bytes as they are, longer ones it refuses', () => {
    const store = open()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 64 }), fc.nat(), (ref, seed) => {
        fc.pre(Buffer.byteLength(ref) <= 64 && ref.isWellFormed())
        const person = personOf(store, String(seed), ref)
        if (store.append(DOMAIN, [person])) {
          expect(store.findByTag(DOMAIN, base64url(person.tag))?.ref).toBe(ref)
        }
      }),
    )
    const long = personOf(store, 'long', 'é'.repeat(33))
    expect(() => store.append(DOMAIN, [long])).toThrow(
      expect.objectContaining({ code: 'reference-too-long' }),
    )
  })

  test('knows a person by a key that another store does not share', () => {
    const [one, other] = [openStore(), openStore()]
    expect(one.personKey('85073003328')).toBe(one.personKey('85073003328'))
    expect(one.personKey('85073003328')).not.toBe(other.personKey('85073003328'))
    expect(one.personKey('85073003328')).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  test('keeps domains apart', () => {
    const store = open()
    store.openDomain('wm-vdab/1/2', randomBytes(32))
    store.append(DOMAIN, [personOf(store, '85073003328')])
    expect(store.findByNumber('wm-vdab/1/2', '85073003328')).toBeUndefined()
    expect(() => store.count('wm-vdab/1/3')).toThrow('openDomain')
  })

  test('does not mix people under two keys of one domain', () => {
    const { folder } = filled(3)
    const store = openStore(folder)
    expect(() => store.openDomain(DOMAIN, randomBytes(32))).toThrow(
      expect.objectContaining({ code: 'store-other-key' }),
    )
    expect(() => store.openDomain(DOMAIN, publicKey)).not.toThrow()
  })

  test('is opened once at a time, and by the next after an end without farewell', () => {
    const { folder } = filled(1)
    const store = open(folder)
    expect(() => openStore(folder)).toThrow(expect.objectContaining({ code: 'store-in-use' }))
    store.close()
    expect(existsSync(join(folder, 'lock'))).toBe(false)
    for (const left of ['999999999', String(process.pid), '', 'x']) {
      writeFileSync(join(folder, 'lock'), left)
      open(folder).close()
    }
  })
})

describe('after a kill', () => {
  test('at any byte of an append, each person is there whole or not at all', () => {
    fc.assert(
      fc.property(fc.integer({ min: HEADER, max: HEADER + 6 * PERSON }), length => {
        const { folder, people, file } = filled(6)
        truncateSync(file, length)
        const store = open(folder)
        const kept = Math.floor((length - HEADER) / PERSON)
        expect(store.count(DOMAIN)).toBe(kept)
        expect(found(store, people)).toBe(kept)
        expect(store.append(DOMAIN, people)).toBe(6 - kept)
        expect(found(store, people)).toBe(6)
        cleanUp()
      }),
      { numRuns: 25 },
    )
  })

  test('a person whose record is damaged is asked for again; the others stay', async () => {
    const { folder, people, file } = filled(5)
    damage(file, HEADER + 2 * PERSON + 40)
    const store = open(folder)
    expect(store.count(DOMAIN)).toBe(4)
    expect(found(store, people)).toBe(4)
    expect(store.findByTag(DOMAIN, base64url(Buffer.alloc(16)))).toBeUndefined()
    expect(store.append(DOMAIN, people)).toBe(1)
    await store.preparePeriod(DOMAIN, '2026-01')
    for (const person of people) {
      const rowId = base64url(deriveRowId(person.secret, '2026-01'))
      expect(store.findByRowId(DOMAIN, '2026-01', rowId)).toEqual(person)
    }
    store.close()
    expect(open(folder).count(DOMAIN)).toBe(5)
  })

  test('row ids that are damaged or missing are computed again', async () => {
    const { folder, people } = filled(1_200)
    const first = open(folder)
    await first.preparePeriod(DOMAIN, '2026-01')
    first.close()
    const file = join(folder, 'wm-vdab%2F1%2F1.2026-01.rows')
    const whole = readFileSync(file)
    expect(whole.length).toBe(HEADER + 1_200 * 20)
    damage(file, HEADER + 700 * 20 + 3)
    const store = open(folder)
    await store.preparePeriod(DOMAIN, '2026-01')
    expect(readFileSync(file).equals(whole)).toBe(true)
    const last = people.at(-1)!
    const rowId = base64url(deriveRowId(last.secret, '2026-01'))
    expect(store.findByRowId(DOMAIN, '2026-01', rowId)).toEqual(last)
  })

  test('bytes after the last whole record are cut off', () => {
    const { folder, people, file } = filled(3)
    appendFileSync(file, randomBytes(50))
    const store = open(folder)
    expect(store.count(DOMAIN)).toBe(3)
    expect(found(store, people)).toBe(3)
    expect(statSync(file).size).toBe(HEADER + 3 * PERSON)
  })

  function damage(file: string, at: number): void {
    const byte = readFileSync(file)[at]!
    writeSync(openSync(file, 'r+'), Buffer.from([byte ^ 0x40]), 0, 1, at)
  }
})

describe('a file of records', () => {
  test('gives back what was appended, from any place', () => {
    const file = new RecordFile(join(newFolder(), 'file'), { format: 'test' }, 7)
    const records = Array.from({ length: 4_500 }, () => randomBytes(7))
    file.append(records.slice(0, 1_000))
    file.append([])
    file.append(records.slice(1_000))
    expect(file.count).toBe(4_500)
    expect([...file.records(1_999)].map(record => hex(record!))).toEqual(
      records.slice(1_999).map(hex),
    )
    expect(hex(file.read(4_499)!)).toBe(hex(records.at(-1)!))
    file.cutTo(10)
    expect([...file.records()]).toHaveLength(10)
    file.close()
  })

  test('needs a header that fits', () => {
    const header = { format: 'x'.repeat(300) }
    expect(() => new RecordFile(join(newFolder(), 'file'), header, 7)).toThrow(RangeError)
  })
})

describe('the index of keys', () => {
  test('agrees with a map, also where first bytes collide', () => {
    const key = fc
      .tuple(fc.nat(3), fc.uint8Array({ minLength: 15, maxLength: 15 }))
      .map(([first, rest]) =>
        Buffer.concat([Buffer.from([first]), Buffer.alloc(3), rest.subarray(0, 12)]),
      )
    fc.assert(
      fc.property(fc.uniqueArray(key, { selector: hex, maxLength: 60 }), keys => {
        const added = keys.slice(0, 40)
        const index = new ByteIndex(join(newFolder(), 'index'), position => added[position])
        for (const one of added) index.add(one)
        expect(index.size).toBe(added.length)
        expect(keys.map(one => index.find(one))).toEqual(
          keys.map((_, i) => (i < 40 ? i : undefined)),
        )
        index.close()
      }),
    )
  })

  test('grows, and leaves skipped positions free', () => {
    const folder = newFolder()
    const keys = Array.from({ length: 5_000 }, () => randomBytes(16))
    const index = new ByteIndex(join(folder, 'index'), position => keys[position])
    for (const [i, key] of keys.entries()) {
      if (i % 10 === 9) index.skip()
      else index.add(key)
    }
    expect(index.size).toBe(5_000)
    const expected = keys.map((_, i) => (i % 10 === 9 ? undefined : i))
    expect(keys.map(key => index.find(key))).toEqual(expected)
    index.close()
    expect(readdirSync(folder)).toEqual([])
  })
})
