import { coversOfMonth, levelOf, monthsOf } from '../../src/report/disclosure/calendar.ts'
import { latticeOf } from '../../src/report/disclosure/lattice.ts'
import type { History } from '../../src/report/disclosure/model.ts'
import { drawNoise, releaseCount } from '../../src/report/disclosure/noise.ts'
import type { Solver } from '../../src/report/disclosure/system.ts'
import { MEASURES, TABLES } from '../../src/report/disclosure/tables.ts'
import type { LeafCount, Measure, TableDeclaration } from '../../src/report/disclosure/types.ts'
import { loadSolver } from '../../src/report/solver.ts'
import { attack, type Interval } from './attacker.ts'
import { NOTHING, releaseNext } from './kit.ts'

/** A year of tables, and someone who solves them all. */
const K = 5
const PARTIES = ['woonboog', 'leefgoed', 'de-noorderkempen']
const MONTHS = monthsOf('2026')
const QUARTERS = ['2026-Q1', '2026-Q2', '2026-Q3', '2026-Q4']
const REACH = ['hard-to-reach', 'not-reached']
const STATES = ['open', 'closed']

// As the gateway counts feedback, and divided once more: by how hard to reach.
const FEEDBACK: Measure = {
  id: 'feedback',
  dimensions: [
    { name: 'party', kind: 'codes' },
    { name: 'month', kind: 'calendar' },
    { name: 'reachability', kind: 'codes', codes: REACH, attribute: true },
    { name: 'state', kind: 'codes', codes: STATES, attribute: true },
  ],
}
const LEVELS = ['month', 'quarter', 'year'] as const
const BY_REACH: TableDeclaration = {
  ...{ id: 'by-reach', measure: 'feedback', levels: LEVELS },
  dimensions: ['party', 'month', 'reachability'],
}
const BY_STATE: TableDeclaration = {
  ...{ id: 'by-state', measure: 'feedback', levels: ['quarter', 'year'] },
  dimensions: ['party', 'month', 'reachability', 'state'],
}

let solve: Solver
beforeAll(async () => {
  solve = await loadSolver()
})

/** Numbers in (0, 1), the same each time. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return (state + 1) / 2_147_483_650
  }
}

function feedbackCounts(next: () => number): LeafCount[] {
  return PARTIES.flatMap(party =>
    MONTHS.flatMap(month =>
      REACH.flatMap(reachability =>
        STATES.map(state => ({
          dims: { party, month, reachability, state },
          count: Math.floor(next() ** 2 * 12),
        })),
      ),
    ),
  )
}

function childrenOf({ dimensions }: Measure) {
  return (at: number, code: string): readonly string[] => {
    const dimension = dimensions[at]
    if (dimension?.kind === 'codes') return code === 'all' ? (dimension.codes ?? PARTIES) : []
    if (levelOf(code) === 'quarter') return monthsOf(code)
    return levelOf(code) === 'year' ? QUARTERS.filter(it => it.startsWith(code)) : []
  }
}

/** Which cells below the threshold it can tell within less than k: what it says of them. */
function found(
  measure: Measure,
  history: History,
  secret: (key: string) => boolean,
): [string, Interval][] {
  const cells = history.cells.map(({ key, value }) => ({ codes: key.split('|'), value }))
  const intervals = attack(cells, childrenOf(measure))
  return [...intervals].filter(([key, { least, most }]) => secret(key) && most - least < K)
}

function truthOf(measure: Measure, { versions }: History): Map<string, number> {
  const counts = new Map(versions.map(({ leaf, count }) => [leaf, count]))
  const cells = latticeOf(measure, counts.keys()).values()
  return new Map(
    [...cells].map(({ key, leaves }) => [
      key,
      leaves.reduce((sum, leaf) => sum + (counts.get(leaf) ?? 0), 0),
    ]),
  )
}

