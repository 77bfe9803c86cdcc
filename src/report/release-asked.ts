import { endOf, levelOf, monthsOf } from './disclosure/calendar.ts'
import { keyOf } from './disclosure/lattice.ts'
import { MEASURES, TABLES } from './disclosure/tables.ts'
import type { Dimension, LeafCount, Measure, TableDeclaration } from './disclosure/types.ts'
import type { ReleaseAsked } from './release.ts'

export type ReleaseFault = 'not-declared' | 'not-ended' | 'wrong-counts' | Withholding
/** Why a table that was rightly asked for is not released. */
export type Withholding = 'isolates' | 'too-long'

/** A table of counts that is not released, and why. */
export class ReleaseError extends Error {
  readonly fault: ReleaseFault

  constructor(fault: ReleaseFault, message: string) {
    super(message)
    this.name = 'ReleaseError'
    this.fault = fault
  }
}

/**
 * Why nothing is released, where that is the answer and no mistake of the caller's.
 * @throws whatever else it is given
 */
export function withholdingOf(error: unknown): Withholding {
  const fault = error instanceof ReleaseError ? error.fault : undefined
  if (fault === 'isolates' || fault === 'too-long') return fault
  throw error
}

/**
 * The declared table that is asked for, and its measure.
 * @throws ReleaseError `not-declared`, `not-ended`, `wrong-counts`
 */
export function checkAsked(asked: ReleaseAsked): { table: TableDeclaration; measure: Measure } {
  const table = TABLES.find(({ id }) => id === asked.table)
  const measure = MEASURES.find(({ id }) => id === table?.measure)
  if (!table || !measure) throw new ReleaseError('not-declared', `no table ${asked.table}`)
  const level = levelOf(asked.period)
  if (!level || !table.levels.includes(level)) {
    throw new ReleaseError('not-declared', `${asked.table} has no ${asked.period}`)
  }
  // A request period may be closed before its month is over: then its number is final.
  if (!measure.about && asked.at < endOf(asked.period)) {
    throw new ReleaseError('not-ended', `${asked.period} has not ended`)
  }
  for (const [name, code] of Object.entries(asked.within ?? {})) {
    const dimension = measure.dimensions.find(
      it => it.name === name && table.dimensions.includes(name),
    )
    if (dimension?.kind !== 'codes' || !isCode(dimension, code)) {
      throw new ReleaseError('not-declared', `${asked.table} is not divided by ${name}`)
    }
  }
  checkCounts(measure, asked)
  return { table, measure }
}

function checkCounts(measure: Measure, asked: ReleaseAsked): void {
  const seen = new Set<string>()
  for (const leaf of asked.counts) {
    const key = keyOf(measure, leaf.dims)
    if (seen.has(key) || !fits(measure, asked, leaf)) {
      throw new ReleaseError('wrong-counts', `no count of ${asked.period}, or twice`)
    }
    seen.add(key)
  }
}

function fits({ dimensions }: Measure, asked: ReleaseAsked, { dims, count }: LeafCount): boolean {
  const months = monthsOf(asked.period)
  return (
    Number.isSafeInteger(count) &&
    count >= 0 &&
    Object.keys(dims).length === dimensions.length &&
    Object.entries(asked.within ?? {}).every(([name, code]) => dims[name] === code) &&
    dimensions.every(dimension => {
      const code = dims[dimension.name]
      if (dimension.kind === 'calendar') return code !== undefined && months.includes(code)
      return code !== undefined && isCode(dimension, code)
    })
  )
}

const OPEN_CODE = /^[A-Za-z0-9._-]{1,64}$/

function isCode(dimension: Dimension & { kind: 'codes' }, code: string): boolean {
  return dimension.codes?.includes(code) ?? (OPEN_CODE.test(code) && code !== 'all')
}
