import fc from 'fast-check'
import { NumberFinder } from '../../src/sandbox/number-finder.ts'
import { createPopulation } from '../../src/sandbox/population.ts'
import { PATIENCE } from '../support/until.ts'

const NUMBERS = createPopulation('finder', 2_000).tenants.map(tenant => tenant.insz)
const ABSENT = createPopulation('finder', 2_500)
  .tenants.slice(2_000)
  .map(tenant => tenant.insz)
const finder = new NumberFinder(NUMBERS)

const number = fc.constantFrom(...NUMBERS)
const noDigits = fc.string({ maxLength: 40 }).map(text => text.replace(/[\d./ -]/g, 'x'))

function displayed(insz: string): string {
  return insz.replace(/^(..)(..)(..)(...)(..)$/, '$1.$2.$3-$4.$5')
}

function inText(text: string): string[] {
  const found = new Set<string>()
  finder.findInText(text, found)
  return [...found]
}

function inBytes(bytes: Uint8Array): string[] {
  const found = new Set<string>()
  finder.findInBytes(bytes, found)
  return [...found]
}

function inRow(row: string): string[] {
  const found = new Set<string>()
  finder.findInRow(row, found)
  return [...found]
}

describe('in text', () => {
  test('as eleven digits and in the display form, whatever stands around it', () => {
    fc.assert(
      fc.property(number, noDigits, noDigits, (insz, before, after) => {
        expect(inText(`${before}${insz}${after}`)).toEqual([insz])
        expect(inText(`${before}${displayed(insz)}${after}`)).toEqual([insz])
      }),
    )
  })

  test.each(['.', '-', '/', ' '])('with %p between the groups', separator => {
    const [insz = ''] = NUMBERS
    const groups = insz.replace(/^(..)(..)(..)(...)(..)$/, '$1|$2|$3|$4|$5').split('|')
    expect(inText(groups.join(separator))).toEqual([insz])
  })

  test('not inside a longer run of digits, and not another number', () => {
    const [insz = ''] = NUMBERS
    expect(inText(`1${insz}`)).toEqual([])
    expect(inText(`${insz}0`)).toEqual([])
    expect(inText(ABSENT.join(' '))).toEqual([])
  })

  test('every one of many, also where digits stand close by', () => {
    expect(inText(NUMBERS.join(',')).toSorted()).toEqual(NUMBERS.toSorted())
    const [a = '', b = ''] = NUMBERS
    expect(inText(`12 34 56 789 ${displayed(a)} 2026-11-21T09:30:00.000Z ${b}`)).toEqual([a, b])
  })

  test('in JSON, in an address and in a log line', () => {
    const [insz = ''] = NUMBERS
    expect(inText(JSON.stringify({ deep: [{ insz }] }))).toEqual([insz])
    expect(inText(`GET /v1/messages?insz=${insz}&x=1`)).toEqual([insz])
    expect(inText(`{"level":"error","message":"bad ${displayed(insz)}"}`)).toEqual([insz])
  })
})

describe('in base64', () => {
  test('at each alignment, of the digits and of the display form, in both alphabets', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 12 })
    const form = fc.constantFrom((insz: string) => insz, displayed)
    const alphabet = fc.constantFrom('base64', 'base64url') as fc.Arbitrary<'base64' | 'base64url'>
    fc.assert(
      fc.property(number, bytes, bytes, form, alphabet, (insz, before, after, write, encoding) => {
        // What stands beside it must not be a digit, or it would not be bounded.
        const open = (part: Uint8Array) => Buffer.from(part.map(byte => byte | 0x80))
        const whole = Buffer.concat([open(before), Buffer.from(write(insz)), open(after)])
        expect(inText(`"${whole.toString(encoding)}"`)).toEqual([insz])
      }),
      { numRuns: 500 },
    )
  })

  test('in the middle of a long encoded document', () => {
    for (const shift of [0, 1, 2]) {
      const insz = NUMBERS[shift] ?? ''
      const text = JSON.stringify({ pad: 'p'.repeat(100 + shift), insz, more: 'q'.repeat(200) })
      expect(inText(Buffer.from(text).toString('base64'))).toEqual([insz])
    }
  })

  test('of a number that is bounded by digits is not one', () => {
    const [insz = ''] = NUMBERS
    for (const text of [`7${insz}`, `77${insz}`, `777${insz}7`, `${insz}7`]) {
      expect(inText(Buffer.from(text).toString('base64'))).toEqual([])
    }
  })
})

describe('in hexadecimal', () => {
  test('of the digits and of the display form', () => {
    fc.assert(
      fc.property(number, fc.constantFrom('', 'ff', '7b22'), (insz, around) => {
        for (const text of [insz, displayed(insz)]) {
          const hex = `${around}${Buffer.from(text).toString('hex')}${around}`
          expect(inText(hex)).toEqual([insz])
          expect(inText(hex.toUpperCase())).toEqual([insz])
        }
      }),
    )
  })

  test('bounded by digits it is not one', () => {
    const [insz = ''] = NUMBERS
    expect(inText(Buffer.from(`1${insz}`).toString('hex'))).toEqual([])
  })
})

describe('in bytes and rows', () => {
  test('raw, and as text encoded inside', () => {
    const [insz = ''] = NUMBERS
    const encoded = Buffer.from(`{"insz":"${insz}"}`).toString('base64')
    expect(inBytes(Buffer.from([0, 255, 1, ...Buffer.from(insz), 0, 200]))).toEqual([insz])
    expect(inBytes(Buffer.from(`\u0000${encoded}\u0000`))).toEqual([insz])
  })

  test('in a binary column as PostgreSQL prints a row', () => {
    const [insz = '', other = ''] = NUMBERS
    const hex = Buffer.concat([Buffer.from([1, 2, 3]), Buffer.from(insz), Buffer.from([9])])
    expect(inRow(`(msg_1,"\\\\x${hex.toString('hex')}",{},2026-11-21)`)).toEqual([insz])
    const inside = Buffer.from(Buffer.from(other).toString('base64url')).toString('hex')
    expect(inRow(`(1,"\\\\x${inside}",${insz})`).toSorted()).toEqual([insz, other].toSorted())
  })

  test('random bytes hold none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2_000, maxLength: 4_000 }), bytes => {
        expect(inBytes(bytes)).toEqual([])
        expect(inText(Buffer.from(bytes).toString('base64'))).toEqual([])
        expect(inText(Buffer.from(bytes).toString('hex'))).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})

test('one pass is enough, however many numbers there are', () => {
  const line = `{"level":"info","messageId":"msg_01KAJ5J7WQ7Z3M8T5V9XK2B4CD","at":"2026-11-21"}\n`
  const text = line.repeat(40_000)
  const many = new NumberFinder(createPopulation('many', 100_000).tenants.map(it => it.insz))
  const startedAt = performance.now()
  many.findInText(text, new Set())
  expect(performance.now() - startedAt).toBeLessThan(PATIENCE * 5_000)
})
