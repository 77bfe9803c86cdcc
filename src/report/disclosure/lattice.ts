import { coversOfMonth } from './calendar.ts'
import { ALL, type Dimension, type Dims, type Measure } from './types.ts'

/** A cell at any level of a measure, with the leaves that it is the sum of, by their keys. */
export interface LatticeCell {
  key: string
  codes: readonly string[]
  leaves: string[]
}

const BETWEEN = '|'

/** The key of a cell of a measure; a dimension that is left out is all of it. */
export function keyOf({ dimensions }: Measure, dims: Dims): string {
  return dimensions.map(({ name }) => dims[name] ?? ALL).join(BETWEEN)
}

/** The codes of a key, in the order of the dimensions of its measure. */
export function codesOf(key: string): string[] {
  return key.split(BETWEEN)
}

/** The dims of a key, of these dimensions only. */
export function dimsOf({ dimensions }: Measure, key: string, only: readonly string[]): Dims {
  const codes = codesOf(key)
  const named = dimensions.map(({ name }, at) => [name, codes[at] ?? ALL] as const)
  return Object.fromEntries(named.filter(([name]) => only.includes(name)))
}

/** Every cell that some of these leaves are part of, by key: themselves, and the totals over them. */
export function latticeOf(measure: Measure, leaves: Iterable<string>): Map<string, LatticeCell> {
  const cells = new Map<string, LatticeCell>()
  for (const leaf of leaves) {
    for (const codes of productOf(coversOf(measure, leaf))) {
      const key = codes.join(BETWEEN)
      const cell = cells.get(key)
      if (cell) cell.leaves.push(leaf)
      else cells.set(key, { key, codes, leaves: [leaf] })
    }
  }
  return cells
}

function coversOf({ dimensions }: Measure, leaf: string): string[][] {
  const codes = codesOf(leaf)
  return dimensions.map((dimension, at) => coversOfCode(dimension, codes[at] ?? ALL))
}

function coversOfCode(dimension: Dimension, code: string): string[] {
  if (dimension.kind === 'calendar') return coversOfMonth(code)
  return dimension.apart ? [code] : [code, ALL]
}

/** Every choice of one out of each list. */
export function productOf(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (all, codes) => all.flatMap(one => codes.map(code => [...one, code])),
    [[]],
  )
}
