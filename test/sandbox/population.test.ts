import fc from 'fast-check'
import { stdnum } from 'stdnum'
import { containsNationalNumber, parseNationalNumber } from '../../src/pseudonym/national-number.ts'
import {
  clientFile,
  createPopulation,
  DEFAULT_POPULATION,
  MAX_POPULATION,
} from '../../src/sandbox/population.ts'
import { REGION, SHARES } from '../../src/sandbox/region.ts'
import { NUMBERS_PER_CLASS, syntheticNumber } from '../../src/sandbox/synthetic-number.ts'

const TODAY = '2026-11-21'
const REFERENCE = /^[A-Za-z0-9._-]{1,64}$/

const seeds = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,12}$/),
  fc.string({ minLength: 1, maxLength: 30 }),
  fc.nat().map(String),
)

const population = createPopulation()

describe('the region', () => {
  test('has the real sizes of its three housing companies', () => {
    expect(REGION.housingCompanies.map(({ id, homes }) => [id, homes])).toEqual([
      ['de-noorderkempen', 1597],
      ['woonboog', 4748],
      ['leefgoed', 4930],
    ])
    const sum = REGION.housingCompanies.reduce((total, { homes }) => total + homes, 0)
    expect(sum).toBe(REGION.homes)
  })

  test('has one or two tenants a home, 1.5 on average', () => {
    expect(DEFAULT_POPULATION).toBe(16_912)
    expect(population.tenants).toHaveLength(DEFAULT_POPULATION)
    expect(DEFAULT_POPULATION / REGION.homes).toBeCloseTo(1.5, 3)
    const second = population.tenants.filter(tenant => tenant.tenantGround === 'art-6.1-1-b')
    expect(second).toHaveLength(Math.floor(REGION.homes / 2))
  })

  test('spreads tenants over the companies by their homes', () => {
    for (const { id, homes } of REGION.housingCompanies) {
      const theirs = population.tenants.filter(tenant => tenant.company === id).length
      expect(theirs / homes).toBeGreaterThan(1.45)
      expect(theirs / homes).toBeLessThan(1.55)
    }
  })

  test('has about a fifth in the target group, and the other shares as declared', () => {
    const share = (count: number, of: number) => count / of
    const { tenants } = population
    const members = tenants.filter(tenant => tenant.inTargetGroup)
    expect(members.length).toBeGreaterThanOrEqual(3_000)
    expect(share(members.length, tenants.length)).toBeCloseTo(SHARES.targetGroup, 1)
    const registered = tenants.filter(tenant => tenant.registered)
    expect(share(registered.length, tenants.length)).toBeCloseTo(SHARES.registered, 1)
    const hard = tenants.filter(tenant => tenant.reachability === 'hard-to-reach')
    const not = tenants.filter(tenant => tenant.reachability === 'not-reached')
    expect(share(hard.length, tenants.length)).toBeCloseTo(SHARES.hardToReach, 2)
    expect(share(not.length, tenants.length)).toBeCloseTo(SHARES.notReached, 2)
  })
})

describe('national numbers', () => {
  const numbers = [...population.tenants.map(tenant => tenant.insz), ...population.otherClients]

  test('are all valid, by the rule and by another implementation', () => {
    expect(numbers.filter(number => parseNationalNumber(number, TODAY) !== number)).toEqual([])
    expect(
      numbers.slice(0, 3_000).filter(number => !stdnum.BE!.nn!.validate(number).isValid),
    ).toEqual([])
  })

  test('are of different people, also in a large population', () => {
    expect(new Set(numbers).size).toBe(numbers.length)
    const large = createPopulation('large', 200_000)
    const all = [...large.tenants.map(tenant => tenant.insz), ...large.otherClients]
    expect(new Set(all).size).toBe(all.length)
  })

  test('differ for any two indexes and between the classes', () => {
    const index = fc.nat(NUMBERS_PER_CLASS - 1)
    fc.assert(
      fc.property(index, index, fc.nat(NUMBERS_PER_CLASS), (a, b, offset) => {
        fc.pre(a !== b)
        const first = syntheticNumber('working-age', a, offset)
        expect(first).not.toBe(syntheticNumber('working-age', b, offset))
        expect(first).not.toBe(syntheticNumber('any-age', b, offset))
        expect(parseNationalNumber(first, TODAY)).toBe(first)
      }),
    )
  })

  test('of the target group are of people from 18 to 65', () => {
    const years = population.tenants
      .filter(tenant => tenant.inTargetGroup)
      .map(({ insz }) => bornIn(insz))
    expect(Math.min(...years)).toBeGreaterThanOrEqual(1962)
    expect(Math.max(...years)).toBeLessThanOrEqual(2006)
  })
})

