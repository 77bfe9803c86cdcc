import { levelOf, monthsOf } from '../../src/report/disclosure/calendar.ts'
import type { History } from '../../src/report/disclosure/model.ts'
import type { Solver } from '../../src/report/disclosure/system.ts'
import { MEASURES, TABLES } from '../../src/report/disclosure/tables.ts'
import type { LeafCount, Measure, TableDeclaration } from '../../src/report/disclosure/types.ts'
import { loadSolver } from '../../src/report/solver.ts'
import { attack, type Difference, type SeenCell } from './attacker.ts'
import { NOTHING, releaseNext } from './kit.ts'

/**
 * A year of reports as the gateway makes them: dashboards per housing company, counts that are revised, the year
 * for all. Solved by someone from outside, and by each housing company with all of its own counts.
 */
const K = 5
const PARTIES = ['woonboog', 'leefgoed', 'de-noorderkempen']
const QUARTERS = ['2026-Q1', '2026-Q2']
const FIRST_HALF = QUARTERS.flatMap(monthsOf)

let solve: Solver
beforeAll(async () => {
  solve = await loadSolver()
})

function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return (state + 1) / 2_147_483_650
  }
}

const codesOf = (measure: Measure, name: string): readonly string[] => {
  const dimension = measure.dimensions.find(it => it.name === name)
  return dimension?.kind === 'codes' ? (dimension.codes ?? PARTIES) : FIRST_HALF
}

function countsFor(measure: Measure, next: () => number): LeafCount[] {
  const names = measure.dimensions.map(({ name }) => name)
  const all = names.reduce<Record<string, string>[]>(
    (dims, name) =>
      dims.flatMap(one => codesOf(measure, name).map(code => ({ ...one, [name]: code }))),
    [{}],
  )
  // Of who is found nothing is unknown here.
  const known = all.filter(({ found }) => found !== 'unknown')
  return known.map(dims => ({ dims, count: Math.floor(next() ** 2 * 14) }))
}

/** Every quarter for each party, its counts as they are then; then revised ones and the year, for all. */
function yearOf(
  measure: Measure,
  tables: readonly TableDeclaration[],
  next: () => number,
): History {
  let history = NOTHING
  let counts = countsFor(measure, next)
  const release = (table: TableDeclaration, period: string, within: Record<string, string>) => {
    const given = counts.filter(
      ({ dims }) =>
        monthsOf(period).includes(dims['month'] ?? '') &&
        (within['party'] ?? dims['party']) === dims['party'],
    )
    history = releaseNext(
      history,
      { measure, table, period, within, counts: given, threshold: K },
      solve,
    )
  }
  for (const quarter of QUARTERS) {
    for (const party of PARTIES) for (const table of tables) release(table, quarter, { party })
  }
  counts = counts.map(leaf =>
    next() < 0.3 ? { ...leaf, count: Math.max(0, leaf.count + Math.floor(next() * 9) - 4) } : leaf,
  )
  for (const table of tables) for (const quarter of QUARTERS) release(table, quarter, {})
  for (const table of tables) release(table, '2026', {})
  return history
}

/** A sum that stays hidden: what it is made of, and what it is. */
interface Secret extends Difference {
  value: number
}

// More than any change of a count.
const OFFSET = 1000

/** What was released: a cell by its key and its release, a leaf by that of its count. */
class Seen {
  readonly measure: Measure
  readonly history: History
  readonly leaves: Map<string, { release: number; count: number }[]>

  constructor(measure: Measure, history: History) {
    this.measure = measure
    this.history = history
    const sorted = history.versions.toSorted((a, b) => a.release - b.release)
    this.leaves = Map.groupBy(sorted, ({ leaf }) => leaf)
  }

  childrenOf(at: number, code: string): readonly string[] {
    const dimension = this.measure.dimensions[at]
    if (!dimension) return []
    if (dimension.kind === 'codes')
      return code === 'all' ? codesOf(this.measure, dimension.name) : []
    const months = levelOf(code) === 'month' ? [] : monthsOf(code)
    return months.filter(month => FIRST_HALF.includes(month))
  }

  countAt(leaf: string, release: number) {
    return this.leaves.get(leaf)?.findLast(version => version.release <= release)
  }

  valueAt(key: string, release: number): number {
    const [open, codes] = [[key.split('|')], [] as string[][]]
    for (let one = open.pop(); one; one = open.pop()) {
      const at = one.findIndex((code, index) => this.childrenOf(index, code).length > 0)
      if (at < 0) codes.push(one)
      else for (const child of this.childrenOf(at, one[at] ?? '')) open.push(one.with(at, child))
    }
    return codes.reduce((sum, leaf) => sum + (this.countAt(leaf.join('|'), release)?.count ?? 0), 0)
  }

