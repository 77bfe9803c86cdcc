import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { deriveRowId, deriveRowKey } from '../../src/pseudonym/derive.ts'
import {
  CIPHERTEXT_BYTES,
  encodeContent,
  openRow,
  PLAINTEXT_BYTES,
  type RowBinding,
  type SealedRow,
  sealRow,
} from '../../src/pseudonym/row.ts'
import { faultOf, hex } from './support.ts'

const secret = randomBytes(32)
const period = '2026-01'
const rowKey = deriveRowKey(secret, period)
const binding: RowBinding = {
  domain: 'wm-vdab/1/1',
  period,
  messageId: 'msg_01JQ0000000000000000000000',
  rowId: deriveRowId(secret, period),
}
const content = { tenantGround: 'art-6.1-1-a', referenceDate: '2026-01-15' }
const seal = (plaintext = encodeContent(content)): SealedRow =>
  sealRow(rowKey, randomBytes(12), binding, plaintext)
const open = (row: SealedRow, change: Partial<RowBinding> = {}, key = rowKey) =>
  faultOf(() => openRow(key, { ...binding, ...change }, row))

describe('a sealed row', () => {
  test('opens to what was sealed, for any content that fits', () => {
    const text = fc.string({ maxLength: 20 })
    fc.assert(
      fc.property(fc.record({ tenantGround: text, referenceDate: text }), any => {
        const json = JSON.stringify(any)
        fc.pre(Buffer.byteLength(json) <= PLAINTEXT_BYTES)
        expect(openRow(rowKey, binding, seal(encodeContent(any)))).toEqual(any)
      }),
    )
  })

  test('has the same size for any content', () => {
    const short = seal(encodeContent({ tenantGround: '', referenceDate: '' }))
    const long = seal(encodeContent({ tenantGround: 'x'.repeat(80), referenceDate: '2026-01-15' }))
    expect([short, long].map(row => row.ciphertext.length)).toEqual([144, 144])
    expect(CIPHERTEXT_BYTES).toBe(144)
  })

  test('is refused where the content does not fit', () => {
    expect(faultOf(() => encodeContent({ ...content, tenantGround: 'x'.repeat(100) }))).toBe(
      'row-too-long',
    )
    expect(faultOf(() => encodeContent({ ...content, tenantGround: 'é'.repeat(50) }))).toBe(
      'row-too-long',
    )
    expect(faultOf(() => seal(Buffer.alloc(127)))).toBe('row-malformed')
    expect(faultOf(() => sealRow(rowKey, randomBytes(16), binding, encodeContent(content)))).toBe(
      'row-malformed',
    )
  })

  test('holds the fields in the order given', () => {
    const json = '{"tenantGround":"art-6.1-1-b","referenceDate":"2026-01-15"}'
    const given = { tenantGround: 'art-6.1-1-b', referenceDate: '2026-01-15' }
    expect(encodeContent(given).toString()).toBe(json.padEnd(128))
  })
})

describe('a row does not open', () => {
  const row = seal()

  test('but as it was sealed', () => {
    expect(open(row)).toBe('nothing thrown')
  })

  test.each<[string, Partial<RowBinding>]>([
    ['domain', { domain: 'wm-vdab/1/2' }],
    ['period', { period: '2026-02' }],
    ['message', { messageId: 'msg_01JQ0000000000000000000001' }],
    ['row id', { rowId: randomBytes(16) }],
  ])('in another %s', (_, change) => {
    expect(open(row, change)).toBe('row-not-authentic')
  })

  test("with another person's key, or the person's key of another month", () => {
    expect(open(row, {}, deriveRowKey(randomBytes(32), period))).toBe('row-not-authentic')
    expect(open(row, {}, deriveRowKey(secret, '2026-02'))).toBe('row-not-authentic')
  })

  test('where any bit is changed', () => {
    fc.assert(
      fc.property(fc.nat(CIPHERTEXT_BYTES * 8 - 1), bit => {
        const ciphertext = Uint8Array.from(row.ciphertext)
        ciphertext[bit >> 3]! ^= 1 << (bit & 7)
        expect(open({ ...row, ciphertext })).toBe('row-not-authentic')
      }),
    )
  })

  test('where a part is missing or added', () => {
    const { nonce, ciphertext } = row
    expect(open({ nonce, ciphertext: ciphertext.subarray(1) })).toBe('row-malformed')
    expect(open({ nonce, ciphertext: Buffer.concat([ciphertext, Buffer.alloc(1)]) })).toBe(
      'row-malformed',
    )
    expect(open({ nonce: nonce.subarray(1), ciphertext })).toBe('row-malformed')
  })

  test.each(['null', '{"tenantGround":{"a":1},"referenceDate":"x"}', '[]', 'not JSON 85073003328'])(
    'where its plaintext is %s',
    text => {
      const fault = open(seal(Buffer.from(text.padEnd(PLAINTEXT_BYTES))))
      expect(fault).toBe('row-malformed')
    },
  )
})

describe('row ids and keys', () => {
  test('are a function of secret and period, and unlike for any two', () => {
    const months = Array.from({ length: 12 }, (_, i) => `2026-${String(i + 1).padStart(2, '0')}`)
    const secrets = [secret, randomBytes(32), randomBytes(32)]
    const all = secrets.flatMap(one =>
      months.flatMap(month => [hex(deriveRowId(one, month)), hex(deriveRowKey(one, month))]),
    )
    expect(new Set(all).size).toBe(2 * 3 * 12)
    expect(hex(deriveRowId(secret, months[0]!))).toBe(all[0])
  })

  test('a row id is no part of the key of the same month', () => {
    expect(rowKey.subarray(0, 16).equals(binding.rowId)).toBe(false)
  })
})
