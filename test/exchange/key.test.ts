import { hasGoodKey } from '../../src/exchange/outcome.ts'
import { containsNationalNumber } from '../../src/pseudonym/national-number.ts'
import { syntheticNumber } from '../support/people.ts'

const at = new Date('2026-11-21T09:00:00Z')
const number = syntheticNumber(3)

/** As chance would make one in 22,000. */
const byChance = `${number.slice(0, 8)}-${number.slice(8)}a-4bcd-9abc-def0a1b2c3d4`

test('a random UUID is a good key, also where eleven of its digits look like a national number', () => {
  expect(containsNationalNumber(byChance, '2026-11-21')).toBe(true)
  expect(hasGoodKey({ key: byChance, at })).toBe(true)
  expect(hasGoodKey({ key: byChance.toUpperCase(), at })).toBe(true)
})

test('nor is one refused that has few letters, as chance has it in one of 2,500', () => {
  const key = `${number.slice(0, 8)}-${number.slice(8)}a-4000-8b00-0000000000c0`
  expect(containsNationalNumber(key, '2026-11-21')).toBe(true)
  expect(hasGoodKey({ key, at })).toBe(true)
})

test.each([
  number,
  `order-${number}`,
  `00000000-0000-4000-8000-a${number}`,
  `${number.slice(0, 8)}-${number.slice(8)}a-4000-8000-000000000000`,
  `${byChance}.`,
])('a key that is made of a number is none (%#)', key => {
  expect(hasGoodKey({ key, at })).toBe(false)
})