  /** That a leaf is at a release what the release before had, unless it brought another count. */
  same(): Secret[] {
    const releases = [...this.history.thresholds.keys()]
    return [...this.leaves.keys()].flatMap(leaf =>
      releases.map(release => {
        const version = this.countAt(leaf, release)
        const less = version ? [`${leaf}|v${version.release}`] : []
        return { name: `same ${leaf}|${release}`, more: [`${leaf}|${release}`], less, value: 0 }
      }),
    )
  }

  /** In which direction each count changed. */
  changes(): Difference[] {
    return [...this.leaves].flatMap(([leaf, versions]) =>
      versions.slice(1).map((later, at) => {
        const [now, was] = [`${leaf}|v${later.release}`, `${leaf}|v${versions[at]?.release}`]
        const grew = later.count > (versions[at]?.count ?? 0)
        return { name: `change ${now}`, more: [grew ? now : was], less: [grew ? was : now] }
      }),
    )
  }

  /** Every cell at each release, and by how much it changed; of a total the part that is not the insider's. */
  secrets(insider = ''): Secret[] {
    const byKey = Map.groupBy(this.history.cells, ({ key }) => key)
    return [...byKey].flatMap(([key, cells]) => {
      const [party = '', ...rest] = key.split('|')
      if (party === insider) return []
      const own = party === 'all' && insider ? [insider, ...rest].join('|') : undefined
      const states = cells.map(({ release }): Secret => {
        const value = this.valueAt(key, release) - (own ? this.valueAt(own, release) : 0)
        const less = own ? [`${own}|${release}`] : []
        return { name: `at ${key}|${release}`, more: [`${key}|${release}`], less, value }
      })
      return states.flatMap((later, at) => [
        later,
        ...states.slice(0, at).map((earlier): Secret => {
          const [more, less] = [
            [...later.more, ...earlier.less],
            [...later.less, ...earlier.more],
          ]
          const name = `${later.name} less ${earlier.name}`
          return { name, plus: OFFSET, more, less, value: later.value - earlier.value }
        }),
      ])
    })
  }
}

/** The secrets it finds to within less than k: by what is shown, and by what it knows of its own. */
function foundBy(measure: Measure, history: History, insider?: string): string[] {
  const seen = new Seen(measure, history)
  const secrets = seen.secrets(insider)
  const [same, changes] = [seen.same(), seen.changes()]
  const own = history.versions.flatMap(({ leaf, release, count }): SeenCell[] =>
    leaf.startsWith(`${insider}|`) ? [{ codes: [`${leaf}|v${release}`], value: count }] : [],
  )
  const cells = [
    ...history.cells.map(({ key, release, value }): SeenCell => {
      return { codes: [...key.split('|'), `${release}`], value }
    }),
    ...same.map(({ name }): SeenCell => ({ codes: [name], value: 0 })),
    ...own,
  ]
  const children = (at: number, code: string) => seen.childrenOf(at, code)
  const intervals = attack(cells, children, [...same, ...changes, ...secrets])
  return secrets.flatMap(({ name, value }) => {
    const { least = 0, most = 0 } = intervals.get(name) ?? {}
    const isSmall = value !== 0 && Math.abs(value) < K
    return isSmall && most - least < K ? [`${name}: ${value} is ${least} to ${most}`] : []
  })
}

const FEEDBACK = MEASURES.find(({ id }) => id === 'feedback') as Measure
const SENSITISING = MEASURES.find(({ id }) => id === 'sensitising') as Measure
const tablesOf = ({ id }: Measure) => TABLES.filter(({ measure }) => measure === id)

/** The same measure, where nobody is taken to know counts of its own. */
const withoutInsiders = (measure: Measure): Measure => ({
  ...measure,
  dimensions: measure.dimensions.map(it =>
    it.name === 'party' ? { name: 'party', kind: 'codes', codes: PARTIES } : it,
  ),
})

test.each([FEEDBACK, SENSITISING])(
  'a year of $id: nobody finds one below the threshold, revised or not, also with counts of its own',
  measure => {
    const history = yearOf(measure, tablesOf(measure), numbers(13))
    expect(history.cells.filter(({ value }) => value !== undefined).length).toBeGreaterThan(10)
    for (const insider of [undefined, ...PARTIES]) {
      expect([insider, foundBy(measure, history, insider)]).toEqual([insider, []])
    }
  },
)

test('who knows its own finds some where that was not thought of; anybody does where only small cells are hidden', () => {
  const blind = yearOf(withoutInsiders(FEEDBACK), tablesOf(FEEDBACK), numbers(13))
  expect(foundBy(FEEDBACK, blind)).toEqual([])
  expect(PARTIES.flatMap(insider => foundBy(FEEDBACK, blind, insider)).length).toBeGreaterThan(3)
  const seen = new Seen(FEEDBACK, blind)
  const cells = blind.cells.map(cell => {
    const value = seen.valueAt(cell.key, cell.release)
    return { ...cell, value: value > 0 && value < K ? undefined : value }
  })
  expect(foundBy(FEEDBACK, { ...blind, cells }).length).toBeGreaterThan(20)
})
