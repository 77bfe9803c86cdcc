import {
  openRows,
  prepareRegister,
  type RegisterStore,
  type WireRow,
} from '../../src/client/blind.ts'
import { PseudonymPool, type SealedPseudonym } from '../../src/pseudonym/pool.ts'
import { generateKeyPair } from '../../src/pseudonym/voprf.ts'
import { cleanUp, DOMAIN, FakeGateway, openStore, optionsFor } from './register-support.ts'
import { base64url, numbersOf } from './support.ts'

// The two ends meet: rows that the gateway seals, opened by a register that was prepared blindly.

const numbers = numbersOf(60)
const members = numbers.slice(0, 20)
const tenants = numbers.slice(10, 50)
const messageId = 'msg_01JQ0000000000000000000000'
const subjectKey = generateKeyPair().secretKey

let gateway: FakeGateway
let pool: PseudonymPool
let store: RegisterStore

beforeAll(async () => {
  gateway = new FakeGateway()
  pool = new PseudonymPool({ threads: 1 })
  store = openStore()
  const register = members.map(insz => ({ insz, ref: `klant-${insz.slice(6, 9)}` }))
  await prepareRegister(optionsFor(gateway, store, register))
})

afterAll(async () => {
  await pool.close()
  cleanUp()
})

function sealFor(period: string, people = tenants): Promise<SealedPseudonym[]> {
  const referenceDate = `${period}-15`
  const plaintexts = people.map((_, i) => ({
    tenantGround: `art-6.1-1-${'ab'[i % 2]}`,
    referenceDate,
  }))
  return pool.pseudonymise({
    domain: DOMAIN,
    domainKey: gateway.key.secretKey,
    subjectKey,
    insz: people,
    sealing: { period, messageId, plaintexts },
  })
}

function toWire({ rowId, row }: SealedPseudonym): WireRow {
  return {
    rowId: base64url(rowId),
    nonce: base64url(row.nonce),
    ciphertext: base64url(row.ciphertext),
  }
}

describe('the rows of a request', () => {
  test('open for the people in the register, and only for them', async () => {
    const sealed = await sealFor('2026-01')
    const rows = sealed.map(toWire).sort((a, b) => (a.rowId < b.rowId ? -1 : 1))
    const opened = await openRows(store, { domain: DOMAIN, period: '2026-01', messageId, rows })
    const both = tenants.filter(number => members.includes(number))
    expect(opened).toHaveLength(both.length)
    const expected = both.map(number => {
      const i = tenants.indexOf(number)
      return {
        ref: `klant-${number.slice(6, 9)}`,
        personKey: store.personKey(number),
        tag: base64url(sealed[i]!.tag),
        rowId: base64url(sealed[i]!.rowId),
        content: { tenantGround: `art-6.1-1-${'ab'[i % 2]}`, referenceDate: '2026-01-15' },
      }
    })
    const byRef = (a: { ref: string }, b: { ref: string }) => a.ref.localeCompare(b.ref)
    expect(opened.sort(byRef)).toEqual(expected.sort(byRef))
  })

  test('have other ids and contents the next month, so that nobody outside can be followed', async () => {
    const [january, february] = [await sealFor('2026-01'), await sealFor('2026-02')]
    const first = new Set(
      january.flatMap(one => [base64url(one.rowId), base64url(one.row.ciphertext)]),
    )
    const again = february.flatMap(one => [base64url(one.rowId), base64url(one.row.ciphertext)])
    expect(again.filter(value => first.has(value))).toEqual([])
    const request = { domain: DOMAIN, messageId, rows: february.map(toWire) }
    expect(await openRows(store, { ...request, period: '2026-02' })).toHaveLength(10)
    expect(await openRows(store, { ...request, period: '2026-01' })).toEqual([])
  })

  test('open for people who joined the register since', async () => {
    const [newcomer] = numbers.slice(50)
    const request = { domain: DOMAIN, period: '2026-01', messageId }
    const rows = (await sealFor('2026-01', [newcomer!])).map(toWire)
    expect(await openRows(store, { ...request, rows })).toEqual([])
    await prepareRegister(optionsFor(gateway, store, [newcomer!]))
    expect(await openRows(store, { ...request, rows })).toHaveLength(1)
  })

  test('open in any number of requests at once', async () => {
    const rows = (await sealFor('2026-03')).map(toWire)
    const request = { domain: DOMAIN, period: '2026-03', messageId, rows }
    const opened = await Promise.all(Array.from({ length: 5 }, () => openRows(store, request)))
    expect(opened.map(one => one.length)).toEqual([10, 10, 10, 10, 10])
  })
})

describe('a row of a person in the register that does not open is refused loudly', () => {
  const request = { domain: DOMAIN, period: '2026-01', messageId }
  let row: WireRow
  beforeAll(async () => {
    row = toWire((await sealFor('2026-01', [members[0]!]))[0]!)
  })

  test('where it comes with another message', async () => {
    const other = { ...request, messageId: 'msg_01JQ0000000000000000000001', rows: [row] }
    await expect(openRows(store, other)).rejects.toMatchObject({ code: 'row-not-authentic' })
  })

  test('where its content is that of another row', async () => {
    const other = toWire((await sealFor('2026-01', [members[1]!]))[0]!)
    const mixed = { ...other, rowId: row.rowId }
    await expect(openRows(store, { ...request, rows: [mixed] })).rejects.toMatchObject({
      code: 'row-not-authentic',
    })
  })

  test('where it is cut', async () => {
    const cut = { ...row, ciphertext: row.ciphertext.slice(4) }
    await expect(openRows(store, { ...request, rows: [cut] })).rejects.toMatchObject({
      code: 'row-not-authentic',
    })
  })

  test('but an id that is no row id is nobody', async () => {
    const rows = ['', 'AAAA', 'AAAAAAAAAAAAAAAAAAAAAA', `${row.rowId}AAAA`].map(rowId => ({
      ...row,
      rowId,
    }))
    expect(await openRows(store, { ...request, rows })).toEqual([])
  })
})