describe('what a seed fixes', () => {
  test('the same seed gives the same population, another another', () => {
    expect(createPopulation('a', 500)).toEqual(createPopulation('a', 500))
    const numbers = new Set(createPopulation('a', 500).tenants.map(tenant => tenant.insz))
    const other = createPopulation('b', 500).tenants
    expect(other.filter(tenant => numbers.has(tenant.insz)).length).toBeLessThan(5)
  })

  test('the first tenants of a larger population are the smaller population', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 400 }), fc.nat(400), (seed, size, more) => {
        const small = createPopulation(seed, size)
        const large = createPopulation(seed, size + more)
        expect(large.tenants.slice(0, size)).toEqual(small.tenants)
        expect(large.otherClients.slice(0, small.otherClients.length)).toEqual(small.otherClients)
      }),
      { numRuns: 30 },
    )
  })

  test('beyond the homes of the region it goes through them again, with new people', () => {
    const { tenants } = createPopulation('kempen', DEFAULT_POPULATION + 6)
    const again = tenants.slice(DEFAULT_POPULATION)
    // The region has an odd number of homes, so the second round starts with a home of two.
    expect(again[0]!.company).toBe(tenants[0]!.company)
    expect(new Set(tenants.map(tenant => tenant.insz)).size).toBe(tenants.length)
  })

  test('tenant references have an accepted form and never hold a national number', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const { tenants } = createPopulation(seed, 40)
        expect(tenants.every(({ tenantRef }) => REFERENCE.test(tenantRef))).toBe(true)
        expect(tenants.some(({ tenantRef }) => containsNationalNumber(tenantRef, TODAY))).toBe(
          false,
        )
        expect(new Set(tenants.map(tenant => tenant.tenantRef)).size).toBe(40)
      }),
      { numRuns: 50 },
    )
    expect(population.tenants[123]!.tenantRef).toBe('t-kempen-000123')
    const digits = createPopulation('850730033', 3).tenants[0]!.tenantRef
    expect(digits).toMatch(/^t-[a-z]{8}-000000$/)
  })
})

describe('the client file of VDAB', () => {
  test('holds the registered tenants and people who are no social tenants', () => {
    const people = clientFile(population)
    const registered = population.tenants.filter(tenant => tenant.registered)
    expect(people).toHaveLength(registered.length + population.otherClients.length)
    const tenants = new Set(population.tenants.map(tenant => tenant.insz))
    expect(population.otherClients.length).toBeGreaterThan(1_000)
    expect(population.otherClients.some(insz => tenants.has(insz))).toBe(false)
    expect(new Set(people.map(({ insz }) => insz)).size).toBe(people.length)
  })
})

test.each([0, -1, 1.5, MAX_POPULATION + 1, Number.NaN])('a population of %p is refused', size => {
  expect(() => createPopulation('a', size)).toThrow(RangeError)
})

function bornIn(insz: string): number {
  const base = Number(insz.slice(0, 9))
  const century = 97 - (base % 97) === Number(insz.slice(9)) ? 1900 : 2000
  return century + Number(insz.slice(0, 2))
}
