import fc from 'fast-check'
import { stdnum } from 'stdnum'
import { containsNationalNumber, parseNationalNumber } from '../../src/pseudonym/national-number.ts'
import { PATIENCE } from '../support/until.ts'
import { readVectors, TODAY, validNumber, withCheckDigits } from './support.ts'

interface Vectors {
  today: string
  valid: string[]
  invalid: string[]
  display: { text: string; digits: string }[]
}

const vectors = readVectors<Vectors>('national-number.json')

describe('a national number', () => {
  test.each(vectors.valid)('%s is valid', text => {
    expect(parseNationalNumber(text, vectors.today)).toBe(text)
  })

  test.each(vectors.invalid)('"%s" is not valid', text => {
    expect(parseNationalNumber(text, vectors.today)).toBeUndefined()
  })

  test.each(vectors.display)('$text is read as $digits', ({ text, digits }) => {
    expect(parseNationalNumber(text, vectors.today)).toBe(digits)
  })

  test.each([
    ['one of another display form', '850730-033.28'],
    ['one with spaces', '85 07 30 033 28'],
    ['one with a space around it', ' 85073003328'],
    ['one with a line end', '85073003328\n'],
    ['one in other digits', '٨٥٠٧٣٠٠٣٣٢٨'],
    ['serial 000', withCheckDigits('850730000', 19)],
    ['serial 999', withCheckDigits('850730999', 19)],
    ['month 13', withCheckDigits('851330033', 19)],
    ['month 19', withCheckDigits('851930033', 19)],
    ['month 33', withCheckDigits('853330033', 19)],
    ['month 39', withCheckDigits('853930033', 19)],
    ['month 53', withCheckDigits('855330033', 19)],
    ['30 February', withCheckDigits('850230033', 19)],
    ['29 February of a year that has none', withCheckDigits('850229033', 19)],
    ['29 February 1900', withCheckDigits('000229033', 19)],
    ['31 April of a BIS number', withCheckDigits('854431033', 19)],
    ['32 July', withCheckDigits('850732033', 19)],
    ['a birth year after this one', withCheckDigits('270730033', 20)],
  ])('%s is not valid', (_, text) => {
    expect(parseNationalNumber(text, TODAY)).toBeUndefined()
  })

  test.each([
    ['serial 001', withCheckDigits('850730001', 19)],
    ['serial 998', withCheckDigits('850730998', 19)],
    ['29 February 2000', withCheckDigits('000229033', 20)],
    ['a later day of this year', withCheckDigits('261231033', 20)],
    ['day unknown', withCheckDigits('850700033', 19)],
    ['BIS, sex unknown, month unknown', withCheckDigits('852000033', 19)],
    ['BIS, sex known, December', withCheckDigits('855231033', 19)],
    ['month unknown, day as a counter', withCheckDigits('850045033', 19)],
  ])('%s is valid', (_, text) => {
    expect(parseNationalNumber(text, TODAY)).toBe(text)
  })

  test('check digits of the other century are those of another person', () => {
    const first = withCheckDigits('050730033', 19)
    const second = withCheckDigits('050730033', 20)
    expect(first).not.toBe(second)
    expect(parseNationalNumber(first, TODAY)).toBe(first)
    expect(parseNationalNumber(second, TODAY)).toBe(second)
  })

  test('any change of one digit makes it invalid', () => {
    fc.assert(
      fc.property(validNumber, fc.nat(10), fc.integer({ min: 1, max: 9 }), (number, at, step) => {
        const digit = (Number(number[at]) + step) % 10
        const changed = `${number.slice(0, at)}${digit}${number.slice(at + 1)}`
        // The two centuries differ by a constant: a changed digit may only fit the other one.
        const base = Number(changed.slice(0, 9))
        const fits = [0, 2_000_000_000].some(
          more => 97 - ((base + more) % 97) === Number(changed.slice(9)),
        )
        fc.pre(!fits)
        expect(parseNationalNumber(changed, TODAY)).toBeUndefined()
      }),
    )
  })

  test('whatever comes in, only eleven digits come out, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.-]{9,16}$/)), text => {
        expect(parseNationalNumber(text, TODAY) ?? '00000000000').toMatch(/^\d{11}$/)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('against the stdnum package', () => {
  const { nn, bis } = stdnum['BE']!
  const stdnumAccepts = (text: string) => nn!.validate(text).isValid || bis!.validate(text).isValid
  // It compares birth dates with the real clock.
  const today = new Date().toISOString().slice(0, 10)

  // Where it is known to be wrong. Each is shown by a case below.
  const knownFault = (text: string): boolean => {
    const month = Number(text.slice(2, 4)) % 20
    const [day, serial, check] = [text.slice(4, 6), text.slice(6, 9), Number(text.slice(9))]
    const dayUnknown = day === '00' && month !== 0
    const checkOutOfRange = check === 0 || check > 97
    return dayUnknown || serial === '000' || serial === '999' || checkOutOfRange
  }

  test('both agree, but for its known faults', () => {
    const candidate = fc.oneof(
      validNumber,
      fc.stringMatching(/^\d{11}$/),
      fc
        .tuple(fc.stringMatching(/^\d{9}$/), fc.constantFrom<19 | 20>(19, 20))
        .map(([nine, century]) => withCheckDigits(nine, century)),
      fc
        .tuple(fc.stringMatching(/^\d\d[0245]\d[0-3]\d\d{3}$/), fc.constantFrom<19 | 20>(19, 20))
        .map(([nine, century]) => withCheckDigits(nine, century)),
    )
    let accepted = 0
    fc.assert(
      fc.property(candidate, text => {
        fc.pre(!knownFault(text) && !isOfThisYear(text))
        const ours = parseNationalNumber(text, today) !== undefined
        if (ours) accepted++
        expect([text, ours]).toEqual([text, stdnumAccepts(text)])
      }),
      { numRuns: 4_000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })

  function nineWithCheck(check: string): string {
    const serials = Array.from({ length: 98 }, (_, i) => `8507301${String(i).padStart(2, '0')}`)
    return serials.find(nine => withCheckDigits(nine, 19).endsWith(check))!
  }

  // By the rule only the birth year counts; stdnum takes the day.
  function isOfThisYear(text: string): boolean {
    return text.slice(0, 2) === today.slice(2, 4)
  }

  test.each([
    ['rejects day 00 with a known month', '85070000187', false],
    ['accepts serial 000', withCheckDigits('850730000', 19), true],
    ['accepts serial 999', withCheckDigits('850730999', 19), true],
    ['accepts check digits 98 for 01', `${nineWithCheck('01')}98`, true],
    ['accepts check digits 00 for 97', `${nineWithCheck('97')}00`, true],
  ])('known fault: it %s', (_, text, accepted) => {
    expect(stdnumAccepts(text)).toBe(accepted)
    expect(parseNationalNumber(text, today) !== undefined).toBe(!accepted)
  })
})

describe('a national number in a text', () => {
  test.each([
    '85073003328',
    'huurder-85073003328',
    'ref_85073003328_2',
    'x85073003328y',
    '85.07.30-033.28',
    'h.85.07.30-033.28.a',
    '85-07-30-033-28',
    '850730_033_28',
    '850730.03328',
    '8-5-0-7-3-0-0-3-3-2-8',
    '2024-85073003328',
    '12.85073003328.7',
    '850730..033..28',
    '85073003328-85073003328',
  ])('is found in %s', text => {
    expect(containsNationalNumber(text, TODAY)).toBe(true)
  })

  test.each([
    '',
    'huurder-17',
    '85073003329',
    '185073003328',
    '850730033281',
    '0414299866',
    '2024.12.31-00012',
    '8507300332.88',
    'a85b07c30d033e28',
  ])('is not found in "%s"', text => {
    expect(containsNationalNumber(text, TODAY)).toBe(false)
  })

  test('is found wherever it is hidden with the characters of a tenant reference', () => {
    const separator = fc.constantFrom('', '.', '_', '-')
    const edge = fc.stringMatching(/^([A-Za-z][A-Za-z0-9]{0,8}[A-Za-z._-])?$/)
    fc.assert(
      fc.property(
        validNumber,
        fc.array(separator, { minLength: 10, maxLength: 10 }),
        edge,
        edge.map(text => [...text].reverse().join('')),
        (number, separators, before, after) => {
          const hidden = [...number].map((digit, i) => digit + (separators[i] ?? '')).join('')
          expect(containsNationalNumber(before + hidden + after, TODAY)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('takes a time that grows with the text, not faster', () => {
    const started = performance.now()
    expect(containsNationalNumber('1-'.repeat(20_000), TODAY)).toBe(false)
    expect(performance.now() - started).toBeLessThan(PATIENCE * 1_000)
  })
})
