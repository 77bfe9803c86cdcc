import { recordEntry } from '../audit/record.ts'
import type { Actor } from '../audit/types.ts'
import type { Queryable, Tx } from '../db/pool.ts'
import { newId } from '../ids.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import { modalitiesOf, referenceOf } from '../protocol/lookup.ts'
import { monthsOf } from './disclosure/calendar.ts'
import type { Asked } from './disclosure/control.ts'
import { codesOf, dimsOf } from './disclosure/lattice.ts'
import type { History } from './disclosure/model.ts'
import { Exposed } from './disclosure/search.ts'
import { MEASURES, TABLES } from './disclosure/tables.ts'
import {
  type Dims,
  type LeafCount,
  type Measure,
  markOf,
  type ReleasedCell,
} from './disclosure/types.ts'
import { checkAsked, ReleaseError } from './release-asked.ts'
import {
  findRelease,
  insertControlled,
  insertRelease,
  type KeptRelease,
  lockReleases,
  readCells,
  readHistory,
} from './release-store.ts'
import { controlInThread, TookTooLong } from './release-thread.ts'

export {
  ReleaseError,
  type ReleaseFault,
  type Withholding,
  withholdingOf,
} from './release-asked.ts'

/** What is asked to be released. */
export interface ReleaseAsked {
  /** Id of the agreement (protocol or framework), which gives the threshold. */
  protocol: string
  /** Id of a declared table: src/report/disclosure/tables.ts. */
  table: string
  /** The month (`2026-01`), quarter (`2026-Q1`) or year (`2026`) it is about, which has ended. */
  period: string
  /** Only this part: `{ party: 'woonboog' }`. Everything where it is left out. */
  within?: Dims
  /** Id of a party, or a role (`privacy-officer`, `public`) where it goes to no party. */
  recipient: string
  by: Actor
  at: Date
  /**
   * The true counts, each with a code for every dimension of the measure of the table and a month of the
   * period. What is left out counts nobody. Not asked for where the measure is `about`: those are kept.
   */
  counts: readonly LeafCount[]
}

/** A table as it may be shown, to its recipient and to anyone. */
export interface ReleasedTable {
  /** `rel_` and a ULID. */
  releaseId: string
  protocol: string
  table: string
  period: string
  recipient: string
  at: Date
  threshold: number
  /** What to show in a hidden cell: `< 5`. */
  mark: string
  /** Every cell, totals (`all`, quarters, years) among them. */
  cells: ReleasedCell[]
}

const DEFAULT_THRESHOLD = 5
// Above the number of every release there is: its own comes once it is allowed.
const NEXT = Number.MAX_SAFE_INTEGER

/**
 * Releases a declared table of counts under disclosure control, in the caller's transaction: with an entry
 * `counts.released` and, for the audit of later tables, the true cells. Releases of one agreement follow
 * one another, so that two at a time cannot isolate anyone together. Asked again with the same table,
 * period, part and recipient it gives what was released then, whatever the counts are by now.
 * @throws ReleaseError where the table, period or counts are wrong, or no pattern of hidden cells keeps
 *   1 to k - 1 persons from being isolated with what was released before, or it takes too long to find
 */
export async function releaseTable(
  tx: Tx,
  set: ProtocolSet,
  asked: ReleaseAsked,
): Promise<ReleasedTable> {
  const { table, measure } = checkAsked(asked)
  const { protocol, period, within = {}, recipient, at } = asked
  // What is in no total hangs together with nothing before it.
  const isApart = measure.dimensions.some(it => it.kind === 'codes' && it.apart)
  if (!isApart) await lockReleases(tx, protocol)
  const history = isApart ? NOTHING : await readHistory(tx, { protocol, measure: measure.id })
  const same = await findRelease(tx, { protocol, table: table.id, period, within, recipient })
  if (same && !hasNewer(history, measure, { ...asked, within }, same.number)) {
    return tableOf(tx, same, measure)
  }
  const threshold = modalitiesOf(set, protocol)?.countsThreshold ?? DEFAULT_THRESHOLD
  const kept = {
    ...{ id: newId('rel', at), protocol, table: table.id, measure: measure.id, period, within },
    ...{ recipient, threshold, at },
  }
  const { counts } = asked
  const task = { measure, table, period, within, counts, release: NEXT, threshold }
  const controlled = await control(history, task)
  const number = await insertRelease(tx, kept)
  await insertControlled(tx, { number, protocol }, measure, controlled)
  await recordRelease(tx, set, asked, kept, controlled.cells)
  return shape(kept, controlled.cells)
}

const NOTHING: History = { versions: [], cells: [], thresholds: new Map() }

async function control(history: History, task: Asked) {
  try {
    return await controlInThread(history, task)
  } catch (error) {
    const what = `${task.table.id} of ${task.period}`
    if (error instanceof Exposed)
      throw new ReleaseError('isolates', `${what} would isolate someone`)
    if (error instanceof TookTooLong) throw new ReleaseError('too-long', `${what} takes too long`)
    throw error
  }
}

/** Counts that are kept, not given, may have come since: a month whose number was late. */
function hasNewer(
  { versions }: History,
  { about, dimensions }: Measure,
  { period, within = {} }: ReleaseAsked,
  release: number,
): boolean {
  if (!about) return false
  const months = monthsOf(period)
  return versions.some(version => {
    if (version.release <= release) return false
    const codes = codesOf(version.leaf)
    return dimensions.every(({ name, kind }, at) => {
      const code = codes[at] ?? ''
      if (kind === 'calendar') return months.includes(code)
      return within[name] === undefined || within[name] === code
    })
  })
}

async function recordRelease(
  tx: Tx,
  set: ProtocolSet,
  { by, at, period, recipient }: ReleaseAsked,
  { id, protocol, table, within, threshold }: Omit<KeptRelease, 'number'>,
  cells: readonly ReleasedCell[],
): Promise<void> {
  const reference = referenceOf(set, protocol)
  await recordEntry(tx, {
    action: 'counts.released',
    at,
    actor: by,
    recipient,
    ...(reference && { protocol: reference }),
    rule: `threshold ${threshold}`,
    details: { release: id, table, period, within, suppressed: cells.some(({ hidden }) => hidden) },
  })
}

function shape(
  { id, protocol, table, period, recipient, at, threshold }: Omit<KeptRelease, 'number'>,
  cells: ReleasedCell[],
): ReleasedTable {
  const mark = markOf(threshold)
  return { releaseId: id, protocol, table, period, recipient, at, threshold, mark, cells }
}

async function tableOf(db: Queryable, kept: KeptRelease, measure: Measure): Promise<ReleasedTable> {
  const dimensions = TABLES.find(({ id }) => id === kept.table)?.dimensions ?? []
  const cells = await readCells(db, kept.number)
  return shape(
    kept,
    cells.map(({ key, value }): ReleasedCell => {
      const dims = dimsOf(measure, key, dimensions)
      return value === undefined ? { dims, hidden: true } : { dims, hidden: false, value }
    }),
  )
}

/**
 * The newest release of a table, period, part and recipient, for pages: reading it releases nothing.
 * Undefined where there is none.
 */
export async function readRelease(
  db: Queryable,
  asked: Pick<ReleaseAsked, 'protocol' | 'table' | 'period' | 'within' | 'recipient'>,
): Promise<ReleasedTable | undefined> {
  const kept = await findRelease(db, { ...asked, within: asked.within ?? {} })
  const measure = MEASURES.find(({ id }) => id === kept?.measure)
  return kept && measure && tableOf(db, kept, measure)
}
