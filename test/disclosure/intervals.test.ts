import fc from 'fast-check'
import { intervalOf } from '../../src/report/disclosure/audit.ts'
import { systemOf } from '../../src/report/disclosure/control.ts'
import { CountModel, type History } from '../../src/report/disclosure/model.ts'
import { Exposed } from '../../src/report/disclosure/search.ts'
import type { Solver, Sum } from '../../src/report/disclosure/system.ts'
import { insidersOf, targetsOf } from '../../src/report/disclosure/targets.ts'
import type { LeafCount, Measure, TableDeclaration } from '../../src/report/disclosure/types.ts'
import { loadSolver } from '../../src/report/solver.ts'
import { type KnownSum, solutionsOf } from './brute-force.ts'
import { NOTHING, releaseNext } from './kit.ts'

/** Random small tables: what the audit says of each cell is what trying every solution says. */
const RUNS = { numRuns: 25 }
const MONTH = '2026-01'
const PARTIES = ['a', 'b']
const STATES = ['open', 'closed', 'late']
const MEASURE: Measure = {
  id: 'small',
  dimensions: [
    { name: 'party', kind: 'codes' },
    { name: 'month', kind: 'calendar' },
    { name: 'state', kind: 'codes', codes: STATES, attribute: true },
  ],
}
const TABLE: TableDeclaration = {
  ...{ id: 'small', measure: 'small', levels: ['month'] },
  dimensions: ['party', 'month', 'state'],
}
const K = 3

let solve: Solver
beforeAll(async () => {
  solve = await loadSolver()
})

const some = fc.array(fc.nat(6), { minLength: 6, maxLength: 6 })

function leaves(numbers: readonly number[]): LeafCount[] {
  return PARTIES.flatMap((party, row) =>
    STATES.map((state, at) => ({
      dims: { party, month: MONTH, state },
      count: numbers[row * STATES.length + at] ?? 0,
    })),
  )
}

function release(history: History, numbers: readonly number[], within = {}): History {
  const all = leaves(numbers)
  const only = 'party' in within ? all.filter(({ dims }) => dims['party'] === within.party) : all
  const asked = {
    measure: MEASURE,
    table: TABLE,
    period: MONTH,
    threshold: K,
    within,
    counts: only,
  }
  return releaseNext(history, asked, solve)
}

const modelOf = (history: History) => new CountModel(MEASURE, history.versions)

/** The least and largest value of each sum, over every solution of what is shown. */
function triedAll(history: History, sums: readonly Sum[], cap: number): [number, number][] {
  const model = modelOf(history)
  const { equations, notBelowZero } = systemOf(model, history)
  const known: KnownSum[] = equations.map(({ sum, value }) => {
    return { of: sum.map(([variable]) => variable), value }
  })
  const ends = sums.map((): [number, number] => [Number.POSITIVE_INFINITY, 0])
  const at = (sum: Sum, counts: readonly number[]) =>
    sum.reduce((total, [variable, by]) => total + by * (counts[variable] ?? 0), 0)
  for (const counts of solutionsOf(history.versions.length, known, cap)) {
    if (notBelowZero.some(sum => at(sum, counts) < 0)) continue
    sums.forEach((sum, index) => {
      const [least, most] = ends[index] ?? [0, 0]
      const value = at(sum, counts)
      ends[index] = [Math.min(least, value), Math.max(most, value)]
    })
  }
  return ends
}

test('the interval of every cell is exact, whatever is shown', () => {
  const shown = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(some, shown, (numbers, pattern) => {
      const released = release(NOTHING, numbers)
      const model = modelOf(released)
      // The total of all is always there, so that there is an end to what can be tried.
      const cells = released.cells.map((cell, at) => {
        const value = model.valueAt(cell.key, 1)
        return {
          ...cell,
          value: pattern[at] || cell.key === `all|${MONTH}|all` ? value : undefined,
        }
      })
      const history = { ...released, cells }
      const sums = cells.map(({ key }) =>
        model.variablesAt(key, 1).map(variable => [variable, 1] as const),
      )
      const exact = sums.map(sum => intervalOf(systemOf(model, history), sum, solve))
      const tried = triedAll(history, sums, 36)
      expect(exact.map(({ least, most }) => [least, most])).toEqual(tried)
    }),
    RUNS,
  )
})

