/**
 * Someone who collects every table that was released and tries to calculate what is hidden. It knows how
 * tables add up and that counts are whole numbers, not below zero; nothing of how cells were chosen, and
 * nothing of the gateway's solver: it eliminates exactly and narrows intervals until nothing moves.
 */

/** A cell of a released table: a code for every dimension, and the number where it was shown. */
export interface SeenCell {
  codes: readonly string[]
  value: number | undefined
}

/** Something not below zero: some cells together less some others, and so much more. */
export interface Difference {
  name: string
  plus?: number
  more: readonly string[]
  less: readonly string[]
}

export interface Interval {
  least: number
  most: number
}

/** Sum of cells, each with a whole coefficient, that is zero. The key '' stands for one. */
type Row = Map<string, number>

const ONE = ''

/**
 * The interval of every cell that was not shown, by its codes joined by `|`.
 * @param childrenOf the codes that a code of a dimension adds up from; none for the finest
 * @param known what it knows besides: differences, as the name of each with what it is made of
 */
export function attack(
  cells: readonly SeenCell[],
  childrenOf: (dimension: number, code: string) => readonly string[],
  known: readonly Difference[] = [],
): Map<string, Interval> {
  const shown = new Map<string, number>()
  for (const { codes, value } of cells) if (value !== undefined) shown.set(codes.join('|'), value)
  const differences = known.map(({ name, more, less, plus = 0 }): Row => {
    const row: Row = new Map([[name, -1]])
    for (const it of more) addTo(row, it, 1)
    for (const it of less) addTo(row, it, -1)
    addTo(row, ONE, plus)
    return row
  })
  const sums = [...equationsOf(cells, childrenOf), ...differences]
  const rows = sums.map(row => substitute(row, shown))
  const all = [...rows, ...eliminate(rows)]
  const intervals = new Map<string, Interval>()
  for (const row of all) {
    for (const key of row.keys()) {
      if (key !== ONE) intervals.set(key, { least: 0, most: Number.POSITIVE_INFINITY })
    }
  }
  narrow(all, intervals)
  return intervals
}

/** Every cell that a shown or hidden cell adds up from, down to the finest, and how. */
function equationsOf(
  cells: readonly SeenCell[],
  childrenOf: (dimension: number, code: string) => readonly string[],
): Row[] {
  const rows: Row[] = []
  const known = new Set<string>()
  const open = cells.map(({ codes }) => codes)
  for (let codes = open.pop(); codes; codes = open.pop()) {
    const key = codes.join('|')
    if (known.has(key)) continue
    known.add(key)
    for (const [dimension, code] of codes.entries()) {
      const children = childrenOf(dimension, code).map(child => codes.with(dimension, child))
      if (children.length === 0) continue
      open.push(...children)
      rows.push(new Map([[key, -1], ...children.map(child => [child.join('|'), 1] as const)]))
    }
  }
  return rows
}

function substitute(row: Row, shown: ReadonlyMap<string, number>): Row {
  const left: Row = new Map()
  for (const [key, coefficient] of row) {
    const value = shown.get(key)
    if (value === undefined) addTo(left, key, coefficient)
    else addTo(left, ONE, coefficient * value)
  }
  return left
}

function addTo(row: Row, key: string, by: number): void {
  const sum = (row.get(key) ?? 0) + by
  if (sum === 0) row.delete(key)
  else row.set(key, sum)
}

/** Gauss and Jordan, in whole numbers. */
function eliminate(rows: readonly Row[]): Row[] {
  const done = new Map<string, Row>()
  const holders = new Map<string, Set<string>>()
  for (const source of rows) {
    let row: Row = new Map(source)
    for (const key of [...row.keys()]) {
      const pivot = done.get(key)
      if (pivot) row = combine(row, pivot, key)
    }
    const key = [...row.keys()].find(it => it !== ONE)
    if (key === undefined) continue
    for (const holder of holders.get(key) ?? []) {
      const other = done.get(holder)
      if (other?.has(key)) done.set(holder, hold(holders, holder, combine(other, row, key)))
    }
    done.set(key, hold(holders, key, row))
  }
  return [...done.values()]
}

function hold(holders: Map<string, Set<string>>, pivot: string, row: Row): Row {
  for (const key of row.keys()) {
    const known = holders.get(key)
    if (known) known.add(pivot)
    else holders.set(key, new Set([pivot]))
  }
  return row
}

/** The row without a key, by the pivot's row; divided by what all coefficients share. */
function combine(row: Row, pivot: Row, key: string): Row {
  const [mine, its] = [row.get(key) ?? 0, pivot.get(key) ?? 0]
  const sum: Row = new Map()
  for (const [other, coefficient] of row) addTo(sum, other, coefficient * its)
  for (const [other, coefficient] of pivot) addTo(sum, other, -coefficient * mine)
  const shared = [...sum.values()].reduce(divisor, 0)
  if (shared > 1) for (const [other, coefficient] of sum) sum.set(other, coefficient / shared)
  if ([...sum.values()].some(value => !Number.isSafeInteger(value))) throw new Error('too large')
  return sum
}

function divisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : divisor(b, a % b)
}

function narrow(rows: readonly Row[], intervals: Map<string, Interval>): void {
  for (let moved = true; moved; ) {
    moved = false
    for (const row of rows) {
      for (const [key, coefficient] of row) {
        const interval = intervals.get(key)
        if (!interval) continue
        const [least, most] = restOf(row, key, intervals, coefficient)
        if (least > interval.least) [interval.least, moved] = [least, true]
        if (most < interval.most) [interval.most, moved] = [most, true]
      }
    }
  }
}

/** What a row leaves for one key: the others at their ends. */
function restOf(
  row: Row,
  key: string,
  intervals: ReadonlyMap<string, Interval>,
  coefficient: number,
): [number, number] {
  let [low, high] = [0, 0]
  for (const [other, its] of row) {
    if (other === key) continue
    const { least, most } = intervals.get(other) ?? { least: 1, most: 1 }
    low += its > 0 ? its * least : its * most
    high += its > 0 ? its * most : its * least
  }
  const ends = [-low / coefficient, -high / coefficient]
  return [Math.ceil(Math.min(...ends)) + 0, Math.floor(Math.max(...ends)) + 0]
}
