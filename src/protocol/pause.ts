import type { Signatures } from './document.ts'
import type { ProtocolSet } from './load.ts'
import { accessionOf, agreementOf } from './lookup.ts'

/**
 * How long clocks stood still between two instants, for one party under one agreement: while the
 * agreement or the party's accession was suspended. Milliseconds; overlapping suspensions count once.
 */
export function suspendedBetween(
  set: ProtocolSet,
  agreement: string,
  party: string,
  from: Date,
  until: Date,
): number {
  const records = [agreementOf(set, agreement)?.record, accessionOf(set, agreement, party)?.record]
  const spans = records
    .flatMap(record => record?.suspensions ?? [])
    .map(suspension => clip(suspension, from.getTime(), until.getTime()))
    .filter(([start, end]) => start < end)
    .toSorted(([a], [b]) => a - b)
  let total = 0
  let reached = 0
  for (const [start, end] of spans) {
    total += Math.max(0, end - Math.max(start, reached))
    reached = Math.max(reached, end)
  }
  return total
}

function clip(
  suspension: Signatures['suspensions'][number],
  from: number,
  until: number,
): [number, number] {
  const end = suspension.until === null ? until : Date.parse(suspension.until)
  return [Math.max(Date.parse(suspension.from), from), Math.min(end, until)]
}