/** Targets that trying every solution does not set apart; without zeros that were told before. */
function narrowOnes(history: History): string[] {
  const now = history.thresholds.size
  const all = [...targetsOf(modelOf(history), history, now).values()]
  const targets = all.filter(({ value }) => value > 0 || now === 1)
  const tried = triedAll(
    history,
    targets.map(({ sum }) => sum),
    6 + K,
  )
  return targets.flatMap(({ apart, sum }, at) => {
    const [least, most] = tried[at] ?? [0, 0]
    return most - least < apart ? [JSON.stringify({ sum, least, most })] : []
  })
}

test('a table leaves nothing below the threshold to calculate; its small cells alone do', () => {
  let found = 0
  fc.assert(
    fc.property(some, numbers => {
      const history = release(NOTHING, numbers)
      expect(narrowOnes(history)).toEqual([])
      const model = modelOf(history)
      const cells = history.cells.map(cell => {
        const value = model.valueAt(cell.key, 1)
        return { ...cell, value: value > 0 && value < K ? undefined : value }
      })
      found += narrowOnes({ ...history, cells }).length
    }),
    RUNS,
  )
  expect(found).toBeGreaterThan(0)
})

test('nor do two tables after one another, of which the second counts a few more or fewer', () => {
  const later = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(some, later, (numbers, changes) => {
      const first = release(NOTHING, numbers, { party: 'a' })
      const changed = numbers.map((count, at) => Math.max(0, count + (changes[at] ?? 0)))
      expect(narrowOnes(release(first, changed, { party: 'a' }))).toEqual([])
    }),
    RUNS,
  )
})

test('refused where a release under a lower threshold leaves no room to hide what became of it', () => {
  const first = release(NOTHING, [4, 9, 9], { party: 'a' })
  const asked = { measure: MEASURE, table: TABLE, period: MONTH, within: { party: 'a' } }
  const counts = leaves([3, 9, 9]).slice(0, 3)
  expect(() => releaseNext(first, { ...asked, threshold: 10, counts }, solve)).toThrow(Exposed)
  expect(releaseNext(first, { ...asked, threshold: K, counts }, solve).cells).toHaveLength(8)
})

test('a total that one party can do without 1 to k - 1 of is hidden, as that party knows its own', () => {
  const { cells } = release(NOTHING, [9, 9, 9, 1, 0, 0])
  expect(cells.find(({ key }) => key === `all|${MONTH}|open`)).toMatchObject({ value: undefined })
  const others = release(NOTHING, [9, 9, 9, 9, 9, 9])
  expect(others.cells.filter(({ value }) => value === undefined)).toEqual([])
})

test('a special category has a threshold of at least ten', () => {
  const dimensions = MEASURE.dimensions.map(it =>
    it.name === 'state' ? { ...it, special: true } : it,
  )
  const measure = { ...MEASURE, dimensions }
  const asked = { measure, table: TABLE, period: MONTH, within: { party: 'a' }, threshold: 5 }
  const { cells } = releaseNext(
    NOTHING,
    { ...asked, counts: leaves([9, 30, 30]).slice(0, 3) },
    solve,
  )
  const hidden = cells.filter(({ value }) => value === undefined).map(({ key }) => key)
  expect(hidden).toContain(`a|${MONTH}|open`)
  expect(hidden).toHaveLength(2)
  expect(cells.find(({ key }) => key === `a|${MONTH}|all`)).toMatchObject({ value: 69 })
})

