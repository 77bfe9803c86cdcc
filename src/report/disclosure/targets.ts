import { codesOf, type LatticeCell } from './lattice.ts'
import type { CountModel, History } from './model.ts'
import { differenceOf, negate, type Sum, sumAt } from './system.ts'
import { ALL } from './types.ts'

/** A sum that nobody may calculate: its least and largest value must be at least so far apart. */
export interface Target {
  sum: Sum
  /** What the sum really is; not below zero. */
  value: number
  apart: number
}

/** How a cell was at a release. */
interface State {
  variables: readonly number[]
  value: number
  threshold: number
  release: number
}

/**
 * Everything that has to stay hidden, by the variables it is the sum of: cells of 1 to k - 1 at every level,
 * whether a table shows them or not; the zeros beside a code that all persons of a group have; and the 1 to
 * k - 1 by which a cell differs from what it was at an earlier release. Where the counts are about, only what
 * was withheld.
 * @param now number of the release that is asked for, in `history.thresholds`
 */
export function targetsOf(model: CountModel, history: History, now: number): Map<string, Target> {
  const targets = new Map<string, Target>()
  if (model.measure.about) {
    model.versions.forEach(({ withheld, count }, variable) => {
      const apart = thresholdAt(model, history, [variable])
      if (withheld) targets.set(`${variable}`, { sum: [[variable, 1]], value: count, apart })
    })
    return targets
  }
  const shown = releasesByCell(history)
  for (const cell of model.cells.values()) {
    const states = statesOf(model, history, cell, [...(shown.get(cell.key) ?? []), now])
    for (const state of states) addCell(targets, model, cell, state)
    for (const [at, later] of states.entries()) {
      for (const earlier of states.slice(0, at)) {
        addDifferences(targets, model, cell, [later, earlier])
      }
    }
  }
  return targets
}

/** What tells apart two sums of variables. */
export function signatureOf(variables: readonly number[]): string {
  return [...variables].sort((a, b) => a - b).join()
}

function releasesByCell({ cells }: History): Map<string, number[]> {
  const releases = new Map<string, number[]>()
  for (const { key, release } of cells) {
    const known = releases.get(key)
    if (known) known.push(release)
    else releases.set(key, [release])
  }
  return releases
}

/** The different ways in which a cell was released, and is now. */
function statesOf(
  model: CountModel,
  history: History,
  { key }: LatticeCell,
  releases: readonly number[],
): State[] {
  const states = new Map<string, State>()
  for (const release of [...new Set(releases)].sort((a, b) => a - b)) {
    const variables = model.variablesAt(key, release)
    const signature = signatureOf(variables)
    if (variables.length === 0 || states.has(signature)) continue
    const threshold = model.thresholdOf(key, thresholdAt(model, history, variables))
    states.set(signature, { variables, value: model.total(variables), threshold, release })
  }
  return [...states.values()]
}

// What was released under a lower threshold is out: a sum has that of the newest count in it.
function thresholdAt(
  { versions }: CountModel,
  { thresholds }: History,
  variables: readonly number[],
): number {
  const newest = Math.max(...variables.map(variable => versions[variable]?.release ?? 0))
  return thresholds.get(newest) ?? 1
}

function addCell(
  targets: Map<string, Target>,
  model: CountModel,
  cell: LatticeCell,
  { variables, value, threshold, release }: State,
): void {
  if (value > 0 && value < threshold) add(targets, variables, value, threshold)
  if (value === 0) return
  for (const rest of smallRemainders(model, cell.key, release, threshold)) {
    add(targets, rest, model.total(rest), threshold)
  }
  for (const zeros of zerosBeside(model, cell, release)) add(targets, zeros, 0, threshold)
}

/**
 * Where a total over all parties is but for 1 to k - 1 that of one of them, who knows its own counts: the
 * variables of the others together.
 */
export function smallRemainders(
  model: CountModel,
  key: string,
  release: number,
  threshold: number,
): number[][] {
  return [...othersOf(model, key, model.variablesAt(key, release)).values()].filter(rest => {
    const value = model.total(rest)
    return value > 0 && value < threshold
  })
}

