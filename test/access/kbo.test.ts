import fc from 'fast-check'
import { stdnum } from 'stdnum'
import { parseKbo } from '../../src/access/kbo.ts'

const FIRST_EIGHT = fc.integer({ min: 0, max: 19_999_999 })

function withCheck(first: number, check = 97 - (first % 97)): string {
  return `${String(first).padStart(8, '0')}${String(check).padStart(2, '0')}`
}

describe('KBO numbers', () => {
  test('a number with its check digits is read, in the forms people write it', () => {
    for (const text of ['0123456749', '0123.456.749', 'BE 0123.456.749', ' be0123 456 749 ']) {
      expect(parseKbo(text)).toBe('0123456749')
    }
  })

  test('what is not ten digits that start with 0 or 1 is refused', () => {
    for (const text of [
      '',
      '123456749',
      '01234567490',
      '2123456749',
      '0123-456-749',
      'NL0123456749',
    ]) {
      expect(parseKbo(text)).toBeUndefined()
    }
    expect(parseKbo('٠١٢٣٤٥٦٧٤٩')).toBeUndefined()
  })

  test('every other check number is refused', () => {
    fc.assert(
      fc.property(FIRST_EIGHT, fc.integer({ min: 0, max: 99 }), (first, check) => {
        const right = check === 97 - (first % 97)
        expect(parseKbo(withCheck(first, check)) !== undefined).toBe(right)
      }),
    )
  })

  test('a slip in one digit or a swap of two neighbours is found', () => {
    fc.assert(
      fc.property(FIRST_EIGHT, fc.nat(9), fc.nat(9), (first, place, digit) => {
        const good = withCheck(first)
        const slipped = good.slice(0, place) + digit + good.slice(place + 1)
        if (slipped !== good) expect(parseKbo(slipped)).toBeUndefined()
      }),
    )
  })

  test('the stdnum package agrees', () => {
    fc.assert(
      fc.property(FIRST_EIGHT, first => {
        const good = withCheck(first)
        expect(parseKbo(good)).toBe(good)
        // It takes no number under 00000100, which the register has never given out.
        if (first >= 100_000) expect(stdnum.BE?.vat?.validate(good)?.isValid).toBe(true)
      }),
    )
  })
})