test('all of one code: that nobody has another is hidden too', () => {
  const { cells } = release(NOTHING, [0, 8, 0], { party: 'a' })
  const shown = cells.filter(({ value }) => value !== undefined).map(({ key }) => key)
  expect(shown).not.toContain(`a|${MONTH}|closed`)
  expect(shown).toContain(`a|${MONTH}|all`)
})

const MANY = ['a', 'b', 'c', 'd', 'e']
const HOUSES: Measure = {
  ...MEASURE,
  dimensions: [
    { name: 'party', kind: 'codes' },
    { name: 'month', kind: 'calendar' },
    { name: 'state', kind: 'codes', codes: ['open', 'closed'], attribute: true },
  ],
}
const several = fc.array(fc.nat(9), { minLength: 10, maxLength: 10 })

function houses(numbers: readonly number[]): LeafCount[] {
  return numbers.map((count, at) => ({
    dims: { party: MANY[at >> 1] ?? '', month: MONTH, state: at % 2 ? 'closed' : 'open' },
    count,
  }))
}

/** What the plain audit finds too narrow: for each target two programs over everything, for nobody and each insider. */
function narrowForAny(history: History): string[] {
  const model = new CountModel(HOUSES, history.versions)
  const targets = [...targetsOf(model, history, history.thresholds.size).values()]
  const system = systemOf(model, history)
  return [[], ...insidersOf(model)].flatMap((own: readonly number[]) => {
    const known = own.map(variable => ({
      sum: [[variable, 1]] as const,
      value: system.truth[variable] ?? 0,
    }))
    const all = { ...system, equations: [...system.equations, ...known] }
    return targets.flatMap(({ sum, apart, value }) => {
      if (value === 0 || sum.some(([variable]) => own.includes(variable))) return []
      const { least, most } = intervalOf(all, sum, solve)
      return most - least < apart ? [`${own}: ${JSON.stringify(sum)} is ${least} to ${most}`] : []
    })
  })
}

test('a few parties at a time hides what all together would have to: the plain audit finds nothing, revised or not', () => {
  const changes = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(several, changes, (numbers, by) => {
      const revised = numbers.map((count, at) => Math.max(0, count + (by[at] ?? 0)))
      const ways = [2, MANY.length].map(atOnce => {
        const asked = { measure: HOUSES, table: TABLE, period: MONTH, threshold: K, within: {} }
        const one = { ...asked, within: { party: 'a' }, counts: houses(numbers).slice(0, 2) }
        const first = releaseNext(NOTHING, one, solve, atOnce)
        return releaseNext(first, { ...asked, counts: houses(revised) }, solve, atOnce)
      })
      for (const history of ways) expect(narrowForAny(history)).toEqual([])
      // Nor does it hide all: what is shown is of the same order.
      const [few = 0, all = 0] = ways.map(
        ({ cells }) => cells.filter(({ value }) => value === undefined).length,
      )
      expect(few - all).toBeLessThanOrEqual(8)
    }),
    { numRuns: 8 },
  )
})

test('which cells of one party are hidden tells nothing of another', () => {
  const cellsOf = (numbers: readonly number[], party: string) => {
    let history = NOTHING
    for (const own of ['b', 'c', party]) {
      const counts = houses(numbers).filter(({ dims }) => dims['party'] === own)
      const asked = { measure: HOUSES, table: TABLE, period: MONTH, threshold: K }
      history = releaseNext(history, { ...asked, within: { party: own }, counts }, solve)
    }
    return history.cells.filter(({ key }) => key.startsWith(`${party}|`)).map(it => it.value)
  }
  fc.assert(
    fc.property(several, several, (numbers, others) => {
      const mixed = numbers.map((count, at) => (MANY[at >> 1] === 'a' ? count : (others[at] ?? 0)))
      expect(cellsOf(mixed, 'a')).toEqual(cellsOf(numbers, 'a'))
    }),
    RUNS,
  )
})