/** The counts of a total over all parties without those of one, for each of them. */
function othersOf(
  model: CountModel,
  key: string,
  variables: readonly number[],
): Map<string, number[]> {
  const codes = codesOf(key)
  const others = model.measure.dimensions.flatMap((dimension, at) => {
    if (dimension.kind !== 'codes' || dimension.codes || codes[at] !== ALL) return []
    const codeOf = (variable: number) => codesOf(model.versions[variable]?.leaf ?? '')[at] ?? ALL
    const byCode = variables.map(variable => [codeOf(variable), variable] as const)
    return [...new Set(byCode.map(([code]) => code))].map(
      code =>
        [code, byCode.flatMap(([its, variable]) => (its === code ? [] : [variable]))] as const,
    )
  })
  return new Map(others)
}

/**
 * The counts of each party by itself: it knows its own. None where the counts are about, for nobody knows those,
 * nor where there is one party alone.
 */
export function insidersOf({ measure, versions }: CountModel): number[][] {
  if (measure.about) return []
  return measure.dimensions.flatMap((dimension, at) => {
    if (dimension.kind !== 'codes' || dimension.codes) return []
    const groups = Map.groupBy(versions.keys(), it => codesOf(versions[it]?.leaf ?? '')[at])
    return groups.size > 1 ? [...groups.values()] : []
  })
}

function add(
  targets: Map<string, Target>,
  variables: readonly number[],
  value: number,
  threshold: number,
): void {
  const signature = signatureOf(variables)
  const apart = Math.max(threshold, targets.get(signature)?.apart ?? 0)
  const sum = variables.map(variable => [variable, 1] as const)
  targets.set(signature, { sum, value, apart })
}

/** By how much a cell changed; and, for who knows its own counts, those of the others together. */
function addDifferences(
  targets: Map<string, Target>,
  model: CountModel,
  { key }: LatticeCell,
  [later, earlier]: readonly [State, State],
): void {
  addDifference(targets, model, later, earlier)
  const before = othersOf(model, key, earlier.variables)
  for (const [party, variables] of othersOf(model, key, later.variables)) {
    const was = before.get(party) ?? []
    if (was.length === 0 || variables.length === 0) continue
    const [now, then] = [variables, was].map(those => {
      return { ...later, variables: those, value: model.total(those) }
    })
    if (now && then) addDifference(targets, model, now, then)
  }
}

function addDifference(
  targets: Map<string, Target>,
  model: CountModel,
  later: State,
  earlier: State,
): void {
  const difference = later.value - earlier.value
  if (difference === 0 || Math.abs(difference) >= later.threshold) return
  const apart = differenceOf(later.variables, earlier.variables)
  const sum = difference > 0 ? apart : negate(apart)
  const key = `${signatureOf(later.variables)} less ${signatureOf(earlier.variables)}`
  targets.set(key, { sum, value: Math.abs(difference), apart: later.threshold })
  if (sumAt(sum, truthOf(model)) !== Math.abs(difference)) throw new Error('a sum that is wrong')
}

/** The true counts, by variable. */
export function truthOf(model: CountModel): number[] {
  return model.versions.map(({ count }) => count)
}

/**
 * Where all persons of a group have one code of an attribute, each of them is known to have it, unless the
 * others together might be some: the variables of those.
 */
function zerosBeside(model: CountModel, { key }: LatticeCell, release: number): number[][] {
  const codes = codesOf(key)
  return model.measure.dimensions.flatMap((dimension, at) => {
    if (dimension.kind !== 'codes' || !dimension.attribute || codes[at] !== ALL) return []
    const children = (dimension.codes ?? []).map(code =>
      model.variablesAt(codes.with(at, code).join('|'), release),
    )
    const zeros = children.filter(variables => model.total(variables) === 0)
    return zeros.length === children.length - 1 && zeros.length > 0 ? [zeros.flat()] : []
  })
}
