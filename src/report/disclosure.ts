/** A count as it may be published; `found` is absent where it is suppressed. */
export interface ReleasedCount {
  found: number | undefined
  suppressed: boolean
}

/** How one release differs from the one before it, in distinct people. */
export interface Overlap {
  /** People in this release that were not in the previous one. */
  added: number
  /** People in the previous release that are not in this one. */
  removed: number
}

/**
 * Disclosure control for one count over a group (pure). Suppressed where the count or its complement
 * is below the threshold, so that a small group, "none" and "all" look the same; and where the
 * difference with the previous release isolates fewer people than the threshold. What is released
 * is rounded to a multiple of the threshold, so that one person seldom shows and never for certain
 * to who does not know all the others (see docs/adr/0004-counts.md).
 * @param found people found, of `tenants` distinct people
 * @param threshold k, at least 1: the protocol's countsThreshold
 */
export function releaseCount(
  found: number,
  tenants: number,
  threshold: number,
  overlap?: Overlap,
): ReleasedCount {
  const tooFew = found < threshold || tenants - found < threshold
  if (tooFew || (overlap && isolates(overlap, threshold)))
    return { found: undefined, suppressed: true }
  return { found: Math.round(found / threshold) * threshold, suppressed: false }
}

function isolates(overlap: Overlap, threshold: number): boolean {
  return [overlap.added, overlap.removed].some(people => people > 0 && people < threshold)
}