/** The same releases, with nothing hidden but what is small itself. */
function primaryOnly(history: History, truth: ReadonlyMap<string, number>): History {
  const cells = history.cells.map(cell => {
    const value = truth.get(cell.key) ?? 0
    return { ...cell, value: value > 0 && value < K ? undefined : value }
  })
  return { ...history, cells }
}

test('feedback of a year: no cell below the threshold; without secondary suppression there are', () => {
  const counts = feedbackCounts(numbers(7))
  let history = NOTHING
  const release = (
    table: TableDeclaration,
    period: string,
    within: Record<string, string> = {},
  ) => {
    const given = counts.filter(
      ({ dims }) =>
        monthsOf(period).includes(dims['month'] ?? '') &&
        (within['party'] ?? dims['party']) === dims['party'],
    )
    const asked = { measure: FEEDBACK, table, period, within, counts: given, threshold: K }
    history = releaseNext(history, asked, solve)
  }
  for (const quarter of QUARTERS) {
    for (const party of PARTIES.slice(1)) release(BY_REACH, quarter, { party })
    release(BY_REACH, quarter)
    release(BY_STATE, quarter)
  }
  release(BY_REACH, '2026')
  release(BY_STATE, '2026')

  const truth = truthOf(FEEDBACK, history)
  const small = (key: string) => (truth.get(key) ?? 0) > 0 && (truth.get(key) ?? 0) < K
  expect(found(FEEDBACK, history, small)).toEqual([])

  const without = found(FEEDBACK, primaryOnly(history, truth), small)
  const exact = without.filter(([, { least, most }]) => least === most)
  expect(exact.length).toBeGreaterThan(20)
  for (const [key, { least }] of exact) expect(least).toBe(truth.get(key))

  // What is hidden says nothing of why, and enough is left to read.
  const shown = history.cells.filter(({ value }) => value !== undefined)
  for (const { key, value } of shown) expect(value).toBe(truth.get(key))
  expect(shown.filter(({ key }) => small(key))).toEqual([])
  expect(shown.length).toBeGreaterThan(history.cells.length / 3)
})

test('the monthly numbers, with quarters and years: a month that is withheld stays so', () => {
  const measure = MEASURES.find(({ id }) => id === 'detection.found')
  const table = TABLES.find(({ id }) => id === 'detection-found')
  if (!measure || !table) throw new Error('no monthly numbers')
  const next = numbers(3)
  let history = NOTHING
  for (const month of MONTHS) {
    for (const party of PARTIES) {
      const tenants = Math.floor(next() * 60)
      const noise = drawNoise(K, [next(), next()])
      const released = releaseCount(Math.floor(next() * tenants), tenants, K, noise)
      const dims = { party, month }
      const counts = [{ dims, count: released.about, withheld: released.suppressed }]
      const asked = { measure, table, threshold: K, within: { party }, period: month, counts }
      history = releaseNext(history, asked, solve)
    }
    const [, quarter = ''] = coversOfMonth(month)
    if (monthsOf(quarter).at(-1) !== month) continue
    const asked = { measure, table, threshold: K, counts: [] }
    for (const party of PARTIES) {
      history = releaseNext(history, { ...asked, within: { party }, period: quarter }, solve)
    }
    history = releaseNext(history, { ...asked, within: {}, period: quarter }, solve)
  }
  const year = { measure, table, threshold: K, counts: [], within: {}, period: '2026' }
  history = releaseNext(history, year, solve)

  const withheld = new Set(history.versions.flatMap(it => (it.withheld ? [it.leaf] : [])))
  const secret = (key: string) => withheld.has(key)
  expect(withheld.size).toBeGreaterThan(3)
  expect(found(measure, history, secret)).toEqual([])
  const truth = truthOf(measure, history)
  const cells = history.cells.map(cell => ({
    ...cell,
    value: secret(cell.key) ? undefined : truth.get(cell.key),
  }))
  const without = found(measure, { ...history, cells }, secret)
  const exact = without.filter(([, { least, most }]) => least === most)
  expect(exact.length).toBeGreaterThan(3)
  for (const [key, { least }] of exact) expect(least).toBe(truth.get(key))
})
