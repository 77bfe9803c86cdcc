import type { Signatures } from './document.ts'
import type { ProtocolSet } from './load.ts'
import { accessionOf, agreementOf } from './lookup.ts'

/** A span in which clocks stood still, in milliseconds since 1970; without an end while it lasts. */
export interface Pause {
  from: number
  until: number
}

/**
 * When clocks stood still for one party under one agreement: while the agreement or the party's
 * accession was suspended. In order, none overlapping another.
 */
export function pausesOf(set: ProtocolSet, agreement: string, party: string): Pause[] {
  const records = [agreementOf(set, agreement)?.record, accessionOf(set, agreement, party)?.record]
  const spans = records
    .flatMap(record => record?.suspensions ?? [])
    .map(toPause)
    .toSorted((a, b) => a.from - b.from)
  const pauses: Pause[] = []
  for (const { from, until } of spans) {
    const last = pauses.at(-1)
    if (last && from <= last.until) last.until = Math.max(last.until, until)
    else if (from < until) pauses.push({ from, until })
  }
  return pauses
}

/**
 * How long clocks stood still between two instants, for one party under one agreement. Milliseconds;
 * overlapping suspensions count once.
 */
export function suspendedBetween(
  set: ProtocolSet,
  agreement: string,
  party: string,
  from: Date,
  until: Date,
): number {
  return pausesOf(set, agreement, party)
    .map(pause => Math.min(pause.until, until.getTime()) - Math.max(pause.from, from.getTime()))
    .filter(length => length > 0)
    .reduce((total, length) => total + length, 0)
}

function toPause({ from, until }: Signatures['suspensions'][number]): Pause {
  return {
    from: Date.parse(from),
    until: until === null ? Number.POSITIVE_INFINITY : Date.parse(until),
  }
}
