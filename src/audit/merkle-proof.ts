import { AuditError } from './errors.ts'
import { HASH_BYTES, nodeHash, type Range, splitPoint } from './merkle.ts'

/**
 * The ranges whose roots are the inclusion proof of a leaf, leaf's sibling first (RFC 6962, 2.1.1).
 * @throws AuditError `range-outside-tree` unless 0 <= index < size
 */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!isWithin(index, size - 1))
    throw new AuditError('range-outside-tree', `entry ${index} is not in a tree of ${size}`)
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      ranges.unshift({ start: middle, end })
      end = middle
    } else {
      ranges.unshift({ start, end: middle })
      start = middle
    }
  }
  return ranges
}

/**
 * The ranges whose roots are the proof that a tree of `from` leaves is the beginning of one of `to`
 * (RFC 6962, 2.1.2). Empty where one of them is empty or they are equal.
 * @throws AuditError `range-outside-tree` unless 0 <= from <= to
 */
export function consistencyRanges(from: number, to: number): Range[] {
  if (!isWithin(from, to))
    throw new AuditError('range-outside-tree', `a tree of ${to} does not begin with ${from}`)
  if (from === 0 || from === to) return []
  const ranges: Range[] = []
  let start = 0
  let end = to
  while (from < end) {
    const middle = start + splitPoint(end - start)
    if (from <= middle) {
      ranges.unshift({ start: middle, end })
      end = middle
    } else {
      ranges.unshift({ start, end: middle })
      start = middle
    }
  }
  // The old tree itself need not be in the proof where it is a subtree from the first leaf on.
  if (start > 0) ranges.unshift({ start, end })
  return ranges
}

/** What an inclusion proof claims. Everything but `leaf` may come from an untrusted source. */
export interface InclusionClaim {
  leaf: Uint8Array
  index: number
  size: number
  proof: readonly Uint8Array[]
  root: Uint8Array
}

/**
 * Checks that the leaf is at `index` in the tree of `size` with this root (RFC 9162, 2.1.3.2).
 * @throws AuditError `proof-wrong`
 */
export function assertIncluded({ leaf, index, size, proof, root }: InclusionClaim): void {
  if (!isWithin(index, size - 1) || !areHashes([leaf, root, ...proof])) throw wrong()
  const ranges = inclusionRanges(index, size)
  if (ranges.length !== proof.length) throw wrong()
  let node = leaf
  ranges.forEach((range, i) => {
    const sibling = proof[i]!
    node = range.start > index ? nodeHash(node, sibling) : nodeHash(sibling, node)
  })
  assertSame(node, root)
}

/** What a consistency proof claims. */
export interface ConsistencyClaim {
  from: number
  fromRoot: Uint8Array
  to: number
  toRoot: Uint8Array
  proof: readonly Uint8Array[]
}

/**
 * Checks that the tree of `from` leaves is the beginning of the tree of `to` (RFC 9162, 2.1.4.2).
 * From the empty tree every tree grows, with an empty proof.
 * @throws AuditError `proof-wrong`
 */
export function assertConsistent({ from, fromRoot, to, toRoot, proof }: ConsistencyClaim): void {
  if (!isWithin(from, to) || !areHashes([fromRoot, toRoot, ...proof])) throw wrong()
  const ranges = consistencyRanges(from, to)
  if (ranges.length !== proof.length) throw wrong()
  if (from === to) assertSame(fromRoot, toRoot)
  if (from === to || from === 0) return
  // The first range begins the old tree, or the old root stands in for it.
  const inside = ranges[0]!.end <= from
  let old = inside ? proof[0]! : fromRoot
  let now = old
  for (let i = inside ? 1 : 0; i < ranges.length; i++) {
    const sibling = proof[i]!
    if (ranges[i]!.start >= from) {
      now = nodeHash(now, sibling)
    } else {
      old = nodeHash(sibling, old)
      now = nodeHash(sibling, now)
    }
  }
  assertSame(old, fromRoot)
  assertSame(now, toRoot)
}

function assertSame(computed: Uint8Array, claimed: Uint8Array): void {
  if (Buffer.compare(computed, claimed) !== 0) throw wrong()
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every(value => value.length === HASH_BYTES)
}

function isWithin(value: number, end: number): boolean {
  return Number.isSafeInteger(value) && Number.isSafeInteger(end) && value >= 0 && value <= end
}

function wrong(): AuditError {
  return new AuditError('proof-wrong', 'the proof does not fit')
}
