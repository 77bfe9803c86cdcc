import type { Actor } from '../audit/types.ts'
import type { Tx } from '../db/pool.ts'
import type { ProtocolSet } from '../protocol/load.ts'
import type { Dims, LeafCount, ReleasedCell } from './disclosure/types.ts'

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

/**
 * Releases a declared table of counts under disclosure control, in the caller's transaction: with an entry
 * `counts.released` and, for the audit of later tables, the true cells. Releases of one agreement follow
 * one another, so that two at a time cannot isolate anyone together. Asked again with the same table,
 * period, part and recipient it gives what was released then, whatever the counts are by now.
 * @throws ReleaseError where the table, period or counts are wrong, or no pattern of hidden cells keeps
 *   1 to k - 1 persons from being isolated with what was released before
 */
export async function releaseTable(
  tx: Tx,
  set: ProtocolSet,
  asked: ReleaseAsked,
): Promise<ReleasedTable> {
  throw new ReleaseError('not-declared', `${tx === undefined} ${set.protocols.size} ${asked.table}`)
}

export type ReleaseFault = 'not-declared' | 'not-ended' | 'wrong-counts' | 'isolates'

/** A table of counts that is not released, and why. */
export class ReleaseError extends Error {
  readonly fault: ReleaseFault

  constructor(fault: ReleaseFault, message: string) {
    super(message)
    this.name = 'ReleaseError'
    this.fault = fault
  }
}
