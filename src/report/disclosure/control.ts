import { codesWithin, monthsOf } from './calendar.ts'
import { codesOf, dimsOf, keyOf, productOf } from './lattice.ts'
import { linkedHistory } from './linked.ts'
import { CountModel, type History, type LeafVersion } from './model.ts'
import type { Candidate } from './program.ts'
import { protect } from './protect.ts'
import type { Equation, Solver, System } from './system.ts'
import { differenceOf, negate, sumAt } from './system.ts'
import {
  insidersOf,
  signatureOf,
  smallRemainders,
  type Target,
  targetsOf,
  truthOf,
} from './targets.ts'
import {
  ALL,
  type Dimension,
  type Dims,
  type LeafCount,
  type Measure,
  type ReleasedCell,
  type TableDeclaration,
} from './types.ts'

/** A table that is asked for: what it shows, and the counts for it. */
export interface Asked {
  measure: Measure
  table: TableDeclaration
  period: string
  within: Dims
  counts: readonly LeafCount[]
  /** Number of this release: above all that were before. */
  release: number
  /** The protocol's threshold, k. */
  threshold: number
}

/** A table under disclosure control, and what is to be kept of it. */
export interface Controlled {
  cells: ReleasedCell[]
  versions: LeafVersion[]
}

/**
 * Disclosure control of one table, after everything that was released before (pure): hides cells of 1 to
 * k - 1 and zeros that disclose a group, and then as many others as it takes for nobody to calculate one,
 * nor the 1 to k - 1 by which two releases differ.
 * @param history earlier releases of the measure under the same agreement
 * @param atOnce how many parties are looked at together before all are; what is proven is the same
 * @throws Exposed where earlier releases alone tell what has to stay hidden
 */
export function controlTable(
  history: History,
  asked: Asked,
  open: Solver,
  atOnce?: number,
): Controlled {
  const versions = newVersions(history, asked)
  const leaves = versions.map(({ leaf }) => leaf)
  const keys = shownKeys(history, asked)
  const linked = linkedHistory(asked.measure, history, { leaves, keys })
  return { cells: controlLinked(linked, asked, { versions, keys }, open, atOnce), versions }
}

function controlLinked(
  history: History,
  { measure, table, release, threshold }: Asked,
  { versions, keys: asked }: { versions: readonly LeafVersion[]; keys: readonly string[] },
  open: Solver,
  atOnce: number | undefined,
): ReleasedCell[] {
  const model = new CountModel(measure, [...history.versions, ...versions])
  const thresholds = new Map([...history.thresholds, [release, threshold]])
  const keys = asked.filter(key => model.variablesAt(key, release).length > 0)
  const shown = keys.map(key => ({ release, key, value: undefined }))
  const listed = { ...history, thresholds, cells: [...history.cells, ...shown] }
  const targets = targetsOf(model, listed, release)
  const candidates = candidatesOf(model, history, { measure, release, threshold }, keys, targets)
  const system = systemOf(model, history)
  const insiders = insidersOf(model)
  const hidden = protect(
    { system, candidates, targets: [...targets.values()], insiders },
    open,
    atOnce,
  )
  return keys.map((key, at): ReleasedCell => {
    const dims = dimsOf(measure, key, table.dimensions)
    if (hidden[at]) return { dims, hidden: true }
    return { dims, hidden: false, value: model.valueAt(key, release) }
  })
}

/** What earlier releases tell: the cells they showed, and how counts changed between them. */
export function systemOf(model: CountModel, history: History): System {
  const equations = new Map<string, Equation>()
  for (const { key, release, value } of history.cells) {
    if (value === undefined) continue
    const variables = model.variablesAt(key, release)
    const sum = variables.map(variable => [variable, 1] as const)
    equations.set(signatureOf(variables), { sum, value })
  }
  const truth = truthOf(model)
  const notBelowZero = model.measure.about
    ? []
    : model.changes().map(([later, earlier]) => {
        const change = differenceOf([later], [earlier])
        return sumAt(change, truth) >= 0 ? change : negate(change)
      })
  return { truth, equations: [...equations.values()], notBelowZero }
}

/** The cells of the table: hidden from the start where they are targets or were hidden before. */
function candidatesOf(
  model: CountModel,
  { cells }: History,
  { measure, release, threshold }: Pick<Asked, 'measure' | 'release' | 'threshold'>,
  keys: readonly string[],
  targets: ReadonlyMap<string, Target>,
): Candidate[] {
  const before = new Map(
    cells.map(({ key, release: earlier, value }) => [
      signatureOf(model.variablesAt(key, earlier)),
      value,
    ]),
  )
  return keys.map(key => {
    const variables = model.variablesAt(key, release)
    const signature = signatureOf(variables)
    const wasHidden = before.has(signature) && before.get(signature) === undefined
    const sum = variables.map(variable => [variable, 1] as const)
    const tells = !measure.about && smallRemainders(model, key, release, threshold).length > 0
    const hidden = wasHidden || tells || targets.has(signature)
    return { sum, value: model.total(variables), hidden }
  })
}

/** The leaves that are new, or other than at the release before; what is left out counts nobody. */
function newVersions(history: History, asked: Asked): LeafVersion[] {
  const { measure, counts, release } = asked
  const given = new Map(counts.map(count => [keyOf(measure, count.dims), count]))
  const known = new Map(history.versions.map(version => [version.leaf, version]))
  const lists = measure.dimensions.map(dimension =>
    dimension.kind === 'calendar' ? monthsOf(asked.period) : leafCodes(history, asked, dimension),
  )
  const leaves = measure.about ? [...given.keys()] : productOf(lists).map(codes => codes.join('|'))
  return leaves.flatMap(leaf => {
    const count = given.get(leaf)?.count ?? 0
    const withheld = given.get(leaf)?.withheld ?? false
    const last = known.get(leaf)
    if (last?.count === count && last.withheld === withheld) return []
    return [{ leaf, release, count, withheld }]
  })
}

/** The codes of a dimension that a table divides by, without their total. */
function leafCodes(history: History, { measure, counts, within }: Asked, of: Dimension): string[] {
  const only = within[of.name]
  if (only !== undefined) return [only]
  if (of.kind === 'codes' && of.codes) return [...of.codes]
  const at = measure.dimensions.indexOf(of)
  const kept = history.versions.map(({ leaf }) => codesOf(leaf)[at] ?? ALL)
  return [...new Set([...kept, ...counts.map(({ dims }) => dims[of.name] ?? ALL)])].sort()
}

/** The keys of the cells of the table, totals among them. */
function shownKeys(history: History, asked: Asked): string[] {
  const { measure, table, period, within } = asked
  const lists = measure.dimensions.map(dimension => {
    if (!table.dimensions.includes(dimension.name)) return [ALL]
    if (dimension.kind === 'calendar') return codesWithin(period, table.levels)
    const codes = leafCodes(history, asked, dimension)
    const isTotalled = !dimension.apart && within[dimension.name] === undefined
    return isTotalled ? [...codes, ALL] : codes
  })
  return productOf(lists).map(codes => codes.join('|'))
}
